"""Objects from the numbers that annotation files hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

Point = tuple[float, float]


def numbers(words: Iterable[str]) -> list[float]:
    """Finite numbers.

    Raises:
        ValueError: a word is none.
    """
    found = []
    for word in words:
        try:
            value = float(word)
        except ValueError as error:
            raise ValueError(f"expected a number, found {word!r:.60}") from error
        if not math.isfinite(value):
            raise ValueError(f"expected a finite number, found {word!r:.60}")
        found.append(value)
    return found


def points(flat: Sequence[float]) -> tuple[Point, ...]:
    """Points of ``x1 y1 x2 y2 …``.

    Raises:
        ValueError: fewer than three, or half of one.
    """
    if len(flat) < 6 or len(flat) % 2:
        raise ValueError(f"an outline of {len(flat)} numbers: expected x and y of three or more points")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def around(outline: Iterable[Point]) -> tuple[float, float, float, float]:
    """The box around points."""
    xs, ys = zip(*outline, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def boxed(label: str, box: Sequence[float], **flags: Any) -> dict[str, Any]:
    """Fields of an `Object` of an axis-parallel box x1, y1, x2, y2.

    Raises:
        ValueError: not four numbers.
    """
    if len(box) != 4:
        raise ValueError(f"a box of {len(box)} numbers: expected four")
    return {"label": label, "box": tuple(box), **flags}


def oriented(label: str, corners: Sequence[float], **flags: Any) -> dict[str, Any]:
    """Fields of an `Object` of the four corners of an oriented box, in drawing order.

    Raises:
        ValueError: not eight numbers.
    """
    if len(corners) != 8:
        raise ValueError(f"an oriented box of {len(corners)} numbers: expected x and y of four corners")
    four = points(corners)
    return {"label": label, "box": around(four), "obb": four, **flags}


def outlined(label: str, outlines: Sequence[tuple[Point, ...]], **flags: Any) -> dict[str, Any]:
    """Fields of an `Object` of one or more outlines.

    Raises:
        ValueError: an outline of fewer than three points.
    """
    for outline in outlines:
        if len(outline) < 3:
            raise ValueError(f"an outline of {len(outline)} points: expected three or more")
    box = around(point for outline in outlines for point in outline)
    return {"label": label, "box": box, "polygons": tuple(outlines), **flags}


def turned(cx: float, cy: float, width: float, height: float, angle: float) -> list[float]:
    """The corners of a box of this middle and size, turned clockwise by an angle in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    w, h = width / 2, height / 2
    sides = ((-w, -h), (w, -h), (w, h), (-w, h))
    return [value for x, y in sides for value in (cx + x * cos - y * sin, cy + x * sin + y * cos)]
