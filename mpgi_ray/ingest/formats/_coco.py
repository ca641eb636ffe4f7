"""The records of a COCO file, and the pictures that it lists."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem, shortly
from mpgi_ray.data.sample import Rejected
from mpgi_ray.ingest.item import below

# fields of the format that say nothing about what is in a picture
KNOWN = {"license", "flickr_url", "coco_url", "date_captured", "id", "area", "supercategory"}


def id_text(value: Any) -> str:
    """An id as text, in whatever way the file writes it: 7, 7.0 and "7" are one.

    Raises:
        ValueError: it is neither a whole number nor a text.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"the id is {shortly(value)}: expected an integer or a text")
    return str(value).strip()


def image_of(raw: Any) -> str | None:
    try:
        return id_text(raw["image_id"])
    except (TypeError, KeyError, ValueError):
        return None


Id = Annotated[str, BeforeValidator(id_text)]
Size = tuple[int | None, int | None]


class Record(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Image(Record):
    id: Id
    file_name: str = Field(min_length=1)
    width: int | None = None
    height: int | None = None


class Category(Record):
    id: Id
    name: str = Field(min_length=1)


class Rle(Record):
    size: tuple[int, int]  # height, width
    counts: str | list[int]


class Annotation(Record):
    category_id: Id
    bbox: tuple[float, float, float, float] | None = None  # x, y, width, height
    segmentation: Any = None  # of `Shape`
    iscrowd: bool = False


class Shape(Record):
    segmentation: Rle | list[list[float]] = []


@dataclass
class Picture:
    """A file that is listed, and what annotations may call it."""

    file: str
    size: Size
    ids: dict[str, None] = field(default_factory=dict)  # in their order


def listed(images: list[Any], unused: set[str], told: Counter[str]) -> list[Picture | Rejected]:
    """The pictures, each file once; those that share an id with another file are refused."""
    found: dict[str | int, Picture | Rejected] = {}
    files: dict[str, dict[str, None]] = defaultdict(dict)
    for position, raw in enumerate(images):
        try:
            image = Image.model_validate(raw)
            file = below(image.file_name)
        except ValueError as error:
            detail = first_problem(error) if isinstance(error, ValidationError) else str(error)
            # in most cases the file name is known, and says more than the position
            called = raw.get("file_name") if isinstance(raw, dict) else None
            found[position] = Rejected(str(called or f"image {position}"), 0, "bad_annotation", detail)
            continue
        unused |= set(image.model_extra or ()) - KNOWN
        picture = found.setdefault(file, Picture(file, (image.width, image.height)))
        assert isinstance(picture, Picture)
        told["image"] += bool(picture.ids)
        picture.ids[image.id] = None
        files[image.id][file] = None
    for image_id, names in files.items():
        if len(names) > 1:
            detail = f"image id {image_id} is that of {' and of '.join(names)}: whose annotations are they?"
            found |= {name: Rejected(name, 0, "bad_annotation", detail) for name in names}
    return list(found.values())
