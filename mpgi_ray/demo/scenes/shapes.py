"""Outlines from which the things of the generated scenes are built, in metres.

A model lies with its length along x and its middle near the origin. Its *outline* is what it covers seen
from above: convex polygons, painted in its colour, measured for its boxes and swept for its shadow. Its
*parts* are painted on top and stay inside the outline.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Polygon = npt.NDArray[np.float64]
Rgb = tuple[int, int, int]

LINE: Rgb = (238, 238, 232)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A painted detail.

    Attributes:
        points: polygon, (n, 2), in metres.
        tone: a factor on the object's colour, or a colour of its own.
        normal: the direction that a slope faces, which decides how the sun lights it; of length 1 for a steep
            slope, less for a gentle one.
    """

    points: Polygon
    tone: float | Rgb = 1.0
    normal: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """How one class of objects looks.

    Attributes:
        outline: convex polygons, each (n, 2), in metres.
        height: in metres, for the shadow.
        surface: the cover class its pixels belong to; None keeps the ground's.
    """

    outline: tuple[Polygon, ...]
    parts: tuple[Part, ...] = ()
    height: float = 1.5
    surface: str | None = None


def polygon(*points: tuple[float, float]) -> Polygon:
    return np.array(points, dtype=np.float64)


def rectangle(x1: float, y1: float, x2: float, y2: float) -> Polygon:
    """Four corners from two opposite ones."""
    return polygon((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def block(length: float, width: float, x: float = 0.0, y: float = 0.0) -> Polygon:
    """A rectangle around (x, y)."""
    return rectangle(x - length / 2, y - width / 2, x + length / 2, y + width / 2)


def ellipse(rx: float, ry: float, x: float = 0.0, y: float = 0.0, corners: int = 24) -> Polygon:
    """An ellipse around (x, y) as a polygon."""
    angle = np.arange(corners) * (2 * math.pi / corners)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def rounded(length: float, width: float, cut: float) -> Polygon:
    """A rectangle with its corners cut off."""
    x, y, a, b = length / 2, width / 2, length / 2 - cut, width / 2 - cut
    return polygon((-a, -y), (a, -y), (x, -b), (x, b), (a, y), (-a, y), (-x, b), (-x, -b))


def capsule(length: float, width: float) -> Polygon:
    """A rectangle with round ends."""
    right = ellipse(width / 2, width / 2)[[18, 20, 22, 0, 2, 4, 6]] + (length / 2 - width / 2, 0)
    return np.concatenate([right, -right])


def hull(length: float, width: float) -> Polygon:
    """A vessel seen from above, its bow to the right."""
    x, y = length / 2, width / 2
    half = [(-x, 0.72 * y), (-0.5 * x, y), (0.2 * x, y), (0.65 * x, 0.62 * y)]
    return polygon(*half, (x, 0), *((a, -b) for a, b in reversed(half)))


def frame(length: float, width: float, stroke: float, x: float = 0.0) -> list[Part]:
    """The four painted lines of a rectangle around (x, 0)."""
    a, b = length / 2, width / 2
    sides = [(-a, -b, a, stroke - b), (-a, b - stroke, a, b), (-a, -b, stroke - a, b), (a - stroke, -b, a, b)]
    return [Part(rectangle(x + x1, y1, x + x2, y2), LINE) for x1, y1, x2, y2 in sides]


def bars(places: Iterable[float], width: float, stroke: float, tone: float | Rgb) -> list[Part]:
    """Lines across the model at these places along x."""
    return [Part(block(stroke, width, x), tone) for x in places]


def gable(length: float, width: float, *more: Part, height: float) -> Model:
    """A building with a ridge along its length."""
    x, y = length / 2, width / 2
    slopes = (Part(rectangle(-x, -y, x, 0), 1.0, (0, -1)), Part(rectangle(-x, 0, x, y), 1.0, (0, 1)))
    ridge = Part(rectangle(-x, -0.12, x, 0.12), 1.15)
    return Model((block(length, width),), (*slopes, ridge, *more), height, "building")


def flat(length: float, width: float, *more: Part, height: float) -> Model:
    """A building with a flat roof; what the roof leaves of the outline is the parapet."""
    return Model(
        (block(length, width),), (Part(block(length - 1.4, width - 1.4), 0.9), *more), height, "building"
    )


def cone(radius: float, corners: int, height: float) -> Model:
    """A round or many-sided roof that falls off all around."""
    rim = ellipse(radius, radius, corners=corners)
    slopes = []
    for a, b in zip(rim, np.roll(rim, -1, axis=0), strict=True):
        x, y = (a + b) / np.linalg.norm(a + b)
        slopes.append(Part(np.stack([a, b, np.zeros(2)]), 1.0, (float(x), float(y))))
    return Model((rim,), (*slopes, Part(ellipse(radius / 7, radius / 7, corners=8), 1.15)), height)


def wheeled(
    length: float, width: float, height: float, *panes: tuple[float, float], roof: float = 1.06
) -> Model:
    """A car, van or bus with glass across between these pairs of x."""
    glass = [Part(rectangle(a, -0.41 * width, b, 0.41 * width), (40, 50, 62)) for a, b in panes]
    top = Part(block(0.6 * length, 0.78 * width, -0.05 * length), roof)
    return Model((rounded(length, width, 0.12 * width),), (top, *glass), height)
