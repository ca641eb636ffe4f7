"""Boxes over a picture: shapes and labels in the picture's own pixels, ready for an SVG of that size.

Of a class that only a mask gives, the boxes of its regions are drawn, and its share of each ninth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mpgi_ray.data.sample import Annotation, Box, Object, Point
from mpgi_ray.report.cover_bands import Band, bands

# light colours: they stand out from aerial pictures, and black text is legible on each of them
PALETTE = (
    *("#ffd166", "#06d6a0", "#4cc9f0", "#ff7b7b", "#c99bff", "#f4a261"),
    *("#b5e48c", "#ff9ebb", "#a0c4ff", "#e9ff70", "#80ffdb", "#e0aaff"),
)
DISPLAY = 360  # px: the longest side of a picture on the page
_FONT = 11  # px on the page
_MAX_CHIPS = 12
_CROWDED = 3  # labels a class in a picture of more objects than that
_MAX_LABEL = 22


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline of an object; without any, its oriented box where there is one, else its box.

    Attributes:
        kind: ``crowd`` for a group, ``region`` for the box of a mask's region, ``answer`` for a box that a
            question is answered by, else empty.
    """

    label: str
    colour: str
    points: tuple[Point, ...]
    kind: Literal["", "crowd", "region", "answer"] = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A label beside its shape."""

    label: str
    colour: str
    box: Box


@dataclass(frozen=True, slots=True)
class Overlay:
    """What lies over a picture of ``width`` × ``height`` pixels.

    Attributes:
        font: height of the labels in the picture's pixels.
        legend: class, colour and number of objects, most frequent first; then classes of a mask, without one.
        bands: what a mask covers.
    """

    width: int
    height: int
    font: float
    shapes: tuple[Shape, ...]
    chips: tuple[Chip, ...]
    legend: tuple[tuple[str, str, int | None], ...]
    bands: tuple[Band, ...] = ()

    @property
    def described(self) -> list[str]:
        """The legend in words."""
        return [label if number is None else f"{number} × {label}" for label, _, number in self.legend]


class Colours:
    """One colour for each class throughout a page, given out in the order of asking."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def of(self, labels: Iterable[str]) -> dict[str, str]:
        """The colours of the classes of a picture: different ones, as long as there are any.

        A page may have more classes than there are colours. Of two classes with the same one, the later in a
        picture has another one there.
        """
        colours: dict[str, str] = {}
        for label in labels:
            own = self._given.setdefault(label, PALETTE[len(self._given) % len(PALETTE)])
            taken = set(colours.values())
            free = [colour for colour in PALETTE if colour not in taken] if own in taken else []
            colours[label] = free[0] if free else own
        return colours


def overlay(note: Annotation, colours: Colours, answers: Sequence[Object] = ()) -> Overlay:
    """Outlines of all objects, boxes of regions, and as many labels as fit without covering one another.

    Args:
        answers: boxes that questions about the picture are answered by, drawn above all others.
    """
    counts = Counter(obj.label for obj in note.objects)
    classes = sorted(counts, key=lambda label: (-counts[label], label))
    regions = _regions(note)
    of_mask = dict.fromkeys([*(region.label for region in regions), *note.cover])
    colour = colours.of((*classes, *of_mask, *dict.fromkeys(answer.label for answer in answers)))
    font = _FONT * max(note.width, note.height) / DISPLAY
    shapes = [
        *(Shape(o.label, colour[o.label], outline(o), "region") for o in regions),
        *(
            Shape(o.label, colour[o.label], each, "crowd" if o.crowd else "")
            for o in note.objects
            for each in _outlines(o)
        ),
        *(Shape(o.label, colour[o.label], outline(o), "answer") for o in answers),
    ]
    drawn = note.model_copy(update={"objects": (*answers, *note.objects, *regions)})
    legend = [(label, colour[label], counts.get(label)) for label in colour]
    chips = place_chips(drawn, font, colour)
    return Overlay(note.width, note.height, font, tuple(shapes), chips, tuple(legend), bands(note, colour))


def _regions(note: Annotation) -> list[Object]:
    """The regions of classes without objects, as things to draw."""
    known = {thing.label for thing in note.objects}
    shown = {label: cover.regions for label, cover in note.cover.items() if label not in known}
    return [Object(label=label, box=box) for label, boxes in shown.items() for box in boxes]


def _outlines(obj: Object) -> tuple[tuple[Point, ...], ...]:
    """All that is drawn of an object: what the source outlined, or else its box."""
    return obj.polygons or (outline(obj),)


def outline(obj: Object) -> tuple[Point, ...]:
    """The corners to draw, in pixels."""
    box = obj.box
    return obj.obb or ((box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2))


def place_chips(note: Annotation, font: float, colour: Mapping[str, str]) -> tuple[Chip, ...]:
    """Labels inside the picture that do not overlap and hide little: the largest of each class first.

    An object whose label fits nowhere goes without; its colour is in the legend.
    """
    chips: list[Chip] = []
    each = _CROWDED if len(note.objects) > _MAX_CHIPS else _MAX_CHIPS
    for obj in _by_turn(note.objects, each)[:_MAX_CHIPS]:
        label = obj.label if len(obj.label) <= _MAX_LABEL else obj.label[: _MAX_LABEL - 1] + "…"
        spots = _spots(obj, (len(label) * 0.6 + 0.8) * font, 1.35 * font)
        free = [spot for spot in spots if _is_free(spot, note, chips)]
        if free:
            best = min(free, key=lambda spot: sum(_shared(spot, other.box) for other in note.objects))
            chips.append(Chip(label, colour[obj.label], best))
    return tuple(chips)


def _by_turn(objects: Sequence[Object], each: int) -> list[Object]:
    """The largest of each class, then the second largest of each …, at most ``each`` of a class."""
    seen: Counter[str] = Counter()
    turns: list[tuple[int, float, int]] = []
    for at, obj in sorted(enumerate(objects), key=lambda pair: -pair[1].box.area):
        turns.append((seen[obj.label], -obj.box.area, at))
        seen[obj.label] += 1
    return [objects[at] for turn, _, at in sorted(turns) if turn < each]


def _spots(obj: Object, width: float, height: float) -> list[Box]:
    """Where a label may stand: above or below the outline, from its left or right end, then inside."""
    xs, ys = zip(*outline(obj), strict=True)
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    corners = [
        *((left, top - height), (left, bottom), (right - width, top - height), (right - width, bottom)),
        *((right, top), (left - width, top), (left, top), (right - width, bottom - height)),
    ]
    return [Box(x, y, x + width, y + height) for x, y in corners]


def _is_free(spot: Box, note: Annotation, chips: Sequence[Chip]) -> bool:
    inside = spot.clipped(note.width, note.height) == spot
    return inside and not any(_shared(spot, chip.box) for chip in chips)


def _shared(one: Box, other: Box) -> float:
    """The area that two boxes have in common."""
    wide = min(one.x2, other.x2) - max(one.x1, other.x1)
    high = min(one.y2, other.y2) - max(one.y1, other.y1)
    return max(wide, 0.0) * max(high, 0.0)
