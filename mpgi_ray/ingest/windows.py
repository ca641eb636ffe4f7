"""Large pictures cut into windows: where the windows lie, and what an annotation says of one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import shapely
from pydantic import Field, model_validator
from shapely.geometry.base import BaseGeometry

from mpgi_ray.config import Config
from mpgi_ray.data.sample import Annotation, Box, Object, Point
from mpgi_ray.ingest.clip import clipped

Window = tuple[int, int, int, int]  # x, y, width, height in the picture's pixels
# what is said of a picture and holds in its parts
_OF_A_PART = (
    "vocabulary", "gsd", "date", "place", "sensor", "false_colour", "source", "licence", "split",
)  # fmt: skip


class Tiling(Config):
    """When and how a picture is cut.

    Attributes:
        tile: longest side of a window in pixels.
        overlap: pixels that neighbouring windows share.
        above: pictures of at most so many pixels stay whole; None cuts whatever a window does not hold.
            RSM-ITD cuts pictures of more than 4,000,000.
    """

    tile: int = Field(ge=32, le=16_384)
    overlap: int = Field(default=0, ge=0)
    above: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _overlap_is_smaller(self) -> Tiling:
        if 2 * self.overlap > self.tile:
            raise ValueError(f"overlap {self.overlap}: expected at most half of the tile, {self.tile // 2}")
        return self

    def windows(self, width: int, height: int) -> list[Window]:
        """The windows of a picture row by row; none if it stays whole.

        All of a picture lie in as few columns and rows as possible, of nearly equal sides, so none is a
        sliver. Without overlap every pixel is in one of them.
        """
        small = max(width, height) <= self.tile
        if small or (self.above is not None and width * height <= self.above):
            return []
        across, down = (_cuts(side, self.tile, self.overlap) for side in (width, height))
        return [(x, y, w, h) for y, h in down for x, w in across]


def _cuts(side: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """Start and length of the pieces of a side."""
    number = 1 if side <= tile else math.ceil((side - overlap) / (tile - overlap))
    edges = [round(i * (side - overlap) / number) for i in range(number + 1)]
    return [(start, end + overlap - start) for start, end in pairwise(edges)]


def window_name(name: str, window: Window) -> str:
    """``NAME#x_y_w_h``."""
    return f"{name}#{'_'.join(map(str, window))}"


def in_window(annotation: Annotation, window: Window) -> dict[str, Any]:
    """The fields of an annotation as they hold in a window, without cover.

    Objects are cut at its border and moved; ``visible`` becomes the share of the object's area in the window,
    times the share that was visible before. What is said of the picture as a whole (scene, labels, captions,
    tags) is left out, since it may not be so in a part.

    Raises:
        ShapelyError: an outline cannot be cut, as one of coordinates beyond all measure.
    """
    x, y, width, height = window
    fields = {name: getattr(annotation, name) for name in _OF_A_PART}
    if annotation.bounds:
        west, south, east, north = annotation.bounds
        across, down = (east - west) / annotation.width, (south - north) / annotation.height
        lower, right = north + (y + height) * down, west + (x + width) * across
        fields["bounds"] = (west + x * across, lower, right, north + y * down)
    size = annotation.width, annotation.height
    objects = tuple(cut for thing in annotation.objects if (cut := _cut(thing, window, size)))
    return {**fields, "width": width, "height": height, "objects": objects}


def _cut(thing: Object, window: Window, size: tuple[float, float]) -> Object | None:
    """An object's part in a window of a picture; None if no area of it lies there."""
    x, y, width, height = window
    x1, y1, x2, y2 = thing.box
    if x2 <= x or y2 <= y or x + width <= x1 or y + height <= y1:
        return None
    if x <= x1 and y <= y1 and x2 <= x + width and y2 <= y + height:
        return _moved(thing, window)
    whole = _shape(thing)
    part = clipped(whole, x, y, x + width, y + height)
    if part.area == 0:
        return None
    outlines = _outlines(part) if thing.polygons or thing.obb else ()
    # what lies outside the picture is left out of `visible` already
    inside = clipped(whole, 0, 0, *size)
    share = min(1.0, part.area / max(inside.area, part.area))
    cut = {"box": Box(*part.bounds), "obb": None, "polygons": outlines, "visible": thing.visible * share}
    return _moved(thing.model_copy(update=cut), window)


def _moved(thing: Object, window: Window) -> Object:
    left, top, *_ = window

    def moved(points: Iterable[Point]) -> tuple[Point, ...]:
        return tuple((x - left, y - top) for x, y in points)

    x1, y1, x2, y2 = thing.box
    return thing.model_copy(
        update={
            "box": Box(x1 - left, y1 - top, x2 - left, y2 - top),
            "obb": thing.obb and moved(thing.obb),
            "polygons": tuple(map(moved, thing.polygons)),
        }
    )


def _shape(thing: Object) -> Any:
    """The object's area as a shape; its box if it has no outline of any area."""
    outlines = thing.polygons or ((thing.obb,) if thing.obb else ())
    shape = shapely.union_all([shapely.make_valid(shapely.Polygon(outline)) for outline in outlines])
    return shape if shape.area > 0 else shapely.box(*thing.box)


def _outlines(part: BaseGeometry) -> tuple[tuple[Point, ...], ...]:
    """Those of a shape without its holes, which are left out of texts as well."""
    pieces = [piece for piece in shapely.get_parts(part) if piece.geom_type == "Polygon"]
    rings = [shapely.get_coordinates(piece.exterior)[:-1].tolist() for piece in pieces]
    return tuple(tuple((x, y) for x, y in ring) for ring in rings)
