"""Sizes that a text gives to things: ``two large sheds``, ``a large industrial area``, ``12 m long``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.truth.line import Line
from mpgi_ray.truth.lists import Name, goes_by, lists
from mpgi_ray.truth.nouns import add_nouns
from mpgi_ray.truth.pieces import Kind, pieces
from mpgi_ray.truth.tones import AREAS

_SIZES = {"large": "large", "big": "large", "huge": "large", "vast": "large"}
_SIZES |= {"small": "small", "tiny": "small", "little": "small", "elongated": "elongated"}
_ON_WAY = (Kind.WORD, Kind.COLOUR, Kind.THING, Kind.GROUP)
_METRES = ("m", "metre", "metres", "meter", "meters")
_ALONG = ("long", "wide", "across")

Size = tuple[str, str, int, int]  # the size, what has it, and where both stand


def sizes_untold(text: str, sources: Sequence[str], names: Mapping[str, Name]) -> list[tuple[int, int]]:
    """Where a text gives a thing, or the whole scene, a size that no source gives it."""
    claimed = [size for line in _lines(text, names) for size in _of_line(line)]
    told = set[tuple[str, str]]()  # sizes and what has them
    for line in (line for source in sources for line in _lines(source, names)) if claimed else ():
        told |= {(size, name) for size, name, _, _ in _of_line(line)}
        sizes = ((_size(line, at), at) for at in range(len(line.parts)))
        told |= {(size, noun.name) for size, at in sizes if size for noun in line.nouns if noun.at < at}
    return [
        (start, end)
        for size, name, start, end in claimed
        if not any(size == one and (goes_by(name, of) or goes_by(of, name)) for one, of in told)
    ]


def _lines(text: str, names: Mapping[str, Name]) -> Iterator[Line]:
    """The sentences that may tell sizes."""
    for start, sentence in placed_sentences(text):
        if any(word in sentence.lower() for word in (*_SIZES, *_ALONG)):
            line = Line(pieces(sentence, start, names))
            add_nouns(line)
            yield line


def _size(line: Line, at: int) -> str:
    """The size that a piece begins to tell; empty if it tells none."""
    length = line.text(at + 1) in _METRES and line.text(at + 2) in _ALONG
    if length and line.text(at)[0].isdigit():
        return f"{line.text(at)} m {line.text(at + 2)}"
    if line.text(at) == "little" and line.text(at - 1) not in ("a", "the", "one"):
        return ""  # there is little water
    return _SIZES.get(line.text(at), "")


def _of_line(line: Line) -> Iterator[Size]:
    for at, part in enumerate(line.parts):
        if size := _size(line, at):
            before = next((noun for noun in line.nouns[::-1] if noun.at < at), None)
            if before and any(line.kind(n) is Kind.AMOUNT or line.turns(n) for n in range(before.at, at)):
                continue  # two sheds stand beside three arrays of panels that are 12 m long
            said = line.text(at - 1) in ("is", "are", "look", "looks")
            if before and (size[0].isdigit() or (said and before.at == at - 2)):
                yield size, before.name, part.start, line.parts[at + 2 if size[0].isdigit() else at].end
            else:
                yield from _before(line, at, size)


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
        of_area = line.text(here) in AREAS or line.text(here - 1) in AREAS  # a large area of gravel
        if not of_area and (line.kind(here) not in _ON_WAY or line.text(here) == "of"):
            return
