"""An endpoint's answer: its bytes, within a limit, and the completion that they hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aiohttp

from mpgi_ray.engines.base import Reply

MAX_BODY = 16 << 20  # bytes; the longest text that a model writes has some hundred thousand
_MAX_TOKENS = 10**9  # of one answer: what is reported beyond it is no count, and no column could hold some
_MAX_REASON = 64  # characters


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """The body of an answer.

    Raises:
        aiohttp.ClientError: it breaks off, or has more than `MAX_BODY` bytes, of which the rest is not read.
    """
    body = bytearray()
    async for piece in response.content.iter_chunked(1 << 16):
        body += piece
        if len(body) > MAX_BODY:
            raise aiohttp.ClientPayloadError(f"the answer has more than {MAX_BODY:,} bytes")
    return bytes(body)


def read_completion(data: bytes, seconds: float, clean: Callable[[str], str]) -> Reply | None:
    """The reply that a chat completion holds; None if the bytes are not one.

    Args:
        clean: takes out of a text what must not be kept.
    """
    try:
        content = json.loads(data)
        choice, usage = content["choices"][0], content.get("usage") or {}
        message, details = choice["message"], usage.get("prompt_tokens_details") or {}
        return Reply(
            text=clean(_text(message.get("content")) or message.get("refusal") or ""),
            finish_reason=clean(choice.get("finish_reason") or "")[:_MAX_REASON],
            prompt_tokens=_count(usage.get("prompt_tokens")),
            cached_tokens=_count(details.get("cached_tokens")),
            completion_tokens=_count(usage.get("completion_tokens")),
            seconds=seconds,
        )
    except Exception:  # a server can send anything in place of each of these
        return None


def _count(tokens: Any) -> int:
    """A number of tokens as a server reports it; 0 for what is not one."""
    try:
        count = int(tokens or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
    return count if 0 <= count <= _MAX_TOKENS else 0


def _text(content: Any) -> Any:
    """The text of a message, which may come in parts: that of thoughts is left out."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    return content
