"""A reply that has to be a JSON object of texts."""

from __future__ import annotations

import json

from pydantic import BaseModel, ValidationError

from mpgi_ray.engines.base import Fault

_LENIENT = json.JSONDecoder(strict=False)  # models write line breaks into strings


def parse_json(reply: str, model: type[BaseModel]) -> dict[str, str] | Fault:
    """The texts of a reply by name, or why there are none; a code fence around it is accepted.

    Args:
        model: as `prompts.reply.reply_model` makes it.
    """
    body = reply.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        values = _LENIENT.decode(body)
    except (ValueError, RecursionError) as error:
        return Fault("schema", f"no JSON object ({error}), expected one {_keys(model)}")
    try:
        return model.model_validate(values).model_dump(by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    found = "nothing" if first["type"] == "missing" else type(first["input"]).__name__
    if not first["loc"]:
        return Fault("schema", f"a {found}, expected a JSON object {_keys(model)}")
    return Fault("schema", f"{found} under {first['loc'][0]!r}, expected a text")


def _keys(model: type[BaseModel]) -> str:
    return f"with the keys {', '.join(str(field.alias) for field in model.model_fields.values())}"
