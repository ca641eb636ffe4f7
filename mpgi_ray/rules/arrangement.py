"""How a group of objects is arranged in the image. From annotations alone.

Every pattern has margins wide enough that nobody would dispute it, and holds of all objects of the group;
rows of ten and more may have a few strays, which are counted. The most telling pattern wins.
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
from mpgi_ray.rules.lines import Marks, find_grid, find_rows
from mpgi_ray.rules.outlines import direction_of, rectangle_of

Array = npt.NDArray[np.float64]

MOST = 400  # objects; of more nothing is said: bounds the cost of crowds
SIDE = 0.4  # of the width or height: all of a side's boxes lie within it
BETWEEN = 0.35  # least gap between the two sides, in image widths or heights
CLOSE = 0.35  # largest extent of a cluster, in image widths and heights
LINK = 1.5  # largest gap from one object of a cluster to the next, in object sizes
RIM = 0.2  # of the width or height: middles that lie along the border
OPEN = math.radians(120)  # widest part of the border without an object, seen from the middle
SCATTERED = 5  # least number of scattered objects
FAR = 1.5  # least gap from a scattered object to the next, in object sizes; of three in four
FAR_IMAGE = 0.06  # and in diagonals of the image
OVER = 0.6  # least extent of scattered objects, in image widths and heights
QUARTER = 0.5  # largest share of scattered objects in one quarter of the image
IRREGULAR = 0.15  # least spread of the distances to the next, over their mean: a regular pattern is none


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
        strays: of rows, the objects that stand in none: at most one in ten.
    """

    pattern: Pattern
    direction: str | None
    lines: int
    objects: int
    spread: float
    strays: int = 0


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
    if len(np.unique(points, axis=0)) < len(points):  # one of them is annotated twice
        return None
    size = float(np.median([math.sqrt(geometry.area(o)) for o in objects]))
    diagonal = math.hypot(width, height)
    marks = Marks(points, size, _corners(objects))
    if lines := find_grid(marks):
        return Arrangement(Pattern.GRID, None, lines.count, len(points), lines.off / diagonal)
    if lines := find_rows(marks):
        pattern, direction = Pattern.ROW if lines.count == 1 else Pattern.ROWS, direction_of(lines.angle)
        off = lines.off / diagonal
        return Arrangement(pattern, direction, lines.count, len(points), off, lines.strays)
    if len(points) < 4:
        return None
    image = np.array([width, height], dtype=np.float64)
    nearest = _nearest(points)
    closest = float(nearest.min()) / diagonal
    if side := _both_sides(boxes / np.tile(image, 2)):
        return Arrangement(Pattern.BOTH_SIDES, side, 0, len(points), closest)
    if _clustered(boxes, image, size):
        reach = float(np.linalg.norm(np.ptp(points, axis=0))) / diagonal
        return Arrangement(Pattern.CLUSTER, None, 0, len(points), reach)
    if _along_border(points / image):
        return Arrangement(Pattern.BORDER, None, 0, len(points), closest)
    if _scattered(boxes, nearest, image, size):
        return Arrangement(Pattern.SCATTERED, None, 0, len(points), closest)
    return None


def _corners(objects: Sequence[Object]) -> Array | None:
    """Of the rectangles around the objects, (n, 4, 2); None unless all have an outline or an oriented box."""
    rectangles = [rectangle for o in objects if (rectangle := rectangle_of(o))]
    if len(rectangles) < len(objects):
        return None
    return np.array([rectangle.corners for rectangle in rectangles])


def _nearest(points: Array) -> Array:
    """The distance of each point to the next one, (n,)."""
    away = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    np.fill_diagonal(away, np.inf)
    nearest: Array = away.min(axis=1)
    return nearest


def _gaps(boxes: Array) -> Array:
    """Between all pairs of boxes, (n, n); infinite from a box to itself."""
    apart = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], boxes[None, :, :2] - boxes[:, None, 2:])
    gaps: Array = np.hypot(*np.maximum(apart, 0).transpose(2, 0, 1))
    np.fill_diagonal(gaps, np.inf)
    return gaps


def _both_sides(boxes: Array) -> str | None:
    """``horizontal`` or ``vertical``; None also where both would hold. In image widths and heights."""
    found = []
    for axis, name in enumerate(("horizontal", "vertical")):
        first, last = boxes[:, axis], boxes[:, axis + 2]
        low, high = last <= SIDE, first >= 1 - SIDE
        if min(low.sum(), high.sum()) < 2 or not (low | high).all():
            continue
        if first[high].min() - last[low].max() >= BETWEEN and _apart(boxes, low):
            found.append(name)
    return found[0] if len(found) == 1 else None


def _apart(boxes: Array, first: npt.NDArray[np.bool_]) -> bool:
    """Whether each box is nearer to one of its own group than to any of the other."""
    gaps = _gaps(boxes)
    own = first[:, None] == first
    return bool((np.where(own, gaps, np.inf).min(axis=1) < np.where(own, np.inf, gaps).min(axis=1)).all())


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
    """Near all four borders, all round the middle. In image widths and heights."""
    away = np.concatenate([points, 1 - points], axis=1)
    if away.min(axis=1).max() > RIM or len(set(away.argmin(axis=1).tolist())) < 4:
        return False
    bearings = np.sort(np.arctan2(*(points - 0.5).T))
    return bool(np.diff(bearings, append=bearings[0] + 2 * math.pi).max() <= OPEN)


def _scattered(boxes: Array, nearest: Array, image: Array, size: float) -> bool:
    points = (boxes[:, :2] + boxes[:, 2:]) / 2
    gap = float(np.quantile(_gaps(boxes).min(axis=1), 0.25))
    quarters = np.bincount((points > image / 2) @ np.array([1, 2]), minlength=4)
    over = (np.ptp(points, axis=0) >= OVER * image).all()
    evenly = quarters.min() > 0 and quarters.max() <= QUARTER * len(points)
    far = gap >= max(FAR * size, FAR_IMAGE * float(np.linalg.norm(image)))
    irregular = nearest.std() >= IRREGULAR * nearest.mean()
    return bool(len(points) >= SCATTERED and over and evenly and far and irregular)
