"""AU-AIR: frames of a drone's flights over traffic, one JSON file of boxes and flight data."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.sample import Rejected
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing, report_unused
from mpgi_ray.ingest.outline import boxed
from mpgi_ray.ingest.pictures import Pictures
from mpgi_ray.ingest.tables import read_json_file


class _Box(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
    left: float
    top: float
    width: float
    height: float
    number: int = Field(alias="class")


class _Time(BaseModel):
    model_config = ConfigDict(frozen=True)
    year: int
    month: int
    day: int


class _Frame(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    image_name: str = Field(min_length=1)
    # the colon stands in the published file
    image_width: int | None = Field(None, validation_alias=AliasChoices("image_width:", "image_width"))
    image_height: int | None = None
    bbox: tuple[_Box, ...]
    time: _Time | None = None
    platform: str | None = None


def auair(
    annotations: Annotated[str, typer.Argument(help="The JSON file (annotations.json).")],
    images: Annotated[str, typer.Option(help="The folder of pictures.")],
) -> Listing:
    """Read AU-AIR: the boxes of each frame, its date and the drone that took it.

    Height, speed, turn and position of the drone are left out. Pictures that the file does not name are left
    out, and counted in a warning.

    Raises:
        InputError: the file or folder cannot be read, or is not of this layout.
    """
    content, fingerprint = read_json_file(annotations)
    frames, classes = _content(content, annotations)
    pictures = Pictures(images)

    def entries() -> Iterator[Entry]:
        unused, used = set[str](), set[str]()
        for position, raw in enumerate(frames):
            try:
                frame = _Frame.model_validate(raw)
                name = pictures.find(frame.image_name)
                used.add(name)
                note = _note(frame, classes)
            except ValueError as error:
                detail = first_problem(error) if isinstance(error, ValidationError) else str(error)
                called = raw.get("image_name") if isinstance(raw, dict) else None
                yield Rejected(str(called or f"frame {position}"), 0, "bad_annotation", detail)
                continue
            unused |= set(frame.model_extra or ())
            yield Item(pictures.root, name, note, (frame.image_width, frame.image_height))
        report_unused(annotations, unused)
        pictures.tell_others(used)

    return Listing("auair", f"{annotations} {images}", fingerprint, entries, classes)


def _content(content: Any, path: str) -> tuple[list[Any], tuple[str, ...]]:
    found = content if isinstance(content, dict) else {}
    frames, names = found.get("annotations"), found.get("categories")
    if not isinstance(frames, list) or not isinstance(names, list):
        raise InputError(f"{path} has no lists 'annotations' and 'categories': expected AU-AIR's file")
    if strange := [name for name in names if not isinstance(name, str)]:
        raise InputError(
            f"{path}: category {strange[0]!r:.60}: expected a name, as AU-AIR has them; "
            "a file of categories with ids is read by `mpgi ingest coco`"
        )
    return frames, tuple(names)


def _note(frame: _Frame, classes: tuple[str, ...]) -> dict[str, Any]:
    day = None if frame.time is None else datetime.date(frame.time.year, frame.time.month, frame.time.day)
    return {
        "objects": tuple(_object(box, classes) for box in frame.bbox),
        "vocabulary": dict.fromkeys(classes),
        "date": None if day is None else day.isoformat(),
        "sensor": frame.platform,
    }


def _object(box: _Box, classes: tuple[str, ...]) -> dict[str, Any]:
    if not 0 <= box.number < len(classes):
        raise ValueError(f"class {box.number}: the file names {len(classes)} categories, from 0 on")
    corners = (box.left, box.top, box.left + box.width, box.top + box.height)
    return boxed(classes[box.number], corners)
