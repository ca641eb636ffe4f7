"""Words between commas that claim nothing: ``Half of what you see, pupils, is grass``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Piece

_LONGEST = 4  # words of an aside


def without_asides(parts: Sequence[Piece]) -> list[Piece]:
    """The pieces of a sentence without those whom it speaks to, "of course", and "whatsoever"."""
    return list(_kept(parts))


def _kept(parts: Sequence[Piece]) -> Iterator[Piece]:
    at = 0
    while at < len(parts):
        if parts[at].text in lists()["emphatic"]:  # no cars whatsoever
            at += 1
            continue
        comma = parts[at].text == ","
        first = at + comma
        begins = comma or at == 0
        length = next((n for n in range(_LONGEST, 0, -1) if begins and _is_aside(parts, first, n)), 0)
        end = first + length
        if length and end < len(parts) and parts[end].text == ",":
            at = end + 1  # with both commas
        elif length and comma and end < len(parts) and parts[end].text in (".", ";", "!", ")"):
            at = end
        else:
            yield parts[at]
            at += 1


def _is_aside(parts: Sequence[Piece], first: int, length: int) -> bool:
    return " ".join(part.text for part in parts[first : first + length]) in lists()["asides"]
