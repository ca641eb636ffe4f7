"""Whether the places of things contradict that they stand in a row."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from mpgi_ray.data.box import Box

_WIDE = 0.3  # of the length of what is no row, by the deviations of the middles
_ACROSS = 2.5  # times as far across as along: the row does not run that way


def otherwise(direction: str, pattern: str, boxes: Sequence[Box]) -> str:
    """How things lie that are said to stand in a row or above each other, and do not; else empty.

    Args:
        direction: ``single``, ``vertical`` or so; empty if none is told.
        pattern: ``row`` or ``stacked``; of others nothing is known.
        boxes: of all of them, in shares of the image.
    """
    if len(boxes) < 2 or pattern not in ("row", "stacked"):
        return ""
    x, y = ([box.middle[axis] for box in boxes] for axis in (0, 1))
    wide, high = max(x) - min(x), max(y) - min(y)
    if (direction == "vertical" or pattern == "stacked") and wide > _ACROSS * high:
        return "beside each other"
    if direction == "horizontal" and high > _ACROSS * wide:
        return "one above the other"
    if pattern == "row" and direction and len(boxes) > 3 and _width(x, y) > _WIDE:
        return "in no row"
    return ""


def _width(x: Sequence[float], y: Sequence[float]) -> float:
    """The deviation of points across their main direction, as a share of that along it."""
    n = len(x)
    dx, dy = [v - sum(x) / n for v in x], [v - sum(y) / n for v in y]
    xx, yy, xy = (sum(a * b for a, b in zip(p, q, strict=True)) for p, q in ((dx, dx), (dy, dy), (dx, dy)))
    spread = sqrt((xx - yy) ** 2 + 4 * xy * xy)
    longest = xx + yy + spread
    return sqrt(max(0.0, xx + yy - spread) / longest) if longest else 0.0
