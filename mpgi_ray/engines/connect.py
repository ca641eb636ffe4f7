"""From an engine's settings to the engine, and the tests that it accepts what it will be sent."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from PIL import Image

from mpgi_ray.data.image import decode
from mpgi_ray.engines.base import Engine, EngineError, Prompt, Reply
from mpgi_ray.engines.settings import EngineSettings

_NOBODY = "0" * 64  # the seed of a prompt about no sample


def connect(settings: EngineSettings) -> Engine:
    """Start an engine; runs in the replica that will use it.

    Raises:
        EngineError: it cannot be started.
        ResourceError: a package that it needs is not installed.
    """
    return settings.start()


async def check_picture(engine: Engine, sampling: Mapping[str, Any] | None = None) -> None:
    """Prove that pictures reach a model: a prompt with one must cost it more tokens than without.

    A server or a chat template that drops the picture answers all the same, from nothing.

    Args:
        sampling: of the recipe, so that a parameter that the engine refuses is found before any sample is.

    Raises:
        EngineError: the token counts say that the picture does not arrive, or there is no answer at all.
        RecipeError: ``sampling`` holds an unknown name.
    """
    sink = io.BytesIO()
    Image.linear_gradient("L").resize((224, 224)).convert("RGB").save(sink, "PNG")
    short = {**(sampling or {}), "max_tokens": 1}
    if "min_tokens" in short:
        short["min_tokens"] = 1  # more than max_tokens would be refused
    question = Prompt(
        name="picture check", text="Describe this image in one word.", seed=_NOBODY, sampling=short
    )
    shown = Prompt(
        name=question.name,
        text=question.text,
        seed=question.seed,
        picture=decode(sink.getvalue()),
        sampling=question.sampling,
    )
    (without,) = await engine.reply([question])
    (with_picture,) = await engine.reply([shown])
    for reply in (without, with_picture):
        _answered(engine, reply)
    if not without.prompt_tokens:
        raise EngineError(
            f"{engine.model} reports no prompt tokens, so nothing shows whether it gets the picture: "
            "use an endpoint that fills `usage`"
        )
    if with_picture.prompt_tokens <= without.prompt_tokens:
        raise EngineError(
            f"the picture does not reach {engine.model}: a prompt costs {without.prompt_tokens} tokens "
            f"without it and {with_picture.prompt_tokens} with it; is this a multimodal model, and does its "
            "chat template place images?"
        )


async def check_json(engine: Engine, sampling: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Prove that a model takes requests for JSON with the sampling of a stage; any answer will do.

    Args:
        sampling: of the recipe, as samples will have it: an endpoint may refuse JSON that is cut off.
        schema: of the reply, an object.

    Raises:
        EngineError: the engine refuses the request.
        RecipeError: ``sampling`` holds an unknown name.
    """
    example = json.dumps(dict.fromkeys(schema["properties"], "ready"))
    text = f"Reply with this JSON object: {example}"
    prompt = Prompt(name="JSON check", text=text, seed=_NOBODY, schema=schema, sampling=sampling)
    (reply,) = await engine.reply([prompt])
    _answered(engine, reply)


def _answered(engine: Engine, reply: Reply) -> None:
    if reply.fault:
        raise EngineError(f"{engine.model} does not answer a first prompt: {reply.fault}")
