"""A prompt as the body of an OpenAI-compatible chat request."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from mpgi_ray.data.image import Picture
from mpgi_ray.engines.base import Prompt

LEVELS = ("json_schema", "json_object", "text")  # response formats, the strictest first
_SCHEMA, _JSON, _FREE = LEVELS
_MEDIA = {"jpg": "jpeg", "png": "png"}


def messages(prompt: Prompt, picture_url: str | None) -> list[Mapping[str, Any]]:
    """The system text, then the picture before the text. Without a picture, the text alone is a string."""
    content: str | list[Mapping[str, Any]] = prompt.text
    if picture_url is not None:
        content = [
            {"type": "image_url", "image_url": {"url": picture_url}},
            {"type": "text", "text": prompt.text},
        ]
    user = {"role": "user", "content": content}
    return [{"role": "system", "content": prompt.system}, user] if prompt.system else [user]


def response_format(prompt: Prompt) -> dict[str, dict[str, Any]]:
    """By level, what asks for it in the body."""
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", prompt.name)[:64]  # what OpenAI allows
    schema = {"name": name, "schema": dict(prompt.schema or {}), "strict": True}
    full = {"type": _SCHEMA, _SCHEMA: schema}
    return {_SCHEMA: {"response_format": full}, _JSON: {"response_format": {"type": _JSON}}, _FREE: {}}


def data_url(picture: Picture) -> str:
    """The picture as JPEG or PNG in a URL."""
    data = base64.b64encode(picture.encoded()).decode()
    return f"data:image/{_MEDIA[picture.suffix]};base64,{data}"
