"""The form of the objects of a class: how large, how long, which way they point. From annotations alone.

What is said holds of each object (of the direction: of nearly all), and nothing is said between two bounds.
An axis-parallel box of a thing that lies askew is neither its size nor its shape. But a box that is four
times as long as high holds a thing that is as elongated itself, within 15 degrees of the axis (its slope is
at most one to four): so much is said of plain boxes, and never metres.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mpgi_ray.data.sample import Object
from mpgi_ray.rules import geometry
from mpgi_ray.rules.outlines import direction_of, is_round, rectangle_of

SMALL, LARGE = 1 / 300, 1 / 25  # of the picture: COCO's 32² and 96² pixels of 640 × 480, and a little wider
LARGE_BOX = 1 / 16  # a plain box holds more than the thing
SMALL_SIDE = 1 / 8  # longest side of a small object, in units of the root of the picture's area
LARGE_SIDE = 1 / 10  # shortest side of a large object: a band across the picture is long, not large
ELONGATED = 3.0  # least ratio of length and width
ELONGATED_BOX = 4.0  # of a plain box; see above
DIRECTED = 1.6  # least ratio of a thing that points anywhere
FILLED = 0.65  # least share of its rectangle that a thing fills whose length and width say something
AGREEING = 0.9  # least share of the objects that point the same way
WHOLE = 0.95  # of an object's own box that lies in the image
MOSTLY = 0.75  # least share of the objects that can be measured
MIN_PX = 4.0  # least width in pixels of what is given in metres
SPREAD = 0.25  # farthest quartile from the median of a length in metres


@dataclass(frozen=True)
class Form:
    """What the outlines of a class's told objects have in common; nothing between two bounds.

    Attributes:
        size: ``small`` or ``large`` against the picture, each of them; None between.
        metres: length and width of the usual object, in metres: the medians; None without a GSD, without
            outlines or oriented boxes, or where the objects differ much or are cut by the border.
        shape: ``elongated`` or ``round``, each of them; None between. Round needs outlines.
        direction: of the long axes in the image: ``horizontal``, ``vertical`` or ``diagonal``, of nearly all
            of them; None between.
        alike: whether each told object has these metres, within `SPREAD`, and this direction.
        share: of the picture that the usual object takes (evidence for the size): the median of areas.
        ratio: length over width of the usual object (evidence for the shape): the median.
    """

    size: str | None
    metres: tuple[float, float] | None
    shape: str | None
    direction: str | None
    alike: bool
    share: float
    ratio: float


@dataclass(frozen=True)
class _Measured:
    """One object, in pixels; its shape and direction where they can be told."""

    area: float
    length: float
    width: float
    metric: bool  # whether length and width are the object's own, not its box's
    shape: str | None
    direction: str | None
    whole: bool  # not cut by the border

    @property
    def ratio(self) -> float:
        return self.length / max(self.width, 1e-9)


def form_of(objects: Sequence[Object], width: int, height: int, gsd: float | None) -> Form:
    """The form of the told objects of one class.

    Args:
        objects: at least one.
        width, height: of the image in pixels.
        gsd: metres per pixel.
    """
    measured = [_measured(o, width, height) for o in objects]
    # what the border cuts says nothing of form, if only few are cut
    whole = [m for m in measured if m.whole]
    judged = whole if len(whole) >= MOSTLY * len(measured) else []
    metres, direction = _metres(judged, gsd) if gsd else None, _direction(judged)
    return Form(
        size=_size(measured, width * height),
        metres=metres,
        shape=_shape(judged),
        direction=direction,
        alike=bool(gsd and metres and all(_is_alike(m, metres, direction, gsd) for m in measured)),
        share=float(np.median([m.area for m in measured])) / (width * height),
        ratio=float(np.median([m.ratio for m in whole or measured])),
    )


def _measured(obj: Object, width: int, height: int) -> _Measured:
    box = obj.box
    sides = box.x2 - box.x1, box.y2 - box.y1
    # some sources cut boxes at the border and do not say so
    cut = min(box.x1, box.y1, width - box.x2, height - box.y2) < 1
    whole = obj.visible > WHOLE and not cut
    area, rectangle = geometry.area(obj), rectangle_of(obj)
    if rectangle is None:
        elongated = max(sides) >= ELONGATED_BOX * min(sides) and not (obj.polygons or obj.obb)
        direction = ("horizontal" if sides[0] > sides[1] else "vertical") if elongated else None
        shape = "elongated" if elongated else None
        return _Measured(area, max(sides), min(sides), False, shape, direction, whole)
    filled = rectangle.fill >= FILLED
    shape = "elongated" if filled and rectangle.ratio >= ELONGATED else "round" if is_round(obj) else None
    pointing = filled and rectangle.ratio >= DIRECTED
    direction = direction_of(rectangle.angle) if pointing else None
    return _Measured(area, rectangle.length, rectangle.width, filled, shape, direction, whole)


def _size(measured: Sequence[_Measured], picture: float) -> str | None:
    root = math.sqrt(picture)
    if all(
        m.area >= (LARGE if m.metric else LARGE_BOX) * picture and m.width >= LARGE_SIDE * root
        for m in measured
    ):
        return "large"  # true of what is cut too: it is larger than what shows
    whole = [m for m in measured if m.whole]
    if len(whole) < MOSTLY * len(measured):
        return None
    small = all(m.area <= SMALL * picture and m.length <= SMALL_SIDE * root for m in measured)
    return "small" if small else None


def _metres(judged: Sequence[_Measured], gsd: float) -> tuple[float, float] | None:
    if not judged or not all(m.metric and m.width >= MIN_PX for m in judged):
        return None
    sides = np.array([(m.length, m.width) for m in judged]) * gsd
    low, middle, high = np.quantile(sides, (0.25, 0.5, 0.75), axis=0)
    if (np.maximum(high - middle, middle - low) > SPREAD * middle).any():
        return None
    return float(middle[0]), float(middle[1])


def _is_alike(m: _Measured, metres: tuple[float, float], direction: str | None, gsd: float) -> bool:
    near = all(
        abs(gsd * side - usual) <= SPREAD * usual
        for side, usual in zip((m.length, m.width), metres, strict=True)
    )
    return m.whole and near and m.direction == direction


def _shape(judged: Sequence[_Measured]) -> str | None:
    shapes = {m.shape for m in judged}
    return shapes.pop() if len(shapes) == 1 else None


def _direction(judged: Sequence[_Measured]) -> str | None:
    if not judged:
        return None
    direction, count = Counter(m.direction for m in judged).most_common(1)[0]
    return direction if count >= AGREEING * len(judged) else None
