"""Functional Map of the World: one JSON file a picture, with boxes of what the place is used for."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mpgi_ray.config import first_problem
from mpgi_ray.data.text import JsonError, decode_json
from mpgi_ray.ingest.beside import Note, annotated
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.outline import boxed
from mpgi_ray.ingest.pictures import stem


class _Box(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    category: str = Field(min_length=1)
    box: tuple[float, float, float, float]  # left, top, width, height


class _Picture(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    bounding_boxes: tuple[_Box, ...]
    gsd: float | None = None
    img_width: int | None = None
    img_height: int | None = None
    timestamp: datetime.datetime | None = None

    @field_validator("bounding_boxes", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """Some files hold the one box itself, without a list."""
        return [value] if isinstance(value, dict) else value


def fmow(
    root: Annotated[str, typer.Argument(help="The folder of pictures with a JSON file beside each.")],
    msrgb: Annotated[bool, typer.Option(help="Keep the second rendering of pictures, _msrgb, too.")] = False,
) -> Listing:
    """Read fMoW: a box for each place in a picture, with its category, resolution and date.

    `airport/airport_0/airport_0_0_rgb.json` belongs to `airport_0_0_rgb.jpg` beside it. Pictures that end in
    `_msrgb` show the same again and are left out; so are sun, cloud and position.

    Raises:
        InputError: the folder holds no pictures, or no JSON files.
    """
    listing = annotated("fmow", root, root, "json", _note, given="msrgb" if msrgb else "")
    if msrgb:
        return listing

    def entries() -> Iterator[Entry]:
        return (entry for entry in listing if not stem(_called(entry)).endswith("_msrgb"))

    return replace(listing, entries=entries)


def _called(entry: Entry) -> str:
    return entry.name if isinstance(entry, Item) else entry.key


def _note(text: str) -> Note:
    try:
        picture = _Picture.model_validate(decode_json(text))
    except ValidationError as error:
        raise ValueError(first_problem(error)) from error
    except JsonError as error:
        raise ValueError(f"it is not valid JSON: {error}") from error
    objects = []
    for place in picture.bounding_boxes:
        left, top, width, height = place.box
        objects.append(boxed(place.category, (left, top, left + width, top + height)))
    day = None if picture.timestamp is None else picture.timestamp.date().isoformat()
    gsd = picture.gsd if picture.gsd is not None and picture.gsd > 0 else None
    return Note({"objects": tuple(objects), "gsd": gsd, "date": day}, (picture.img_width, picture.img_height))
