"""What the template engine writes of a picture."""

from __future__ import annotations

import asyncio
import json

from PIL import Image

from mpgi_ray import prompts
from mpgi_ray.data.image import Picture
from mpgi_ray.engines.base import Prompt
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.rules import Facts

STAGE_1 = ("objects", "layout", "scene", "attributes")
STAGE_2 = ("short", "long")
INTEGRATE = prompts.load("integrate")


def ask(*asked: Prompt) -> list[str]:
    return [reply.text for reply in asyncio.run(TemplateEngine().reply(asked))]


def six_texts(facts: Facts, image: Image.Image, seed: str = "s") -> dict[str, str]:
    """As the two stages ask: free perspectives see no facts, integration sees no picture."""
    picture = Picture(b"", image)
    relay = ("objects", "layout")
    first = ask(*(Prompt(n, "", seed, picture, facts if n in relay else None) for n in STAGE_1))
    sources = dict(zip(STAGE_1, first, strict=True))
    return sources | dict(zip(STAGE_2, merged(facts, sources, seed), strict=True))


def merged(facts: Facts, sources: dict[str, str], seed: str = "s") -> list[str]:
    """The short and the long text."""
    (reply,) = ask(Prompt("integrate", "", seed, facts=facts, sources=sources, schema=INTEGRATE.schema))
    texts = json.loads(reply)
    return [texts[name] for name in STAGE_2]
