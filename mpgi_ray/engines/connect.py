"""From an engine's settings to the engine, and the tests that it accepts what it will be sent."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
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


async def check_text(engine: Engine, sampling: Mapping[str, Any]) -> None:
    """Prove that a model that is shown no pictures takes requests with the sampling of a stage.

    Raises:
        EngineError: there is no answer.
        RecipeError: ``sampling`` holds an unknown name.
    """
    prompt = Prompt(name="text check", text="Say yes.", seed=_NOBODY, sampling=_short(sampling))
    (reply,) = await engine.reply([prompt])
    _answered(engine, reply)


async def check_picture(
    engine: Engine, sampling: Mapping[str, Any] | None = None, shown: Sequence[str] = ()
) -> None:
    """Prove that pictures reach a model: a prompt with one must cost it more tokens than without.

    A server or a chat template that drops the picture answers all the same, from nothing.

    Args:
        sampling: of the recipe, so that a parameter that the engine refuses is found before any sample is.
        shown: the perspectives that show a picture, for the error.

    Raises:
        EngineError: the token counts say that the picture does not arrive, or there is no answer at all.
        RecipeError: ``sampling`` holds an unknown name.
    """
    sink = io.BytesIO()
    Image.linear_gradient("L").resize((224, 224)).convert("RGB").save(sink, "PNG")
    question = Prompt(
        name="picture check",
        text="Describe this image in one word.",
        seed=_NOBODY,
        sampling=_short(sampling or {}),
    )
    (without,) = await engine.reply([question])
    _answered(engine, without)
    (with_picture,) = await engine.reply([replace(question, picture=decode(sink.getvalue()))])
    instead = f" in place of {', '.join(shown)}" if shown else ""
    mend = f"name a multimodal model, or prompts that do without (picture: false){instead}"
    if with_picture.fault:
        raise EngineError(f"{engine.model} takes no picture ({with_picture.fault}): {mend}")
    if not without.prompt_tokens:
        raise EngineError(
            f"{engine.model} reports no prompt tokens, so nothing shows whether it gets the picture: "
            "use an endpoint that fills `usage`"
        )
    if with_picture.prompt_tokens <= without.prompt_tokens:
        raise EngineError(
            f"the picture does not reach {engine.model}: a prompt costs {without.prompt_tokens} tokens "
            f"without it and {with_picture.prompt_tokens} with it; is this a multimodal model, and does its "
            f"chat template place images? If not, {mend}"
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


def _short(sampling: Mapping[str, Any]) -> dict[str, Any]:
    """The same for an answer of one token."""
    least = {"min_tokens": 1} if "min_tokens" in sampling else {}  # more than max_tokens would be refused
    return {**sampling, "max_tokens": 1, **least}


def _answered(engine: Engine, reply: Reply) -> None:
    if reply.fault:
        raise EngineError(f"{engine.model} does not answer a first prompt: {reply.fault}")
