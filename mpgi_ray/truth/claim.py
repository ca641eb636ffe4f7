"""One claim of a text about a picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mpgi_ray.truth.places import Region

Amount = tuple[float, float | None]


class About(StrEnum):
    """What a claim is about."""

    PRESENCE = "presence"
    ABSENCE = "absence"
    COUNT = "count"
    POSITION = "position"
    COVER = "cover"
    DOMINANCE = "dominance"
    COLOUR = "colour"
    ARRANGEMENT = "arrangement"
    RELATION = "relation"


@dataclass(frozen=True)
class Claim:
    """One claim of a text.

    Attributes:
        name: of the class, as the text says it in the singular.
        amount: least and most of a count or a share, or of things of a colour; no most is no bound.
        some: they are a part of those in the picture, so at least so many are there.
        region: where, if the claim is tied to a part of the picture.
        every: all of them lie there, or so.
        most: they are spoken of as a whole, so most of them lie there.
        largest: it is the largest one, or the largest part of a surface.
        fills: it takes up that part of the picture.
        other, third: further classes, of a relation; the third one of what lies between two. Of a position:
            of what may be meant, a road in ``a road, and sheds to the left``.
        word: the colour, pattern or relation.
        of_all: a relation is one to all of the other things: below both tanks.
        or_else: other readings of the same words, each a claim; what is said is false only if all are.
        start, end: its words in the text.
    """

    about: About
    name: str
    start: int
    end: int
    amount: Amount | None = None
    some: bool = False
    region: Region | None = None
    every: bool = False
    most: bool = False
    largest: bool = False
    fills: bool = False
    other: str | None = None
    third: str | None = None
    word: str | None = None
    of_all: bool = False
    or_else: tuple[Claim, ...] = ()
