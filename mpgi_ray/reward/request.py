"""A request for rewards in the JSON of ScoreRS' endpoint: what it holds, and why one is refused.

Nothing here knows of a server. A request is told apart from its faults before a scorer sees it, so that what
reaches a batch has a picture of a known size and texts that are texts.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from mpgi_ray.data.image import ImageError, decode, read_size
from mpgi_ray.data.text import JsonError, clean_name, clean_text, decode_json, shortened
from mpgi_ray.errors import MpgiError

MAX_BODY = 16 << 20  # bytes
MAX_PIXELS = 25_000_000  # 75 MB of memory once they are decoded
MAX_RATIO = 200  # of the sides: a model scales the shorter one to its own size
MAX_COMPLETIONS = 64
MAX_CHARACTERS = 8_000  # of a text
_PAIR = ("completion1", "completion2")
_FIELDS = ("model", "problem_description", "image_data", "completions", *_PAIR)


class RequestError(MpgiError):
    """A request that is refused.

    Attributes:
        status: of HTTP, 4xx.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        model: as the client calls it; None if it does not say.
        question: empty if there is none.
        picture: the bytes of an image file whose header was read; None if it is about none.
    """

    model: str | None
    question: str
    picture: bytes | None
    completions: tuple[str, ...]


def require_length(length: int) -> None:
    """Hold the bytes of a body against the limit, before they are read and while they come.

    Raises:
        RequestError: there are too many.
    """
    if length > MAX_BODY:
        raise RequestError(
            f"the body has {length:,} bytes or more, expected at most {MAX_BODY:,}: send a smaller picture",
            413,
        )


def parse_request(body: bytes, *, needs_picture: bool = True) -> Request:
    """The request of a body.

    Args:
        needs_picture: whether one without a picture is refused.

    Raises:
        RequestError: it is not one; the message names the field, what was expected and the fix.
    """
    try:
        told = decode_json(body)
    except JsonError as error:
        raise RequestError(f"the body is not JSON ({error}): expected an object of {_listed()}") from error
    if not isinstance(told, dict):
        raise RequestError(f"the body holds {_kind(told)}: expected an object of {_listed()}")
    for name in told:
        if name not in _FIELDS:
            raise RequestError(f"unknown field {clean_name(shortened(name, 80))!r}: expected {_listed()}")
    model, question = told.get("model"), told.get("problem_description")
    return Request(
        None if model is None else _text(model, "model"),
        "" if question is None else _text(question, "problem_description"),
        _picture(told.get("image_data"), needs_picture),
        _completions(told),
    )


def opened(picture: bytes) -> Image.Image:
    """The picture of a request, decoded: 8-bit RGB.

    Raises:
        RequestError: it cannot be decoded.
    """
    try:
        return decode(picture).pixels
    except ImageError as error:
        raise RequestError(f"image_data: {error}") from error


def answer(request: Request, served: str, scores: Sequence[float]) -> dict[str, Any]:
    """What a request is answered with.

    Args:
        served: the name of what is served, for a request that names no model.
        scores: of its completions, in order.
    """
    given = [
        {"completion_id": f"completion{number}", "score": score} for number, score in enumerate(scores, 1)
    ]
    return {"model": served if request.model is None else request.model, "scores": given}


def _completions(told: Mapping[str, Any]) -> tuple[str, ...]:
    pair = [name for name in _PAIR if name in told]
    if "completions" not in told:
        for name in _PAIR:
            if name not in told:
                raise RequestError(
                    f"{name} is missing: expected {' and '.join(_PAIR)}, or a list completions"
                )
        return tuple(_completion(told[name], name) for name in _PAIR)
    if pair:
        raise RequestError(
            f"completions and {pair[0]} are both given: expected one form, leave out the other"
        )
    given = told["completions"]
    if not isinstance(given, list):
        raise RequestError(f"completions is {_kind(given)}: expected a list of texts")
    if not 0 < len(given) <= MAX_COMPLETIONS:
        raise RequestError(
            f"completions has {len(given):,} texts: expected 1 to {MAX_COMPLETIONS}; send several requests"
        )
    return tuple(_completion(one, f"completions[{place}]") for place, one in enumerate(given))


def _completion(value: Any, name: str) -> str:
    text = _text(value, name)
    if not text.strip():
        raise RequestError(f"{name} is empty: expected a text to score")
    return text


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise RequestError(f"{name} is {_kind(value)}: expected a text")
    if len(value) > MAX_CHARACTERS:
        raise RequestError(
            f"{name} has {len(value):,} characters: expected at most {MAX_CHARACTERS:,}; send a shorter text"
        )
    try:
        return clean_text(value)
    except ValueError as error:
        raise RequestError(f"{name}: {error}") from error


def _picture(value: Any, needed: bool) -> bytes | None:
    if value is None and not needed:
        return None
    if value is None:
        raise RequestError(
            "image_data is missing or null: a scorer looks at a picture; send it as data:image/png;base64,…"
        )
    if not isinstance(value, str):
        raise RequestError(f"image_data is {_kind(value)}: expected a text data:image/png;base64,…")
    head, comma, payload = value.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise RequestError(
            f"image_data begins with {clean_name(value[:30])!r}: expected data:image/png;base64,…; send the "
            "picture itself, addresses and paths are not fetched"
        )
    try:
        data = b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:  # the latter of letters beyond ASCII
        raise RequestError(
            f"image_data is not base64 ({error}): encode the bytes of an image file"
        ) from error
    try:
        width, height = read_size(data)
    except ImageError as error:
        raise RequestError(f"image_data: {error}") from error
    if width * height > MAX_PIXELS or max(width, height) > MAX_RATIO * min(width, height):
        raise RequestError(
            f"image_data has {width:,}×{height:,} pixels: expected at most {MAX_PIXELS:,}, and sides of "
            f"which one is at most {MAX_RATIO} times the other; cut a window of it"
        )
    return data


def _listed() -> str:
    return f"{', '.join(_FIELDS[:-1])} and {_FIELDS[-1]}"


def _kind(value: Any) -> str:
    """What JSON calls a value; never the value, which may be long."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
    return "an object"
