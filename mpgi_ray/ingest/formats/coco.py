"""COCO instances: one JSON file of images, annotations and categories, and a folder of pictures.

The file is held in memory whole, as it is one JSON value. Of a run-length mask only the box is kept, and
only where the annotation has none: an object carries outlines, not pixels.

Files differ in how they write an id: 1, "1" and 1.0 are the same one. What tools leave twice counts once: a
file that is listed under two ids is one picture with the annotations of both, and equal annotations are one.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from mpgi_ray.config import first_problem, shortly
from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.formats._coco import KNOWN, Annotation, Category, Rle, Shape, Size, image_of, listed
from mpgi_ray.ingest.item import Entry, Item, Listing, report_unused
from mpgi_ray.ingest.outline import Point, around, points
from mpgi_ray.ingest.rle import decode_rle, mask_box, run_lengths
from mpgi_ray.ingest.tables import read_json_file

_OTHER_FILES = {  # by a field of their annotations
    "caption": "a COCO captions file: write it as a table of filepath,caption for `mpgi ingest captions`",
    "segments_info": "a COCO panoptic file, whose masks are pictures: convert it to COCO instances",
}
_TOLD = {
    "outline": "outlines that cannot be read, beside boxes that are kept",
    "annotation": "annotations that say the same as another one of their picture, and count once",
    "image": "images that are listed again; the annotations of a file are joined",
}
_log = logging.getLogger(__name__)


def coco(
    annotations: Annotated[str, typer.Argument(help="The JSON file of images, annotations and categories.")],
    images: Annotated[str, typer.Option(help="The folder that its file names are relative to.")],
) -> Listing:
    """Read COCO instances: boxes, outlines and masks of named categories.

    The categories become the vocabulary. An annotation that cannot be read, or whose category is unknown,
    rejects its picture, which would be described wrongly without it; a bad outline beside a good box is left
    out. Annotations of an image that is not listed become a rejected row for each such image. What is listed
    twice counts once, and a warning says how often.

    Raises:
        InputError: no such file, or not of this format.
    """
    whole, fingerprint = read_json_file(annotations)
    content = _content(whole, annotations)
    categories = _categories(content["categories"], annotations)
    by_image: dict[str | None, list[Any]] = defaultdict(list)
    for raw in content["annotations"]:
        by_image[image_of(raw)].append(raw)

    def entries() -> Iterator[Entry]:
        root, unused, told, seen = Storage(images), set[str](), Counter[str](), set[str]()
        for entry in listed(content["images"], unused, told):
            if isinstance(entry, Rejected):
                yield entry
                continue
            seen.update(entry.ids)
            own = [raw for image_id in entry.ids for raw in by_image.get(image_id, ())]
            size = entry.size if None not in entry.size else _masks_size(own)
            try:
                objects = [_object(raw, size, categories, unused, told) for raw in own]
            except ValueError as error:
                yield Rejected(entry.file, 0, "bad_annotation", str(error))
                continue
            pairs = zip(objects, (str(raw.get("segmentation")) for raw in own), strict=True)
            distinct = {(*thing.values(), shape): thing for thing, shape in pairs}
            told["annotation"] += len(objects) - len(distinct)
            note = {"objects": tuple(distinct.values()), "vocabulary": dict.fromkeys(categories.values())}
            yield Item(root, entry.file, note, size)
        for image_id in [i for i in by_image if i not in seen]:
            lost = f"the image of {len(by_image[image_id])} annotations is not listed, or was refused"
            if image_id is None:
                lost = f"{len(by_image[None])} annotations name no image: expected an image_id in each"
            yield Rejected(f"image_id {image_id}", 0, "unknown_image", lost)
        report_unused(annotations, unused)
        for what in sorted(+told):
            _log.warning("%s: %s: %d", annotations, _TOLD[what], told[what])

    return Listing("coco", f"{annotations} {images}", fingerprint, entries, tuple(categories.values()))


def _content(content: Any, path: str) -> dict[str, list[Any]]:
    notes = content.get("annotations") if isinstance(content, dict) else None
    first = notes[0] if isinstance(notes, list) and notes and isinstance(notes[0], dict) else {}
    for key, what in _OTHER_FILES.items():
        if key in first and "category_id" not in first:
            raise InputError(f"{path} is {what}")
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise InputError(f"{path} has no list {key!r}: expected a COCO instances file")
    return {key: content[key] for key in ("images", "annotations", "categories")}


def _categories(raw: list[Any], path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for position, entry in enumerate(raw):
        try:
            category = Category.model_validate(entry)
        except ValidationError as error:
            raise InputError(f"{path}: category {position}: {first_problem(error)}") from error
        if found.get(category.id, category.name) != category.name:
            raise InputError(
                f"{path}: category id {category.id} is both {shortly(found[category.id])} and "
                f"{shortly(category.name)}: give each class an id of its own"
            )
        found[category.id] = category.name
    return found


def _masks_size(annotations: Sequence[Any]) -> Size:
    """The size that run lengths state, where the file states none: it must be the picture's."""
    for raw in annotations:
        match raw:
            case {"segmentation": {"size": [int(high), int(wide)]}}:
                return wide, high
    return None, None


def _object(
    raw: Any, size: Size, categories: Mapping[str, str], unused: set[str], told: Counter[str]
) -> dict[str, Any]:
    where = f"annotation {raw.get('id', '') if isinstance(raw, dict) else raw!r}"
    try:
        note = Annotation.model_validate(raw)
        if note.category_id not in categories:
            raise ValueError(
                f"unknown category_id {note.category_id}: expected one of {', '.join(categories)}"
            )
        unused |= set(note.model_extra or ()) - KNOWN - {"image_id"}
        box, outlines = _place(note, size, told)
    except ValidationError as error:
        raise ValueError(f"{where}: {first_problem(error)}") from error
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    label = categories[note.category_id]
    return {"label": label, "box": box, "polygons": outlines, "crowd": note.iscrowd}


def _place(
    note: Annotation, size: Size, told: Counter[str]
) -> tuple[tuple[float, ...], tuple[tuple[Point, ...], ...]]:
    """The box of an object, and its outlines."""
    try:
        shape = Shape.model_validate({"segmentation": note.segmentation or []}).segmentation
        outlines = () if isinstance(shape, Rle) else tuple(map(points, shape))
        if isinstance(shape, Rle):
            _require_whole(shape, size)
    except ValueError:
        if note.bbox is None:
            raise
        told["outline"] += 1
        shape, outlines = [], ()
    if note.bbox is not None:
        x, y, width, height = note.bbox
        return (x, y, x + width, y + height), outlines
    if isinstance(shape, Rle):
        high, wide = shape.size
        return mask_box(decode_rle(shape.counts, wide, high)), ()
    if not outlines:
        raise ValueError("it has neither bbox nor segmentation")
    return around(point for outline in outlines for point in outline), outlines


def _require_whole(mask: Rle, size: Size) -> None:
    """Raises ValueError: it is broken, or of another size than its picture."""
    high, wide = mask.size
    if None not in size and size != (wide, high):
        raise ValueError(f"its mask has {wide}×{high} pixels, expected the image's {size[0]}×{size[1]}")
    run_lengths(mask.counts, wide, high)
