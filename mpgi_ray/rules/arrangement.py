"""How a group of objects is arranged in the image. From annotations alone.

Every pattern has margins wide enough that nobody would dispute it, and holds of all objects of the group:
where one stands out, nothing is said. The most telling pattern wins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from mpgi_ray.data.sample import Object
from mpgi_ray.rules import geometry
from mpgi_ray.rules.lines import find_grid, find_rows
from mpgi_ray.rules.outlines import direction_of

Array = npt.NDArray[np.float64]

MOST = 400  # objects; of more nothing is said: bounds the cost of crowds
SIDE = 0.4  # of the width or height: all of a side's boxes lie within it
BETWEEN = 0.35  # least gap between the two sides, in image widths or heights
CLOSE = 0.35  # largest extent of a cluster, in image widths and heights
LINK = 1.5  # largest gap from one object of a cluster to the next, in object sizes
RIM = 0.2  # of the width or height: middles that lie along the border
FAR = 1.5  # least gap between scattered objects, in object sizes
FAR_IMAGE = 0.08  # and in diagonals of the image
OVER = 0.6  # least extent of scattered objects, in image widths and heights


class Pattern(StrEnum):
    """How three or more objects of a class lie together."""

    ROW = "row"  # on one straight line, evenly enough
    ROWS = "rows"  # on two or more parallel lines
    GRID = "grid"  # rows and columns
    CLUSTER = "cluster"  # close together in a small part of the image
    SCATTERED = "scattered"  # far from each other, over most of the image
    BORDER = "border"  # along the borders of the image, none near its middle
    BOTH_SIDES = "both_sides"  # two groups with a wide gap between them


@dataclass(frozen=True)
class Arrangement:
    """The arrangement of the told objects of a class.

    Attributes:
        direction: of rows: ``horizontal``, ``vertical``, ``diagonal``, None between; of the two sides:
            ``horizontal`` for left and right, ``vertical`` for top and bottom; None for the others.
        lines: how many rows there are, of a grid the fewer of rows and columns; 0 where it is none.
        objects: how many were looked at.
        spread: evidence: for rows and grids the largest distance from the line, for a cluster the diameter,
            for others the least distance between neighbours, in units of the image's diagonal.
    """

    pattern: Pattern
    direction: str | None
    lines: int
    objects: int
    spread: float


def arrangement_of(objects: Sequence[Object], width: int, height: int) -> Arrangement | None:
    """The arrangement of the told objects of one class; None where none is clear.

    Args:
        objects: any number, in any order; fewer than three have no arrangement.
        width, height: of the image in pixels.
    """
    if not 3 <= len(objects) <= MOST:
        return None
    boxes = np.array([o.box for o in objects], dtype=np.float64)
    points = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = float(np.median([math.sqrt(geometry.area(o)) for o in objects]))
    diagonal = math.hypot(width, height)
    if lines := find_grid(points, size):
        return Arrangement(Pattern.GRID, None, lines.count, len(points), lines.off / diagonal)
    if lines := find_rows(points, size):
        pattern = Pattern.ROW if lines.count == 1 else Pattern.ROWS
        return Arrangement(pattern, direction_of(lines.angle), lines.count, len(points), lines.off / diagonal)
    if len(points) < 4:
        return None
    image = np.array([width, height], dtype=np.float64)
    nearest = float(_distances(points).min()) / diagonal
    if side := _both_sides(boxes / np.tile(image, 2)):
        return Arrangement(Pattern.BOTH_SIDES, side, 0, len(points), nearest)
    if _clustered(boxes, image, size):
        reach = float(np.linalg.norm(np.ptp(points, axis=0))) / diagonal
        return Arrangement(Pattern.CLUSTER, None, 0, len(points), reach)
    if _along_border(points / image):
        return Arrangement(Pattern.BORDER, None, 0, len(points), nearest)
    if _scattered(boxes, image, size):
        return Arrangement(Pattern.SCATTERED, None, 0, len(points), nearest)
    return None


def _distances(points: Array) -> Array:
    """Between all pairs, (n, n); infinite from a point to itself."""
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(away, np.inf)
    return away


def _gaps(boxes: Array) -> Array:
    """Between all pairs of boxes, (n, n); infinite from a box to itself."""
    apart = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], boxes[None, :, :2] - boxes[:, None, 2:])
    gaps = np.linalg.norm(np.maximum(apart, 0), axis=2)
    np.fill_diagonal(gaps, np.inf)
    return gaps


def _both_sides(boxes: Array) -> str | None:
    """``horizontal`` or ``vertical``; None also where both would hold. In image widths and heights."""
    found = []
    for axis, name in enumerate(("horizontal", "vertical")):
        first, last = boxes[:, axis], boxes[:, axis + 2]
        low, high = last <= SIDE, first >= 1 - SIDE
        if low.sum() >= 2 and high.sum() >= 2 and (low | high).all():
            if first[high].min() - last[low].max() >= BETWEEN:
                found.append(name)
    return found[0] if len(found) == 1 else None


def _clustered(boxes: Array, image: Array, size: float) -> bool:
    extent = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    if (extent > CLOSE * image).any():
        return False
    near = _gaps(boxes) <= LINK * size
    reached = np.zeros(len(boxes), dtype=bool)
    reached[0] = True
    while not reached.all():
        following = reached | near[reached].any(axis=0)
        if (following == reached).all():
            return False
        reached = following
    return True


def _along_border(points: Array) -> bool:
    """Along three or four of the borders. In image widths and heights."""
    away = np.concatenate([points, 1 - points], axis=1)
    sides = len(set(away.argmin(axis=1).tolist()))
    return bool((away.min(axis=1) <= RIM).all() and sides >= 3)


def _scattered(boxes: Array, image: Array, size: float) -> bool:
    points = (boxes[:, :2] + boxes[:, 2:]) / 2
    gap = float(_gaps(boxes).min())
    over = (np.ptp(points, axis=0) >= OVER * image).all()
    quadrants = {(bool(x), bool(y)) for x, y in points > image / 2}
    far = gap >= FAR * size and gap >= FAR_IMAGE * float(np.linalg.norm(image))
    return bool(over and far and len(quadrants) == 4)
