"""LabelMe: one JSON file a picture, with the shapes that were drawn on it."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.text import JsonError, decode_json
from mpgi_ray.ingest.beside import Note, annotated
from mpgi_ray.ingest.item import Entry, Listing
from mpgi_ray.ingest.outline import Point, around, boxed, oriented, outlined

_BARE = ("line", "linestrip", "point", "points")  # they have no area
_log = logging.getLogger(__name__)


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    label: str = Field(min_length=1)
    points: tuple[Point, ...] = Field(min_length=1)
    shape_type: str | None = None
    group_id: int | str | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True)
    shapes: tuple[_Shape, ...]
    imageWidth: int | None = None
    imageHeight: int | None = None


def labelme(
    annotations: Annotated[str, typer.Argument(help="The folder of JSON files.")],
    images: Annotated[str, typer.Option(help="The folder of pictures; their names match the JSON files'.")],
) -> Listing:
    """Read LabelMe: one JSON file a picture, with outlines, boxes, circles and masks by label.

    A circle becomes the box around it, and so does a mask. Shapes of one label and `group_id` are one object.
    Lines and points have no area: they are left out, and counted in a warning. A picture within the file
    (`imageData`) is not read; the one of the folder is.

    Raises:
        InputError: a folder holds no pictures, or no JSON files.
    """
    bare = Counter[str]()
    listing = annotated("labelme", images, annotations, "json", lambda text: _note(text, bare))

    def entries() -> Iterator[Entry]:
        bare.clear()
        yield from listing
        if bare:
            counts = ", ".join(f"{count} of type {kind}" for kind, count in sorted(bare.items()))
            _log.warning("%s: shapes without an area are left out: %s", annotations, counts)

    return replace(listing, entries=entries)


def _note(text: str, bare: Counter[str]) -> Note:
    try:
        file = _File.model_validate(decode_json(text))
    except ValidationError as error:
        raise ValueError(first_problem(error)) from error
    except JsonError as error:
        raise ValueError(f"it is not valid JSON: {error}") from error
    objects: dict[Any, dict[str, Any]] = {}
    for position, shape in enumerate(file.shapes):
        if shape.shape_type in _BARE:
            bare[shape.shape_type] += 1
            continue
        try:
            found = _object(shape)
        except ValueError as error:
            raise ValueError(f"shape {position} ({shape.label!r:.60}): {error}") from error
        key = position if shape.group_id is None else (shape.label, shape.group_id)
        objects[key] = _joined(objects[key], found) if key in objects else found
    return Note({"objects": tuple(objects.values())}, (file.imageWidth, file.imageHeight))


def _object(shape: _Shape) -> dict[str, Any]:
    match shape.shape_type or "polygon", shape.points:
        case "polygon", points:
            return outlined(shape.label, (points,))
        case "rotation", points:  # of X-AnyLabeling
            return oriented(shape.label, [value for point in points for value in point])
        case "rectangle", points if len(points) >= 2:  # two opposite corners, in any order, or all four
            return boxed(shape.label, around(points))
        case "circle", ((x, y), rim):
            radius = math.dist((x, y), rim)
            return boxed(shape.label, (x - radius, y - radius, x + radius, y + radius))
        case "mask", ((x1, y1), (x2, y2)):  # its first and its last pixel
            return boxed(shape.label, (x1, y1, x2 + 1, y2 + 1))
        case kind, points:
            raise ValueError(f"a shape of type {kind!r:.60} with {len(points)} points is not known")


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two parts of an object; it has outlines only if both have."""
    x1, y1, x2, y2 = zip(one["box"], other["box"], strict=True)
    both: Sequence[Any] = [part.get("polygons", ()) for part in (one, other)]
    outlines = both[0] + both[1] if all(both) else ()
    return boxed(one["label"], (min(x1), min(y1), max(x2), max(y2)), polygons=outlines)
