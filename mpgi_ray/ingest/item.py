"""What every source format yields, and the way from there to a sample."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.image import SUFFIXES, ImageError, read_size, real_suffix
from mpgi_ray.data.sample import Annotation, Rejected, Sample
from mpgi_ray.data.shards import shard_key
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.mask import cover
from mpgi_ray.ingest.source import MaskClass, SourceConfig

MAX_OBJECTS = 20_000  # of one picture: they are compared with each other
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a source, not yet opened.

    Attributes:
        name: the picture's path below ``root``; names it in the shards.
        annotation: fields of `Annotation`, with labels as the source spells them, without width and height.
        size: the width and height that the source states, each None if it does not.
        mask: path of the mask below ``root``.
        mask_classes: its values or colours, where the source's config does not list them.
        where: the place in the annotation file, for messages: ``line 17``.
    """

    root: Storage
    name: str
    annotation: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int | None, int | None] = (None, None)
    mask: str | None = None
    mask_classes: Mapping[str, MaskClass] | None = None
    where: str = ""


Entry = Item | Rejected  # formats do not number them: the job sets `Rejected.index`


@dataclass(frozen=True)
class Listing:
    """What a format found: its entries in a fixed order, and what tells this source from another.

    Attributes:
        fingerprint: of the annotation file or, without one, of the names: changes when the list does.
        classes: those that the source names before its entries are read, if it does.
        folder: the one whose every file is an entry, if there is one: the output cannot lie in it.
    """

    format: str
    path: str
    fingerprint: str
    entries: Callable[[], Iterator[Entry]]
    classes: tuple[str, ...] = ()
    folder: str | None = None

    def __iter__(self) -> Iterator[Entry]:
        return self.entries()


def load(item: Item, source: SourceConfig, index: int) -> Sample | Rejected:
    """Read the picture, compare it with what is stated of it, and check the annotation.

    The picture's bytes stay as they are, and none of its pixels is decoded.

    Args:
        index: the item's position in the source.

    Raises:
        StorageError: storage does not answer; a file that is not there or cannot be read is a rejected item.
    """
    image = b""

    def rejected(reason: str, detail: str) -> Rejected:
        sample_id = hashlib.sha256(image).hexdigest() if image else ""
        return Rejected(item.name, index, reason, f"{item.where}: {detail}".removeprefix(": "), sample_id)

    try:
        image = _read(item.root, item.name, "image")
        size = read_size(image)
        width, height = item.size
        stated = size[0] if width is None else width, size[1] if height is None else height
        if stated != size:
            return rejected("size_mismatch", f"stated as {_by(stated)}, the picture has {_by(size)} pixels")
        if (number := len(item.annotation.get("objects", ()))) > MAX_OBJECTS:
            detail = f"{number:,} objects, at most {MAX_OBJECTS:,} are read: cut the picture into windows"
            return rejected("too_many_objects", detail)
        fields = source.apply(item.annotation)
        fields["split"] = fields.get("split") or source.split_of(image)
        if item.mask is not None:
            mask = _read(item.root, item.mask, "mask")
            classes = source.mask if item.mask_classes is None else item.mask_classes
            fields["cover"] = cover(mask, size, {old: (source.label(old), v) for old, v in classes.items()})
        annotation = Annotation.model_validate(fields | {"width": size[0], "height": size[1]})
    except ImageError as error:
        return rejected(error.reason, str(error))
    except ValidationError as error:
        return rejected("bad_annotation", first_problem(error))
    suffix = item.name.rpartition(".")[2].lower()
    suffix = suffix if suffix in SUFFIXES else real_suffix(image)
    name = clean_name(item.name)
    return Sample(shard_key(name), index, image, suffix, annotation, name)


def below(path: str) -> str:
    """A relative path in its plain form.

    Raises:
        ValueError: it is absolute or leads out of its folder, or no file can have this name.
    """
    if re.search(r"[\0\ud800-\udfff]", path):
        raise ValueError(f"path {path!r:.120} holds characters that no file's name can be written with")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.name:
        raise ValueError(f"path {path!r} does not lie below the source's folder: expected a relative path")
    return str(pure)


def report_unused(path: str, fields: Iterable[str]) -> None:
    """Warn once of the fields of an annotation file that no sample carries."""
    if names := sorted(fields):
        _log.warning("%s: fields that are not used: %s", path, ", ".join(map(clean_name, names)))


def _read(root: Storage, name: str, kind: str) -> bytes:
    try:
        return root.read(name)
    except InputError as error:
        if isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
            raise ImageError(f"missing_{kind}", f"there is no file {name} below {root.url}") from error
        raise ImageError(f"unreadable_{kind}", str(error)) from error


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
