"""Pictures with the class of each of their pixels, for those who ask models about masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.image import decode
from mpgi_ray.data.image_error import ImageError
from mpgi_ray.data.sample import LabelClass, Rejected
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.formats.manifest import manifest
from mpgi_ray.ingest.formats.masks import masks
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.load import read_whole
from mpgi_ray.ingest.source import SourceConfig, load_source
from mpgi_ray.rules.lexicon import surface_name

NO_CLASS = -1  # of a pixel whose class the source leaves out


@dataclass(frozen=True)
class Masked:
    """Pictures with masks of classes, read one at a time.

    Attributes:
        names: what the classes are called.
    """

    path: str
    names: tuple[str, ...]
    _source: SourceConfig
    _labels: tuple[str, ...]
    _items: tuple[Item, ...]

    @classmethod
    def of(cls, path: str, source: str | None) -> Masked:
        """A set of pictures with masks.

        Args:
            path: a manifest, or a folder that holds ``images`` and ``masks``.
            source: the preset or YAML file that lists the values of the masks.

        Raises:
            RecipeError: there is no such preset.
            InputError: it lists no values, or there is no picture, or an entry is damaged.
        """
        known = load_source(source)
        labels = tuple(dict.fromkeys(new for old in known.mask if (new := known.label(old)) is not None))
        if len(labels) < 2:
            raise InputError(
                f"the classes of the masks of {path} are not known: expected a source that lists two or more "
                "under `mask:` (`mpgi sources` has some, or give a YAML file)"
            )
        given = [known.vocabulary.get(label, LabelClass()).name for label in labels]
        names = tuple(surface_name(label, name).lower() for label, name in zip(labels, given, strict=True))
        return cls(path, names, known, labels, _items(path))

    def __iter__(self) -> Iterator[tuple[Image.Image, NDArray[np.int16]]]:
        """Each picture, 8-bit RGB, and the places in ``names`` of its pixels, (height, width), or `NO_CLASS`.

        Raises:
            InputError: a picture or its mask is missing or cannot be read.
        """
        return map(self._read, self._items)

    def _read(self, item: Item) -> tuple[Image.Image, NDArray[np.int16]]:
        try:
            raster, mask = read_whole(item, self._source)
            if mask is None:
                raise InputError(f"{self.path}: {item.name} has no mask: expected one for each picture")
            picture = decode(raster.whole()[0]).pixels
        except ImageError as error:
            raise InputError(f"{self.path}: {item.name}: {error}") from error
        place = {label: number for number, label in enumerate(self._labels)}
        table = np.array([place.get(label, NO_CLASS) for label in mask.names], np.int16)
        return picture, table[mask.index]


def _items(path: str) -> tuple[Item, ...]:
    """The pictures that are listed, once: each model is shown them anew."""
    where, found = Storage(path), []
    folder = where.exists("images") and where.exists("masks")
    for entry in masks(where.path("images"), where.path("masks")) if folder else manifest(path):
        if isinstance(entry, Rejected):
            raise InputError(f"{path}: {entry.key}: {entry.detail}")
        found.append(entry)
    if not found:
        raise InputError(f"{path} lists no picture: expected some, each with its mask")
    return tuple(found)
