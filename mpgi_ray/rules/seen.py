"""What is measured in pixels, alone or together with annotations. Weaker than what a source annotated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ThingColour:
    """A colour of the told objects of one class.

    Attributes:
        name: of the class, as `ClassFact.name`.
        colour: ``red``, ``white`` …
        shared: whether it is the colour of the class; if not, some of its objects have it, and of others
            nothing or something else is known.
        ground: the tone of what lies around them (``light grey``), if they share it and it differs; or None.
        measured, agreeing: how many objects were large enough to be looked at, and how many had that colour.
        share: of the inside of these that has the colour: the mean.
    """

    name: str
    colour: str
    shared: bool
    ground: str | None
    measured: int
    agreeing: int
    share: float


@dataclass(frozen=True)
class Shade:
    """The colour that each object of a class has most of, though it may be clear in none: red helicopters.

    Attributes:
        name: of the class, as `ClassFact.name`.
        colour: the same of all its told objects.
        least: the share of it in what stands out of an object, that of the object with least of it.
        traces: the colours of which any of the objects shows something.
    """

    name: str
    colour: str
    least: float
    traces: frozenset[str]


@dataclass(frozen=True)
class Region:
    """Areas of one colour in the picture, connected or of one kind.

    Attributes:
        colour: with its tone: ``dark green``; ``darker green`` beside a larger region that is ``green``.
        share: of the picture.
        form: ``area``, ``band`` (crosses the picture), ``frame`` (around the others), ``patches``.
        place: where it lies: one of `geometry.PLACES`, ``left half``, ``right half``, ``top half``,
            ``bottom half``, ``everywhere``; of a band the side along which it runs. None where none is clear,
            and for frames.
        direction: of a band that runs along no side: ``left to right``, ``top to bottom``,
            ``upper left to lower right``, ``lower left to upper right``; None for others.
        tendency: of an area or patches without a place: the half that holds most of it, ``central part``,
            ``everywhere`` if it is mixed into all parts of the picture; None where it is none of these.
        purity: share of its pixels that have the colour or one beside it (evidence); 0.8 for a place.
        inside: share of its pixels that lie in the place (evidence); 0 without a place.
        elsewhere: share of the picture that has the colour or one beside it and lies in no region.
    """

    colour: str
    share: float
    form: str
    place: str | None
    direction: str | None
    tendency: str | None
    purity: float
    inside: float
    elsewhere: float


def bare(colour: str) -> str:
    """``darker green`` → ``green``: a word for it where no other green is named."""
    return colour.removeprefix("darker ").removeprefix("lighter ")


@dataclass(frozen=True)
class Spots:
    """Small parts that stand out clearly from what lies around them: roofs, crowns, boats, puddles.

    Attributes:
        colour: of the spots, with its tone.
        ground: the colour around them.
        amount: ``one``, ``a few`` (3 to 5); of others nothing is said.
        place: as `Region.place`, where nearly all of them lie.
        found: how many (evidence).
    """

    colour: str
    ground: str
    amount: str
    place: str | None
    found: int


@dataclass(frozen=True)
class Measured:
    """All that is measured in one picture.

    Attributes:
        things: by class, at most two colours each; classes without a clear colour are missing.
        regions: largest first, at most five.
        spots: most telling first, at most two.
        colours: share of each colour in the picture, largest first, what is alike in a region as one;
            with its tone (``dark green``) where hardly any of it has another.
        shades: by class; nothing is told of them, but a text may not say otherwise.
        absent: vivid colours that nothing in the picture shows (`measured.vivid.VIVID`); the same is true.
        lacking: by class, those that nothing in the boxes of its objects shows.
    """

    things: tuple[ThingColour, ...] = ()
    regions: tuple[Region, ...] = ()
    spots: tuple[Spots, ...] = ()
    colours: tuple[tuple[str, float], ...] = ()
    shades: tuple[Shade, ...] = ()
    absent: frozenset[str] = frozenset()
    lacking: tuple[tuple[str, frozenset[str]], ...] = ()
