"""From an item of a source to samples: its picture is read, compared with what is stated, and maybe cut."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from shapely.errors import ShapelyError

from mpgi_ray.config import first_problem
from mpgi_ray.data.image import SUFFIXES
from mpgi_ray.data.image_error import NOTHING, ImageError
from mpgi_ray.data.sample import Annotation, Origin, Rejected, Sample
from mpgi_ray.data.shards import shard_key
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.instances import objects_of
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.mask import ClassMask, read_mask
from mpgi_ray.ingest.orientation import Size, Turned, opened, turned_fields
from mpgi_ray.ingest.plausible import require_labels, require_pixels
from mpgi_ray.ingest.raster import Raster
from mpgi_ray.ingest.source import SourceConfig
from mpgi_ray.ingest.windows import Tiling, Window, in_window, window_name

_log = logging.getLogger(__name__)
MAX_OBJECTS = 20_000  # of one picture: they are compared with each other


def load(
    item: Item, source: SourceConfig, index: int, tiling: Tiling | None = None
) -> Iterator[Sample | Rejected]:
    """The samples of an item: one, or one for each window of a large picture.

    A picture that is not cut keeps its bytes, and none of its pixels is decoded.

    Args:
        index: the item's position in the source.

    Raises:
        StorageError: storage does not answer; a file that is not there or cannot be read is a rejected item.
    """
    raster: Raster | None = None
    try:
        raster = item.raster() if item.raster else opened(_read(item.root, item.name, "image"))
        fields, mask = _known(item, source, raster)
        windows = tiling.windows(*raster.size) if tiling else []
        if not windows:
            yield _sample(item, index, raster, fields | {"cover": mask.cover() if mask else {}}, None)
            return
        whole = Annotation.model_validate(fields)
        yield from _windows(item, index, raster, whole, mask, windows)
    except ImageError as error:
        yield _rejected(item, index, error.reason, str(error), raster)
    except ValidationError as error:
        yield _rejected(item, index, "bad_annotation", first_problem(error), raster)
    except ShapelyError as error:
        detail = f"an outline cannot be cut into windows: {error}"
        yield _rejected(item, index, "bad_annotation", detail, raster)


def read_whole(item: Item, source: SourceConfig) -> tuple[Raster, ClassMask | None]:
    """The picture of an item, and its mask if it has one.

    Raises:
        ImageError: picture, mask and what is stated of them do not agree, or one cannot be read.
        StorageError: storage does not answer.
    """
    raster = item.raster() if item.raster else opened(_read(item.root, item.name, "image"))
    return raster, _known(item, source, raster)[1]


def _known(item: Item, source: SourceConfig, raster: Raster) -> tuple[dict[str, Any], ClassMask | None]:
    """Fields of the annotation of the whole picture, without its cover, and its mask.

    Raises:
        ImageError: picture, mask and what is stated of them do not agree.
    """
    size = raster.size
    # what is annotated of a picture that was turned is in the file's pixels, unless the size beside it is not
    turned = raster if isinstance(raster, Turned) and not _fits(item.size, size, raster.stored) else None
    drawn = turned.stored if turned else size
    width, height = item.size
    stated = drawn[0] if width is None else width, drawn[1] if height is None else height
    if stated != drawn:
        raise ImageError("size_mismatch", f"stated as {_by(stated)}, the picture has {_by(drawn)} pixels")
    if not item.in_fractions:
        require_pixels(item.annotation.get("objects", ()))
    note = _in_pixels(item.annotation, drawn) if item.in_fractions else item.annotation
    note = turned_fields(note, turned) if turned else note
    fields = source.apply({**raster.fields, **note})
    require_labels(fields)
    if item.across_m is not None and fields.get("gsd") is None:
        fields["gsd"] = item.across_m / size[0]
    fields["split"] = fields.get("split") or source.split_of(raster.content)
    mask = None
    if item.mask is not None:
        data = _read(item.masks or item.root, item.mask, "mask")
        classes = source.mask if item.mask_classes is None else item.mask_classes
        mask = read_mask(data, drawn, {old: (source.label(old), v) for old, v in classes.items()})
        if item.instances is not None:
            drawn_objects = {"objects": objects_of(_read(*item.instances, "mask"), drawn, mask)}
            drawn_objects = turned_fields(drawn_objects, turned) if turned else drawn_objects
            fields["objects"] = (*fields["objects"], *drawn_objects["objects"])
        mask = mask.turned(turned.orientation) if turned else mask
    return fields | {"width": size[0], "height": size[1]}, mask


def _windows(
    item: Item, index: int, raster: Raster, whole: Annotation, mask: ClassMask | None, windows: list[Window]
) -> Iterator[Sample]:
    """The parts of a picture; those without data, as at the corners of a scene, are left out.

    Raises:
        ImageError: a part cannot be decoded, or there is no data in any.
    """
    empty = 0
    for window in windows:
        part = in_window(whole, window) | {"cover": mask.cover(window) if mask else {}}
        part |= {"bounds": bounds} if (bounds := raster.bounds(window)) else {}
        try:
            yield _sample(item, index, raster, part, window)
        except ImageError as error:
            empty += error.reason == NOTHING
            if error.reason != NOTHING or empty == len(windows):
                raise
    if empty:
        what = f"windows without data are left out: {empty} of {len(windows)}"
        _log.warning("%s: %s", clean_name(item.name), what)


def _fits(stated: tuple[int | None, int | None], size: Size, stored: Size) -> bool:
    """Whether a stated width and height are those of the turned picture, and not those of the file."""
    return stated == size != stored


def _sample(item: Item, index: int, raster: Raster, fields: dict[str, Any], window: Window | None) -> Sample:
    """Raises ImageError or ValidationError: the picture cannot be decoded, the annotation is not one."""
    if (number := len(fields["objects"])) > MAX_OBJECTS:
        detail = f"{number:,} objects, at most {MAX_OBJECTS:,} are read: cut the picture with --tile"
        raise ImageError("too_many_objects", detail)
    name = clean_name(item.name)
    if window is not None or raster.made:
        fields["origin"] = Origin(image=name, sha256=raster.digest, window=window, made=raster.made)
    annotation = Annotation.model_validate(fields)
    own = item.name.rpartition(".")[2].lower()
    name = name if window is None else window_name(name, window)
    if window is None and not raster.made and own in SUFFIXES:  # looks at nothing but the header
        data, suffix = raster.content, own
    else:
        data, suffix = raster.whole() if window is None else raster.window(window)
    return Sample(shard_key(name), index, data, suffix, annotation, name)


def _rejected(item: Item, index: int, reason: str, detail: str, raster: Raster | None) -> Rejected:
    where = f"{item.where}: {detail}".removeprefix(": ")
    return Rejected(item.name, index, reason, where, raster.digest if raster else "")


def _in_pixels(annotation: Mapping[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """An annotation whose objects lie in shares of a picture's width and height, in its pixels."""

    def points(given: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        return tuple((x * size[0], y * size[1]) for x, y in given)

    def moved(thing: Mapping[str, Any]) -> dict[str, Any]:
        x1, y1, x2, y2 = thing["box"]
        (x1, y1), (x2, y2) = points(((x1, y1), (x2, y2)))
        corners = {"obb": points(thing["obb"])} if thing.get("obb") else {}
        outlines = tuple(points(outline) for outline in thing.get("polygons", ()))
        return {**thing, "box": (x1, y1, x2, y2), "polygons": outlines} | corners

    return {**annotation, "objects": tuple(moved(thing) for thing in annotation.get("objects", ()))}


def _read(root: Storage, name: str, kind: str) -> bytes:
    try:
        return root.read(name)
    except InputError as error:
        if isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
            raise ImageError(f"missing_{kind}", f"there is no file {name} below {root.url}") from error
        raise ImageError(f"unreadable_{kind}", str(error)) from error


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
