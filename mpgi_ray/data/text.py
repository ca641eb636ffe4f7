r"""Text from outside, by one rule, so that whatever is kept can be written as JSON, Parquet and CSV.

What says nothing is left out of a text: a byte-order mark goes, a control character (NUL among them, tab and
line breaks not) counts as a space. What is not text at all, bytes that are not UTF-8 and halves of surrogate
pairs, is refused, because nobody knows what it said.

A name only has to tell things apart, so there all of these become escapes such as ``\xff``, and two names
stay two. Text and names without any of these stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any

from pydantic import AfterValidator

from mpgi_ray.errors import InputError

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ODD = re.compile(rf"{_CONTROL.pattern}|\ufeff")
_ODD_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")


def clean_text(text: str) -> str:
    """A text by this module's rule.

    Raises:
        ValueError: it holds half of a surrogate pair.
    """
    if text.isprintable():  # as most are: none of these characters is
        return text
    if half := _SURROGATE.search(text):
        raise ValueError(
            f"the text {text[:40]!r} holds {half[0]!r}, half of a character, at position {half.start()}: "
            "expected text that can be written as UTF-8"
        )
    return text if _ODD.search(text) is None else _CONTROL.sub(" ", text.replace("\ufeff", "")).strip()


Text = Annotated[str, AfterValidator(clean_text)]  # of a record


def clean_name(name: str) -> str:
    """A name, or a message that may quote one, by this module's rule; in one line."""
    return name if name.isprintable() else _ODD_IN_NAMES.sub(_escape, name)


def text_hash(text: str) -> int:
    """What tells a text from one that was written anew: blake2b of 8 bytes of its UTF-8, little-endian."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def shortened(text: str, most: int) -> str:
    """The beginning and the end of a text that is longer, as a message says something at both."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[3 - most // 2 :]}"


def decode_text(data: bytes, what: str) -> str:
    """The text of a file or member without its byte-order mark; `clean_text` is for what is taken from it.

    Args:
        what: names it in the message, such as ``.txt``.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the {what} is not UTF-8 (byte {error.start + 1}): save it as UTF-8") from error


class JsonError(ValueError):
    """A text that is not JSON."""


def decode_json(data: bytes | str) -> Any:
    """What a file or line of JSON holds.

    Raises:
        JsonError: it is not JSON; the message tells where, or which limit it exceeds, in one line.
    """
    try:
        return json.loads(data)
    except UnicodeDecodeError as error:
        raise JsonError(f"it is not UTF-8 (byte {error.start + 1}): save it as UTF-8") from error
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise JsonError(str(error)) from error
    except ValueError:  # Python reads no integers beyond a limit
        raise JsonError("it holds a number of thousands of digits") from None


def json_object(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object that a file holds.

    Args:
        where: names it in the message.

    Raises:
        InputError: it holds something else.
    """
    try:
        content = decode_json(data)
    except ValueError as error:
        raise InputError(f"{where} is not valid JSON ({error}); restore or delete it") from error
    if not isinstance(content, dict):
        raise InputError(
            f"{where} holds a {type(content).__name__}, expected a JSON object; restore or delete it"
        )
    return content


def _escape(odd: re.Match[str]) -> str:
    code = ord(odd[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as Python carries it in names
        return f"\\x{code - 0xDC00:02x}"
    return odd[0].encode("unicode_escape").decode()
