"""The rectangle around an object's outline, and whether the outline is round. All values are in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mpgi_ray.data.sample import Object, Point

Array = npt.NDArray[np.float64]

STRAIGHT = 15.0  # a direction is horizontal or vertical within so many degrees of the axis
DIAGONAL = 30.0  # and diagonal from so many degrees off both axes
ROUND = 0.88  # least 4πA/P² of a round outline's hull: a square has 0.785, a hexagon 0.907, a circle 1
_MOST = 512  # corners of a hull that are looked at
_SOLID = 0.9  # least share of its hull that a round outline fills
_CORNERS = 6  # least corners of an outline that can be called round


@dataclass(frozen=True)
class Rectangle:
    """The rectangle of least area around an outline.

    Attributes:
        length, width: its sides, the longer one first.
        angle: of its length against the x axis, in degrees.
        fill: the share of it that the outline fills; 1 for an oriented box.
        corners: (4, 2).
    """

    length: float
    width: float
    angle: float
    fill: float
    corners: Array

    @property
    def ratio(self) -> float:
        """Length over width."""
        return self.length / max(self.width, 1e-9)


def direction_of(degrees: float) -> str | None:
    """``horizontal``, ``vertical`` or ``diagonal`` in the image; None between two bounds."""
    off = abs(degrees) % 180
    off = min(off, 180 - off)
    if off <= STRAIGHT:
        return "horizontal"
    if off >= 90 - STRAIGHT:
        return "vertical"
    return "diagonal" if DIAGONAL <= off <= 90 - DIAGONAL else None


def rectangle_of(obj: Object) -> Rectangle | None:
    """The rectangle around the object's outlines or oriented box; None of a plain box and of a mere line."""
    pieces: Sequence[Sequence[Point]] = obj.polygons or ((obj.obb,) if obj.obb else ())
    if not pieces:
        return None
    hull = hull_of([point for piece in pieces for point in piece])
    if len(hull) < 3:
        return None
    hull = hull[:: -(-len(hull) // _MOST)]  # every edge is compared with every corner
    edges = np.roll(hull, -1, axis=0) - hull
    along = edges / np.linalg.norm(edges, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    u, v = hull @ along.T, hull @ across.T
    best = int((np.ptp(u, axis=0) * np.ptp(v, axis=0)).argmin())
    (u1, u2), (v1, v2) = ((float(t.min()), float(t.max())) for t in (u[:, best], v[:, best]))
    corners = np.array([(u1, v1), (u2, v1), (u2, v2), (u1, v2)]) @ np.stack([along[best], across[best]])
    x, y = along[best] if u2 - u1 >= v2 - v1 else across[best]
    area = sum(_area(np.array(piece)) for piece in pieces)
    width, length = sorted((u2 - u1, v2 - v1))
    return Rectangle(
        length, width, math.degrees(math.atan2(y, x)), min(1.0, area / (length * width)), corners
    )


def is_round(obj: Object) -> bool:
    """Whether the object's only outline is round; an oriented box never is."""
    if len(obj.polygons) != 1 or len(set(obj.polygons[0])) < _CORNERS:
        return False
    hull = hull_of(obj.polygons[0])
    if len(hull) < _CORNERS:
        return False
    around = float(np.linalg.norm(np.roll(hull, -1, axis=0) - hull, axis=1).sum())
    area = _area(hull)
    return 4 * math.pi * area >= ROUND * around**2 and _area(np.array(obj.polygons[0])) >= _SOLID * area


def hull_of(points: Sequence[Point]) -> Array:
    """The corners of the convex hull, (n, 2), in turning order (Andrew's monotone chain)."""
    ordered = sorted(set(points))

    def half(run: Sequence[Point]) -> list[Point]:
        chain: list[Point] = []
        for p in run:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], p) <= 0:
                chain.pop()
            chain.append(p)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]), dtype=np.float64).reshape(-1, 2)


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _area(points: Array) -> float:
    x, y = points.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
