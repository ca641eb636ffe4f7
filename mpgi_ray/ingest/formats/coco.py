"""COCO instances: one JSON file of images, annotations and categories, and a folder of pictures.

The file is held in memory whole, as it is one JSON value. Of a run-length mask only the box is kept, and
only where the annotation has none: an object carries outlines, not pixels.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem, shortly
from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.data.text import decode_json
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing, below, report_unused
from mpgi_ray.ingest.rle import decode_rle, mask_box


def _id(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"the id is {shortly(value)}: expected an integer or a text")
    return str(value)


Id = Annotated[str, BeforeValidator(_id)]  # in one form: tools write 7, 7.0 and "7" for the same one
# fields of the format that say nothing about what is in a picture
_KNOWN = {"license", "flickr_url", "coco_url", "date_captured", "id", "area", "supercategory"}


class _Record(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Image(_Record):
    id: Id
    file_name: str = Field(min_length=1)
    width: int | None = None
    height: int | None = None


class _Category(_Record):
    id: Id
    name: str = Field(min_length=1)


class _Rle(_Record):
    size: tuple[int, int]  # height, width
    counts: str | list[int]


class _Annotation(_Record):
    category_id: Id
    bbox: tuple[float, float, float, float] | None = None  # x, y, width, height
    segmentation: _Rle | list[list[float]] = []
    iscrowd: bool = False


def coco(
    annotations: Annotated[str, typer.Argument(help="The JSON file of images, annotations and categories.")],
    images: Annotated[str, typer.Option(help="The folder that its file names are relative to.")],
) -> Listing:
    """Read COCO instances: boxes, outlines and masks of named categories.

    The categories become the vocabulary. An annotation that cannot be read, or whose category is unknown,
    rejects its picture, which would be described wrongly without it; annotations of an image that is not
    listed become a rejected row for each such image.

    Raises:
        InputError: no such file, or not of this format.
    """
    storage, name = split_url(annotations)
    data = storage.read(name)
    content = _content(data, annotations)
    categories = _categories(content["categories"], annotations)
    by_image: dict[str | None, list[Any]] = defaultdict(list)
    for raw in content["annotations"]:
        by_image[_image_of(raw)].append(raw)

    def entries() -> Iterator[Entry]:
        root, unused, seen = Storage(images), set[str](), dict[str, str]()
        for position, raw in enumerate(content["images"]):
            try:
                image = _Image.model_validate(raw)
                if image.id in seen:
                    raise ValueError(f"image id {image.id} is also that of {seen[image.id]}")
                seen[image.id] = image.file_name
                unused |= set(image.model_extra or ()) - _KNOWN
                path = below(image.file_name)
                size = image.width, image.height
                objects = [_object(a, categories, size, unused) for a in by_image.get(image.id, ())]
            except ValueError as error:
                detail = first_problem(error) if isinstance(error, ValidationError) else str(error)
                # in most cases the file name is known, and says more than the position
                file_name = raw.get("file_name") if isinstance(raw, dict) else None
                yield Rejected(str(file_name or f"image {position}"), 0, "bad_annotation", detail)
                continue
            note = {"objects": tuple(objects), "vocabulary": dict.fromkeys(categories.values())}
            yield Item(root, path, note, size)
        for image_id in [i for i in by_image if i not in seen]:
            lost = f"the image of {len(by_image[image_id])} annotations is not listed, or was refused"
            if image_id is None:
                lost = f"{len(by_image[None])} annotations name no image: expected an image_id in each"
            yield Rejected(f"image_id {image_id}", 0, "unknown_image", lost)
        report_unused(annotations, unused)

    digest = hashlib.sha256(data).hexdigest()
    return Listing("coco", f"{annotations} {images}", digest, entries, tuple(categories.values()))


def _content(data: bytes, path: str) -> dict[str, list[Any]]:
    try:
        content = decode_json(data)
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON: {error}") from error
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise InputError(f"{path} has no list {key!r}: expected a COCO instances file")
    return {key: content[key] for key in ("images", "annotations", "categories")}


def _image_of(raw: Any) -> str | None:
    try:
        return _id(raw["image_id"])
    except (TypeError, KeyError, ValueError):
        return None


def _categories(raw: list[Any], path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for position, entry in enumerate(raw):
        try:
            category = _Category.model_validate(entry)
        except ValidationError as error:
            raise InputError(f"{path}: category {position}: {first_problem(error)}") from error
        if category.id in found:
            raise InputError(
                f"{path}: category id {category.id} is both {shortly(found[category.id])} and "
                f"{shortly(category.name)}: give each class an id of its own"
            )
        found[category.id] = category.name
    return found


def _object(
    raw: Any, categories: Mapping[str, str], size: tuple[int | None, int | None], unused: set[str]
) -> dict[str, Any]:
    where = f"annotation {raw.get('id', '') if isinstance(raw, dict) else raw!r}"
    try:
        note = _Annotation.model_validate(raw)
        if note.category_id not in categories:
            raise ValueError(
                f"unknown category_id {note.category_id}: expected one of {', '.join(map(str, categories))}"
            )
        unused |= set(note.model_extra or ()) - _KNOWN - {"image_id"}
        outlines = () if isinstance(note.segmentation, _Rle) else _outlines(note.segmentation)
        box = _box(note, outlines, size)
    except ValidationError as error:
        raise ValueError(f"{where}: {first_problem(error)}") from error
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    label = categories[note.category_id]
    return {"label": label, "box": box, "polygons": outlines, "crowd": note.iscrowd}


def _outlines(flat: list[list[float]]) -> tuple[tuple[tuple[float, float], ...], ...]:
    for numbers in flat:
        if len(numbers) < 6 or len(numbers) % 2:
            raise ValueError(f"a polygon of {len(numbers)} numbers: expected x, y of three or more points")
    return tuple(tuple(zip(numbers[::2], numbers[1::2], strict=True)) for numbers in flat)


def _box(
    note: _Annotation,
    outlines: tuple[tuple[tuple[float, float], ...], ...],
    size: tuple[int | None, int | None],
) -> tuple[float, ...]:
    if note.bbox is not None:
        x, y, width, height = note.bbox
        return x, y, x + width, y + height
    if isinstance(note.segmentation, _Rle):
        height, width = note.segmentation.size
        if None not in size and size != (width, height):
            raise ValueError(
                f"its mask has {width}×{height} pixels, expected the image's {size[0]}×{size[1]}"
            )
        return mask_box(decode_rle(note.segmentation.counts, int(width), int(height)))
    if not outlines:
        raise ValueError("it has neither bbox nor segmentation")
    xs, ys = zip(*(point for outline in outlines for point in outline), strict=True)
    return min(xs), min(ys), max(xs), max(ys)
