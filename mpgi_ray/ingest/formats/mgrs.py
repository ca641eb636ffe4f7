"""MGRS-200k: captions of several lengths and the objects of each picture, in one JSON file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.sample import Rejected
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing, report_unused
from mpgi_ray.ingest.outline import boxed
from mpgi_ray.ingest.pictures import Pictures
from mpgi_ray.ingest.tables import read_json_file
from mpgi_ray.ingest.texts import captions_of


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class _Box(_Part):
    x1: float
    y1: float
    x2: float
    y2: float
    W: int | None = None  # of the picture
    H: int | None = None


class _Segment(_Part):
    bbox: _Box
    category: str = Field(min_length=1)
    category_id: int | None = None


class _Picture(_Part):
    global_filepath: str = Field(min_length=1)
    global_caption: str | None = None
    brief_caption: str | None = None
    detailed_caption: str | None = None
    segment: tuple[_Segment, ...] = ()


def mgrs(
    captions: Annotated[str, typer.Argument(help="The JSON file (text_info.json), a list.")],
    images: Annotated[str, typer.Option(help="The folder of pictures (global_imgs).")],
) -> Listing:
    """Read MGRS-200k: the captions of each picture, short and long, and boxes of named objects.

    `global_caption`, `brief_caption` and `detailed_caption` become its captions. Captions of single objects
    (`cap`) are left out, which a warning says, and so are pictures that the file does not name.

    Raises:
        InputError: the file or folder cannot be read, or is not of this layout.
    """
    content, fingerprint = read_json_file(captions)
    if not isinstance(content, list):
        raise InputError(f"{captions} is not a list: expected pictures with global_filepath and captions")
    pictures = Pictures(images)

    def entries() -> Iterator[Entry]:
        unused, used = set[str](), set[str]()
        for position, raw in enumerate(content):
            try:
                picture = _Picture.model_validate(raw)
                name = pictures.find(picture.global_filepath)
                used.add(name)
                note, size = _note(picture), _size(picture)
            except ValueError as error:
                detail = first_problem(error) if isinstance(error, ValidationError) else str(error)
                called = raw.get("global_filepath") if isinstance(raw, dict) else None
                yield Rejected(str(called or f"picture {position}"), 0, "bad_annotation", detail)
                continue
            unused |= set(picture.model_extra or ())
            unused |= {f"segment.{key}" for part in picture.segment for key in part.model_extra or ()}
            yield Item(pictures.root, name, note, size)
        report_unused(captions, unused)
        pictures.tell_others(used)

    return Listing("mgrs", f"{captions} {images}", fingerprint, entries)


def _note(picture: _Picture) -> dict[str, Any]:
    told = (picture.global_caption, picture.brief_caption, picture.detailed_caption)
    texts = captions_of(dict.fromkeys(text.strip() for text in told if text))
    if not texts:
        raise ValueError("the picture has no caption")
    parts = ((part.category, part.bbox) for part in picture.segment)
    return {
        "captions": texts,
        "objects": tuple(boxed(label, (box.x1, box.y1, box.x2, box.y2)) for label, box in parts),
    }


def _size(picture: _Picture) -> tuple[int | None, int | None]:
    """The size of the picture, as its boxes state it."""
    sizes = {(part.bbox.W, part.bbox.H) for part in picture.segment} or {(None, None)}
    if len(sizes) > 1:
        raise ValueError(f"its boxes state {len(sizes)} sizes of the picture")
    return sizes.pop()
