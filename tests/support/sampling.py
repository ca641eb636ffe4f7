"""An engine that answers differently each time, as a model that samples does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.template.engine import TemplateEngine


class Sampling(TemplateEngine):
    """The texts of the template engine, each with a word that comes once."""

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        return [
            _varied(prompt, reply)
            for prompt, reply in zip(prompts, await super().reply(prompts), strict=True)
        ]


def _varied(prompt: Prompt, reply: Reply) -> Reply:
    word = uuid.uuid4().hex[:8]
    if prompt.schema:
        return replace(reply, text=reply.text.replace('"short": "', f'"short": "{word} '))
    return replace(reply, text=f"{reply.text} {word}.")


def connect(settings: EngineSettings) -> Sampling:
    return Sampling()
