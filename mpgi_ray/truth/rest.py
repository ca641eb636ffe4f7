"""What a text says of the colour of the rest of the picture: it depends on what was said just before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.truth.lists import Name
from mpgi_ray.truth.pieces import Kind, pieces
from mpgi_ray.truth.tones import joined
from mpgi_ray.truth.wording import wording

_REST = re.compile(
    r"\b(?:the |what )?(?:rest|remainder|remaining (?:area|part|ground)s?|remains)\b"
    r"(?: of the (?:image|picture|photo|scene|view|frame))? (?:is|are|looks?|appears?)\b"
    r"(?:(?!, (?:with|and)\b|;|\bwhile\b).)*",
    re.I,
)


@dataclass(frozen=True)
class _Rest:
    """The rest of a picture: where it is told, the colours, and the words just before."""

    start: int
    end: int
    colours: frozenset[str]
    nearest: frozenset[str]
    before: frozenset[str]


def rest_untold(text: str, sources: Sequence[str], names: Mapping[str, Name]) -> list[tuple[int, int]]:
    """Where a text tells a colour of the rest that no source tells of the rest beside the same."""
    claimed = list(_rests(text, names))
    told = [rest for source in sources for rest in _rests(source, names)] if claimed else []
    return [
        (rest.start, rest.end)
        for rest in claimed
        if not any(rest.colours <= one.colours and one.nearest <= rest.before for one in told)
    ]


def _rests(text: str, names: Mapping[str, Name]) -> Iterator[_Rest]:
    sentences = placed_sentences(text)
    for n, (start, sentence) in enumerate(sentences):
        if not (found := _REST.search(sentence)):
            continue
        parts = joined(pieces(found[0], 0, names))
        colours = frozenset(f"{part.text} {part.value}" for part in parts if part.kind is Kind.COLOUR)
        told = [*(one for _, one in sentences[max(0, n - 2) : n]), sentence[: found.start()]]
        told = [one for one in told if one.strip(" ,;")]
        if colours:
            at = start + found.start()
            end = at + len(found[0].rstrip(" ."))
            yield _Rest(at, end, colours, wording(told[-1:]), wording(told))
