"""What bears the colours and shares of a text: a merge may give one only to what a source gives it.

``Docks and ships, which are dark green`` has no source in ``most of the image is dark green``, though all of
its words have one; nor has ``seven boats cover half of the beach`` in ``sand covers half of the image``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.truth.claim import Amount
from mpgi_ray.truth.lists import Name, goes_by
from mpgi_ray.truth.pieces import Kind, Piece, pieces
from mpgi_ray.truth.tones import AREAS, joined

_EVERYWHERE = "in all parts"
_PICTURE = "the picture"  # what bears the colours of the whole, or of a part without a name
_AREAS = {*AREAS, "surface", "surfaces", "background", "colours", "colors", "space", "rest", "tones"}
_JOINING = (",", "and", "or", "a", "an", "the", "one", "two")
_ADJECTIVES = ("small", "large", "big", "long", "round", "elongated", "square", "parked", "flat", "other")


@dataclass(frozen=True)
class Borne:
    """A colour or a share with what bears it.

    Attributes:
        value: the name of the colour, the bounds of the share, or that it lies in all parts.
        bearers: names of things that share it, or `_PICTURE`.
        near: of all things in its sentence.
    """

    value: str | Amount
    bearers: tuple[str, ...]
    near: tuple[str, ...]
    start: int
    end: int


def unborne(text: str, sources: Iterable[str], names: Mapping[str, Name]) -> list[tuple[int, int]]:
    """Where a text gives a colour or a share to what no source gives it."""
    claimed = list(borne(text, names))
    told = [one for source in sources for one in borne(source, names)] if claimed else []
    return [
        (one.start, one.end)
        for one in claimed
        if not all(_is_told(one.value, bearer, told) for bearer in one.bearers)
    ]


def borne(text: str, names: Mapping[str, Name]) -> Iterator[Borne]:
    """The colours of a text, the shares that something covers, and "in all parts", each with its things.

    A colour has those that it stands before, or else those that stand before it. In a sentence without a
    thing, ``it is red``, that is the first one of the sentence before.
    """
    last: tuple[str, ...] = ()
    for start, sentence in placed_sentences(text):
        parts = joined(pieces(sentence, start, names))
        near = tuple(name for part in parts if (name := _name(part)))
        for at, part in enumerate(parts):
            bearers, value, end = tuple[str, ...](), part.value, part.end
            if part.kind is Kind.COLOUR and part.value:
                bearers = _behind(parts, at) or _before(parts, at) or last
            elif part.kind is Kind.SHARE and at and parts[at - 1].kind is Kind.COVERS:
                bearers = _before(parts, at)  # those of colours are judged by `tones`
                bearers = () if _PICTURE in bearers else bearers
            elif (part.text, at + 1 < len(parts) and parts[at + 1].text) == ("all", "parts"):
                bearers, value, end = _before(parts, at), _EVERYWHERE, parts[at + 1].end
            if bearers:
                yield Borne(value, bearers, near, part.start, end)
        last = near[:1] or last


def _is_told(value: str | Amount, bearer: str, told: Sequence[Borne]) -> bool:
    colour = isinstance(value, str)
    return any(
        value == one.value and (bearer == name or goes_by(name, bearer) or goes_by(bearer, name))
        for one in told
        for name in (one.bearers if colour else one.near)
    )


def _name(part: Piece) -> str:
    """What a piece names; empty for what bears nothing."""
    if part.kind is Kind.THING:
        return str(part.value)
    return _PICTURE if part.kind is Kind.PICTURE or part.text in _AREAS else ""


def _behind(parts: Sequence[Piece], at: int) -> tuple[str, ...]:
    """What a colour stands before: ``white and grey sheds``."""
    for part in parts[at + 1 :]:
        if name := _name(part):
            return (name,)
        if part.kind not in (Kind.COLOUR, Kind.AMOUNT) and part.text not in (*_ADJECTIVES, ",", "and"):
            break
    return ()


def _before(parts: Sequence[Piece], at: int) -> tuple[str, ...]:
    """The things, joined by commas and "and", that stand last before a piece."""
    found: list[str] = []
    for part in parts[:at][::-1]:
        if name := _name(part):
            found.append(name)
        elif found and not (part.text in _JOINING or part.kind in (Kind.AMOUNT, Kind.COLOUR)):
            break
    return tuple(found)
