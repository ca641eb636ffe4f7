"""What every source format yields."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name, shortened
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.raster import Raster
from mpgi_ray.ingest.source import MaskClass

MAX_LABEL = 255  # characters of a class's name; a folder's, which may be one, are no more
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a source, not yet opened.

    Attributes:
        name: the picture's path below ``root``; names it in the shards.
        annotation: fields of `Annotation`, with labels as the source spells them, without width and height.
        size: the width and height that the source states, each None if it does not.
        mask: path of the mask below ``masks``, or without that below ``root``.
        mask_classes: its values or colours, where the source's config does not list them.
        instances: folder and path of a mask of its objects, see `objects_of`; only beside a mask of classes.
        where: the place in the annotation file, for messages: ``line 17``.
        in_fractions: coordinates of its objects are shares of the picture's width and height.
        raster: opens the picture, where that is more than reading its file.
        across_m: what the picture's width is on the ground, in metres, if it is known.
    """

    root: Storage
    name: str
    annotation: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int | None, int | None] = (None, None)
    mask: str | None = None
    masks: Storage | None = None
    mask_classes: Mapping[str, MaskClass] | None = None
    instances: tuple[Storage, str] | None = None
    where: str = ""
    in_fractions: bool = False
    across_m: float | None = None
    raster: Callable[[], Raster] | None = None


Entry = Item | Rejected  # formats do not number them: the job sets `Rejected.index`


@dataclass(frozen=True)
class Listing:
    """What a format found: its entries in a fixed order, and what tells this source from another.

    Attributes:
        fingerprint: of the annotation file or, without one, of the names: changes when the list does.
        classes: those that the source names before its entries are read, if it does.
        folder: the one whose every file is an entry, if there is one: the output cannot lie in it.

    Raises:
        InputError: a class's name is none.
    """

    format: str
    path: str
    fingerprint: str
    entries: Callable[[], Iterator[Entry]]
    classes: tuple[str, ...] = ()
    folder: str | None = None

    def __iter__(self) -> Iterator[Entry]:
        return self.entries()

    def __post_init__(self) -> None:
        for label in self.classes:
            require_label(label)


def require_label(label: str) -> None:
    """Refuse what cannot be the name of a class: it would be printed, and told in texts.

    Raises:
        InputError: it is longer than `MAX_LABEL`.
    """
    if len(label) > MAX_LABEL:
        raise InputError(
            f"a class of {len(label):,} characters, {shortened(label, 40)!r}: at most {MAX_LABEL} are read"
        )


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
