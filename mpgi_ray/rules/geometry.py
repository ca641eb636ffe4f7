"""Where a box lies in its image: the definitions, written down once. All values are in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mpgi_ray.data.sample import Box, Object, Point

PLACES = (
    "upper left",
    "top",
    "upper right",
    "left",
    "centre",
    "right",
    "lower left",
    "bottom",
    "lower right",
)
HALVES = ("left", "right", "top", "bottom")
_WELL_WITHIN = (
    0.11  # of the image from its middle: a middle that nobody would call left, right, top or bottom
)
_ASIDE = 0.04  # of the image: a middle that is nearer to the middle line lies in neither half
_BEYOND = 0.1  # of the image: what reaches as far beyond the middle line lies in both


def in_centre(box: Box, width: float, height: float) -> bool:
    """Whether the middle of the box lies in the middle half of the width and of the height, borders included.

    The centre region of RSM-ITD (He et al., ICONIP 2024); everything else is the edge.
    """
    x, y = box.middle
    return width / 4 <= x <= 3 * width / 4 and height / 4 <= y <= 3 * height / 4


def cell(box: Box, width: float, height: float) -> int:
    """The cell of the 3×3 grid that holds the middle of the box: 0 to 8, row by row, an index of `PLACES`.

    A middle on a line between cells belongs to the inner one, so that a mirrored box has the mirrored cell.
    """
    x, y = box.middle
    return 3 * _third(y, height) + _third(x, width)


def has_clear_place(box: Box, width: float, height: float) -> bool:
    """Whether nobody would dispute the box's cell.

    A box wider or higher than half the image has no single place, and one whose middle lies in the centre
    region but not well within the middle cell is both "in the centre" and, say, "upper left".
    """
    if box.x2 - box.x1 > width / 2 or box.y2 - box.y1 > height / 2:
        return False
    x, y = box.middle
    away = max(abs(x / width - 0.5), abs(y / height - 0.5))
    return away <= _WELL_WITHIN or not in_centre(box, width, height)


def is_free(place: int, shares: Sequence[Box]) -> bool:
    """Whether no box touches a place, read generously: a side is half of the picture, a corner a quarter.

    Args:
        place: an index of `PLACES`.
        shares: boxes in shares of the picture's width and height.
    """
    row, column = divmod(place, 3)
    left, right = _reach(column, row)
    top, bottom = _reach(row, column)
    return not any(b.x1 < right and b.x2 > left and b.y1 < bottom and b.y2 > top for b in shares)


def half(boxes: Sequence[Box], width: float, height: float) -> str | None:
    """The half of the image in which all boxes lie; None if there is none, or no box."""
    halves = (name for name in HALVES if boxes and all(in_half(box, name, width, height) for box in boxes))
    return next(halves, None)


def in_half(box: Box, name: str, width: float, height: float) -> bool:
    """Whether a box lies in a half of the image, one of `HALVES`, and nobody would dispute it."""
    axis, size = (0, width) if name in ("left", "right") else (1, height)
    middle, start, end = box.middle[axis] / size, (box.x1, box.y1)[axis] / size, (box.x2, box.y2)[axis] / size
    if name in ("left", "top"):
        return middle <= 0.5 - _ASIDE and end <= 0.5 + _BEYOND
    return middle >= 0.5 + _ASIDE and start >= 0.5 - _BEYOND


def area(obj: Object) -> float:
    """The object's area in square pixels: of its outlines or its oriented box, at most of its box."""
    if obj.polygons:
        return min(obj.box.area, sum(area_within(polygon) for polygon in obj.polygons))
    return min(obj.box.area, area_within(obj.obb)) if obj.obb else obj.box.area


def area_within(points: Sequence[Point]) -> float:
    """The area in square pixels that an outline encloses (shoelace formula)."""
    pairs = zip(points, (*points[1:], points[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def gap(a: Box, b: Box) -> float:
    """The distance between two boxes; 0 if they touch or overlap."""
    return math.hypot(max(0.0, a.x1 - b.x2, b.x1 - a.x2), max(0.0, a.y1 - b.y2, b.y1 - a.y2))


def _third(value: float, size: float) -> int:
    if 3 * value < size:
        return 0
    return 2 if 3 * value > 2 * size else 1


def _reach(third: int, across: int) -> tuple[float, float]:
    """The range of a place along one axis as a share of it, from its thirds along this axis and the other."""
    if third == 1:
        return (0.25, 0.75) if across == 1 else (0.0, 1.0)
    return (0.0, 0.5) if third == 0 else (0.5, 1.0)
