"""Objects of one class for the tests of rules, by what is known of them; all values are in pixels."""

from __future__ import annotations

import math

from mpgi_ray.data.sample import Box, Object, Point


def boxed(x: float, y: float, width: float, height: float, visible: float = 1.0) -> Object:
    """With an axis-parallel box alone, around its middle."""
    box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return Object(label="thing", box=box, visible=visible)


def square(x: float, y: float, side: float) -> Object:
    return boxed(x, y, side, side)


def oriented(x: float, y: float, length: float, width: float, degrees: float) -> Object:
    """With an oriented box."""
    a, b, c, d = (_turned(x, y, length * u / 2, width * v / 2, degrees) for u, v in _SIGNS)
    return Object(label="thing", box=_around((a, b, c, d)), obb=(a, b, c, d))


def outlined(*points: Point) -> Object:
    """With an outline."""
    return Object(label="thing", box=_around(points), polygons=(points,))


def ellipse(x: float, y: float, length: float, width: float, degrees: float = 0, corners: int = 24) -> Object:
    """With an elliptic outline."""
    angles = [2 * math.pi * i / corners for i in range(corners)]
    return outlined(
        *(_turned(x, y, length / 2 * math.cos(a), width / 2 * math.sin(a), degrees) for a in angles)
    )


_SIGNS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def _turned(x: float, y: float, u: float, v: float, degrees: float) -> Point:
    a = math.radians(degrees)
    return x + u * math.cos(a) - v * math.sin(a), y + u * math.sin(a) + v * math.cos(a)


def _around(points: tuple[Point, ...]) -> Box:
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))
