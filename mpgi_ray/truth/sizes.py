"""Sizes that a text gives to things before their names: ``two large sheds``, ``a large industrial area``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.truth.line import Line
from mpgi_ray.truth.lists import Name, lists
from mpgi_ray.truth.nouns import add_nouns
from mpgi_ray.truth.pieces import Kind, pieces

_SIZES = {"large": "large", "big": "large", "huge": "large", "vast": "large"}
_SIZES |= {"small": "small", "tiny": "small", "little": "small", "elongated": "elongated"}
_ON_WAY = (Kind.WORD, Kind.COLOUR, Kind.THING, Kind.GROUP)

Size = tuple[str, str, int, int]  # the size, what has it, and where both stand


def sizes_untold(text: str, sources: Sequence[str], names: Mapping[str, Name]) -> list[tuple[int, int]]:
    """Where a text gives a thing, or the whole scene, a size that no source gives it."""
    claimed = list(_of_text(text, names, before_only=True))
    told = {(size, name) for size, name, _, _ in _of_texts(sources, names)} if claimed else set()
    return [(start, end) for size, name, start, end in claimed if (size, name) not in told]


def _of_texts(texts: Iterable[str], names: Mapping[str, Name]) -> Iterator[Size]:
    for text in texts:
        yield from _of_text(text, names, before_only=False)


def _of_text(text: str, names: Mapping[str, Name], *, before_only: bool) -> Iterator[Size]:
    for start, sentence in placed_sentences(text):
        if not any(word in sentence.lower() for word in _SIZES):
            continue
        line = Line(pieces(sentence, start, names))
        add_nouns(line)
        for at, part in enumerate(line.parts):
            if size := _SIZES.get(part.text):
                yield from _before(line, at, size)
                if not before_only:
                    yield from ((size, noun.name, 0, 0) for noun in line.nouns if noun.at < at)


def _before(line: Line, at: int, size: str) -> Iterator[Size]:
    """The size with the thing, or the scene, whose name follows it."""
    for here in range(at + 1, min(at + 5, len(line.parts))):
        if (noun := line.noun_at(here)) or line.text(here) in lists()["sites"]:
            name = noun.name if noun else line.text(here)
            yield size, name, line.parts[at].start, line.parts[here].end
            return
        if line.kind(here) is Kind.PICTURE and here > at + 1 and line.kind(here - 1) is Kind.WORD:
            name = f"{line.text(here - 1)} {line.text(here)}"  # a large industrial area
            yield size, name, line.parts[at].start, line.parts[here].end
            return
        if line.kind(here) not in _ON_WAY or line.text(here) == "of":
            return
