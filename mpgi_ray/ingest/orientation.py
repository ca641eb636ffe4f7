"""Pictures that say by EXIF how to turn them: they are turned once, and what is annotated with them.

Viewers turn such pictures, most programs that train on them do not; in shards all are upright. Boxes and
masks count in the pixels of the file, as annotation tools and published files do, unless the width and height
that are stated beside them are those of the turned picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from mpgi_ray.data.image import ImageError, Picture, decode, open_image
from mpgi_ray.ingest.raster import Plain

TURNED = "turned by EXIF orientation"
_TAG = 0x0112  # of EXIF: the orientation, from 1 to 8
_ON_ITS_SIDE = (5, 6, 7, 8)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Point = tuple[float, float]
Size = tuple[int, int]
Value = TypeVar("Value", bound=np.generic)


class Turned(Plain):
    """A picture with its turn baked in; its bytes are new ones.

    Attributes:
        orientation: that of the file.
        stored: width and height in the file.
    """

    def __init__(self, data: bytes, orientation: int) -> None:
        super().__init__(data)
        self.orientation, other = orientation, self.size[::-1] if orientation in _ON_ITS_SIDE else self.size
        self._decoded_so = open_image(data).format == "TIFF"  # Pillow turns these itself, its size is turned
        self.stored, self.size = (other, self.size) if self._decoded_so else (self.size, other)
        self.made = f"{TURNED} {orientation}"

    def whole(self) -> tuple[bytes, str]:
        return self._decoded.encoded(), self._decoded.suffix

    @cached_property
    def _decoded(self) -> Picture:
        picture = decode(self.content)
        stored = picture.pixels
        pixels = stored.copy() if self._decoded_so else stored.transpose(_TURNS[self.orientation])
        pixels.info.clear()  # among it the orientation, which does not hold any more
        return Picture(b"", pixels, picture.suffix)


def opened(data: bytes) -> Plain:
    """A picture, turned if it says so.

    Raises:
        ImageError: it is none, or too large.
    """
    orientation = _orientation(data)
    return Turned(data, orientation) if orientation > 1 else Plain(data)


def turned_fields(fields: Mapping[str, Any], raster: Turned) -> dict[str, Any]:
    """Fields of an annotation in the file's pixels as they hold in the turned picture."""
    objects = tuple(_object(thing, raster) for thing in fields.get("objects", ()))
    return {**fields, "objects": objects}


def turned_values(values: npt.NDArray[Value], orientation: int) -> npt.NDArray[Value]:
    """Values of the file's pixels, (height, width), as they lie in the turned picture."""
    if orientation in _ON_ITS_SIDE:
        values = values.T
    # what is left to do is a mirror image of one or both sides
    across = -1 if orientation in (2, 3, 6, 7) else 1
    down = -1 if orientation in (3, 4, 7, 8) else 1
    return values[::down, ::across]


def _orientation(data: bytes) -> int:
    """1 for an upright picture, and for one that does not say how it is to be turned."""
    if not _may_hold_exif(data):  # as most: Pillow needs many times as long to say so
        return 1
    try:
        told = open_image(data).getexif().get(_TAG, 1)
    except ImageError:
        raise
    except Exception:  # Pillow raises almost any exception for damaged metadata: they turn nothing
        return 1
    return told if told in _TURNS else 1


def _may_hold_exif(data: bytes) -> bool:
    marks = {b"\xff\xd8": b"Exif\0\0", b"\x89P": b"eXIf", b"RI": b"EXIF", b"II": b"II", b"MM": b"MM"}
    mark = marks.get(data[:2])  # by the format: JPEG, PNG, WebP, TIFF
    return mark is not None and mark in data


def _object(thing: Mapping[str, Any], raster: Turned) -> dict[str, Any]:
    def moved(points: Iterable[Point]) -> tuple[Point, ...]:
        return tuple(_point(x, y, raster) for x, y in points)

    x1, y1, x2, y2 = thing["box"]
    (ax, ay), (bx, by) = moved(((x1, y1), (x2, y2)))
    # a box that was inverted stays so, and is refused
    flip_x, flip_y = (x2 < x1, y2 < y1) if raster.orientation not in _ON_ITS_SIDE else (y2 < y1, x2 < x1)
    xs, ys = sorted((ax, bx), reverse=flip_x), sorted((ay, by), reverse=flip_y)
    corners = {"obb": moved(thing["obb"])} if thing.get("obb") else {}
    outlines = tuple(moved(outline) for outline in thing.get("polygons", ()))
    return {**thing, "box": (xs[0], ys[0], xs[1], ys[1]), "polygons": outlines, **corners}


def _point(x: float, y: float, raster: Turned) -> Point:
    width, height = raster.size
    if raster.orientation in _ON_ITS_SIDE:
        x, y = y, x
    return (
        width - x if raster.orientation in (2, 3, 6, 7) else x,
        height - y if raster.orientation in (3, 4, 7, 8) else y,
    )
