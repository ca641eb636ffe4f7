"""What a map has in the middle of a picture, and what lies in it and around it.

Of the features that show from above, an area is central if it lies wholly in the picture, is large enough to
be seen and no ground that fills most of it, reaches the middle and has its own middle near it; a line, if it
runs through the middle and far beyond. Nothing is central if another feature comes as near to the middle,
unless it lies in the first, is what the first lies in, or a further piece of the same line. What lies around
is near to the central area, which is surrounded if that is so on three of its four sides.

All lengths and areas are shares of the picture's sides and of its area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import pi

import shapely
from shapely.geometry.base import BaseGeometry

from mpgi_ray.data.map_view import Central, MapView
from mpgi_ray.ingest.clip import clipped
from mpgi_ray.ingest.features import Feature
from mpgi_ray.rules.gathering import COUNTED
from mpgi_ray.rules.tags import telling_tag

REACH = 0.05  # what is central comes so near to the middle of the picture
CLEAR = 0.1  # and all else is farther from it by so much
NEAR = 0.25  # what lies around is so near
SMALLEST = 0.01  # what is central is larger
LARGEST = 0.5  # what is larger is the ground of all else
LONGEST = 0.5  # a line that is central is longer
UNSEEN = 0.001  # what is smaller is no rival
CUT_AREA, CUT_LINE = 0.05, 0.25  # what the border of the picture cuts shows if so much of it is inside
SHOWN = 0.01  # so much of a feature is enough to lie on a side, or `COUNTED` of all that is inside
FEATURES = 100  # that are named at most
_BORDER = 0.005  # what comes so near to it may have been cut there by another program
_LINE = 0.05  # as wide is a line in comparisons with areas
_STRIP = 0.2  # 4π area / perimeter²: what is narrower is a line that was drawn as an area
_KINDS = 3  # of things around
_MIDDLE = shapely.Point(0.5, 0.5)


def map_view(
    inside: Iterable[tuple[Feature, BaseGeometry]], label: str | None, extract: str | None
) -> MapView:
    """What shows of the features of a picture, and how it lies.

    Args:
        inside: with their whole shapes in shares of the picture's width and height, from its upper left.
        label: what an area is whose tags do not say it.
        extract: when the map was drawn from, if it is known.
    """
    parts = sorted(_parts(inside, label), key=lambda part: -part.extent)
    middle = _central(parts)
    central = _described(middle, parts) if middle else None
    ids = dict.fromkeys(part.id for part in (*([middle] if middle else []), *parts) if part.id)
    shown = tuple(dict.fromkeys(part.tag for part in parts))
    return MapView(shown=shown, central=central, features=tuple(ids)[:FEATURES], extract=extract)


@dataclass(frozen=True)
class _Part:
    """What lies in a picture of a feature, with its most telling tag."""

    id: str
    tag: str
    shape: BaseGeometry
    line: bool

    @cached_property
    def extent(self) -> float:
        """The area; a line has a width, a point nothing."""
        if not self.line:
            return float(self.shape.area)
        return _LINE * float(self.shape.length / 2 if self.shape.area else self.shape.length)

    @cached_property
    def off(self) -> float:
        """How far it is from the middle."""
        return float(self.shape.distance(_MIDDLE))

    @cached_property
    def may_be_central(self) -> bool:
        if self.off > REACH or self.line:
            return self.off <= REACH and self.extent >= LONGEST * _LINE
        west, north, east, south = self.shape.bounds
        in_centre = all(0.25 <= side / 2 <= 0.75 for side in (west + east, north + south))
        return self.whole and in_centre and SMALLEST <= self.extent <= LARGEST

    @property
    def whole(self) -> bool:
        """Whether it does not reach the border of the picture."""
        west, north, east, south = self.shape.bounds
        return min(west, north) > _BORDER and max(east, south) < 1 - _BORDER

    def holds(self, other: _Part) -> bool:
        """Whether another lies in this area."""
        if self.line or self.extent <= other.extent:
            return False
        return other.of(other.shape & self.shape).extent >= COUNTED * other.extent

    def of(self, piece: BaseGeometry) -> _Part:
        return replace(self, shape=piece)

    def shows_of(self, extent: float) -> bool:
        """Whether this piece is enough to see the whole, whose extent is given."""
        return self.extent >= max(UNSEEN, min(SHOWN, COUNTED * extent))

    def is_rival_of(self, other: _Part) -> bool:
        """Whether one could as well call this central."""
        if self is other or not UNSEEN <= self.extent <= LARGEST or self.off >= other.off + CLEAR:
            return False
        further_piece = self.line and other.line and self.tag == other.tag
        ground = not self.may_be_central and self.holds(other)
        return not (further_piece or ground or other.holds(self))


def _parts(inside: Iterable[tuple[Feature, BaseGeometry]], label: str | None) -> Iterator[_Part]:
    pieces: defaultdict[str, list[tuple[Feature, BaseGeometry]]] = defaultdict(list)  # of what a map cuts
    for number, (feature, whole) in enumerate(inside):
        pieces[feature.id or f"#{number}"].append((feature, whole))
    for same in pieces.values():
        feature, whole = same[0][0], shapely.union_all([piece for _, piece in same])
        line = 4 * pi * whole.area < _STRIP * whole.length**2
        tag = telling_tag(feature.tags)
        if tag is None and label and whole.area > 0:
            tag = telling_tag({label: "yes"})
        part = _Part(feature.id, tag or "", clipped(whole, 0, 0, 1, 1), line)
        enough = CUT_LINE * _LINE if line else CUT_AREA
        if tag and not part.shape.is_empty and (part.whole or part.extent >= enough):
            yield part


def _central(parts: list[_Part]) -> _Part | None:
    near = sorted((part for part in parts if part.may_be_central), key=lambda part: part.off)
    return next((part for part in near if not any(other.is_rival_of(part) for other in parts)), None)


def _described(middle: _Part, parts: list[_Part]) -> Central:
    if middle.line:
        return Central(tag=middle.tag, through=True)
    within, others = list[_Part](), list[_Part]()
    for part in parts:
        if part is not middle and part.extent >= UNSEEN:
            (within if middle.holds(part) else others).append(part)
    around = middle.shape.buffer(NEAR) - middle.shape
    near = [(part, piece) for part in others if (piece := part.of(part.shape & around)).shows_of(part.extent)]
    kinds: defaultdict[str, float] = defaultdict(float)
    for part, piece in near:
        kinds[part.tag] += piece.extent
    told = sorted(kinds, key=lambda tag: -kinds[tag])[:_KINDS]
    near = [(part, piece) for part, piece in near if part.tag in told]
    sides = sum(
        any(piece.of(piece.shape & side).shows_of(piece.extent) for _, piece in near)
        for side in _sides(middle.shape.envelope.centroid)
    )
    numbers = _numbers([part for part, _ in near])
    return Central(
        tag=middle.tag,
        within=tuple(_numbers(within).items()),
        around=tuple((tag, numbers[tag]) for tag in told),
        surrounded=sides >= 3,
    )


def _sides(middle: shapely.Point) -> list[shapely.Polygon]:
    """What lies above, on the right, below and on the left of a place, each a quarter of all directions."""
    x, y = middle.x, middle.y
    corners = [(x - 2, y - 2), (x + 2, y - 2), (x + 2, y + 2), (x - 2, y + 2)]
    return [shapely.Polygon([(x, y), corners[i], corners[(i + 1) % 4]]) for i in range(4)]


def _numbers(parts: Iterable[_Part]) -> dict[str, int]:
    """How many bear each tag; lines, which maps cut into pieces, count as one."""
    numbers: dict[str, int] = {}
    for part in parts:
        numbers[part.tag] = 1 if part.line else numbers.get(part.tag, 0) + 1
    return numbers
