"""CARPK and PUCPR+: cars on parking lots, one text file a picture, a line a box."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.beside import Note, annotated, each_line
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.outline import boxed, numbers
from mpgi_ray.ingest.pictures import stem
from mpgi_ray.ingest.tables import decoded

CAR = "car"
_SPLITS = ("train", "val", "test")


def carpk(
    root: Annotated[
        str,
        typer.Argument(help="The folder of Images, Annotations and ImageSets, such as CARPK_devkit/data."),
    ],
) -> Listing:
    """Read CARPK or PUCPR+: `x1 y1 x2 y2 1` in a line of a picture's text file, each box a car.

    The splits are those that `ImageSets/train.txt` and `test.txt` list, where they are.

    Raises:
        InputError: a folder holds no pictures or no text files, or a picture is of two splits.
    """
    splits = _splits(Storage(root.rstrip("/")).child("ImageSets"))
    listing = annotated("carpk", f"{root}/Images", f"{root}/Annotations", "txt", _note, classes=(CAR,))

    def entries() -> Iterator[Entry]:
        for entry in listing:
            if isinstance(entry, Item):
                split = splits.get(stem(entry.name))
                entry = replace(entry, annotation={**entry.annotation, "split": split})
            yield entry

    both = f"{listing.fingerprint} {sorted(splits.items())}"
    return replace(listing, entries=entries, fingerprint=hashlib.sha256(both.encode()).hexdigest())


def _note(text: str) -> Note:
    return Note({"objects": each_line(text, _object), "vocabulary": {CAR: None}})


def _object(line: str) -> dict[str, Any]:
    words = line.split()
    if len(words) != 5 or words[4] != "1":
        raise ValueError(f"{' '.join(words)!r:.60}: expected x1 y1 x2 y2 and 1, which stands for a car")
    return boxed(CAR, numbers(words[:4]))


def _splits(folder: Storage) -> dict[str, str]:
    """The split of each picture, by its name without suffix.

    Raises:
        InputError: two splits list it, or a list cannot be read.
    """
    found: dict[str, str] = {}
    for split in _SPLITS:
        file = f"{split}.txt"
        names = decoded(folder.read(file), folder.path(file)).split() if folder.exists(file) else []
        for name in names:
            if found.setdefault(name, split) != split:
                raise InputError(f"{folder.url}: {name} is listed in {found[name]}.txt and {file}: keep one")
    return found
