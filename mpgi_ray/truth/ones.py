"""Things named by a word alone: the "large ones" after small vehicles are large vehicles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mpgi_ray.truth.lists import Name
from mpgi_ray.truth.pieces import Kind, Piece


def with_ones(parts: Sequence[Piece], names: Mapping[str, Name]) -> list[Piece]:
    """The pieces of a sentence, "large ones" as one where a thing before it has another word there.

    Args:
        names: names of things, with what they stand for.
    """
    found: list[Piece] = []
    heads: list[str] = []  # of things of two words, the last one last
    for part in parts:
        if part.kind is Kind.THING and " " in part.text:
            heads.append(part.text.rpartition(" ")[2])
        word = found[-1] if found else None
        if part.text in ("ones", "one") and word and word.kind is Kind.WORD and heads:
            name = names.get(f"{word.text} {heads[-1]}")
            several = part.text == "ones"
            if name and name[1] == several:
                found[-1] = Piece(Kind.THING, word.text, name[0], word.start, part.end, several)
                continue
        found.append(part)
    return found
