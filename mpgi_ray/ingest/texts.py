"""Captions as a source has them."""

from __future__ import annotations

from collections.abc import Iterable

MAX_CAPTION = 10_000  # characters: five times the longest that are published; more is no caption


def captions_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The captions of a picture as they are, without those that are empty.

    Raises:
        ValueError: one is longer than `MAX_CAPTION`.
    """
    found = tuple(text for text in texts if not is_empty(text))
    if (longest := max(map(len, found), default=0)) > MAX_CAPTION:
        raise ValueError(f"a caption of {longest:,} characters: at most {MAX_CAPTION:,} are read")
    return found


def is_empty(text: str) -> bool:
    """Whether it says nothing."""
    return not text.strip()
