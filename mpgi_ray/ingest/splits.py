"""Official splits: text files that list the names of pictures, as ``ImageSets/Main/train.txt`` of VOC."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.pictures import stem
from mpgi_ray.ingest.tables import decoded

_SPLITS = ("train", "val", "test")


def with_splits(listing: Listing, folder: str | None) -> Listing:
    """A listing whose pictures are of the splits that the files of a folder list; unchanged without one.

    A picture is listed by the name of its file, without suffix. One that is not listed has no split.

    Raises:
        InputError: the folder holds no list, two lists name a picture, or a list cannot be read.
    """
    if folder is None:
        return listing
    splits = read_splits(Storage(folder))
    if not splits:
        raise InputError(f"no names in {folder}: expected {', '.join(f'{split}.txt' for split in _SPLITS)}")
    return in_splits(listing, splits)


def in_splits(listing: Listing, splits: dict[str, str]) -> Listing:
    """A listing whose pictures are of these splits, by the name of their file without suffix."""

    def entries() -> Iterator[Entry]:
        for entry in listing:
            if isinstance(entry, Item):
                split = splits.get(stem(entry.name).rpartition("/")[2])
                entry = replace(entry, annotation={**entry.annotation, "split": split})
            yield entry

    both = f"{listing.fingerprint} {sorted(splits.items())}"
    return replace(listing, entries=entries, fingerprint=hashlib.sha256(both.encode()).hexdigest())


def read_splits(folder: Storage) -> dict[str, str]:
    """The split of each picture that train.txt, val.txt and test.txt list, where they are.

    Raises:
        InputError: two of them list it, or a list cannot be read.
    """
    found: dict[str, str] = {}
    for split in _SPLITS:
        file = f"{split}.txt"
        names = decoded(folder.read(file), folder.path(file)).split() if folder.exists(file) else []
        for name in names:
            if found.setdefault(name, split) != split:
                raise InputError(f"{folder.url}: {name} is listed in {found[name]}.txt and {file}: keep one")
    return found
