"""CARPK and PUCPR+: cars on parking lots, one text file a picture, a line a box."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mpgi_ray.data.storage import Storage
from mpgi_ray.ingest.beside import Note, annotated, each_line
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import boxed, numbers
from mpgi_ray.ingest.splits import in_splits, read_splits

CAR = "car"


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
    listing = annotated("carpk", f"{root}/Images", f"{root}/Annotations", "txt", _note, classes=(CAR,))
    return in_splits(listing, read_splits(Storage(root.rstrip("/")).child("ImageSets")))


def _note(text: str) -> Note:
    return Note({"objects": each_line(text, _object), "vocabulary": {CAR: None}})


def _object(line: str) -> dict[str, Any]:
    words = line.split()
    if len(words) != 5 or words[4] != "1":
        raise ValueError(f"{' '.join(words)!r:.60}: expected x1 y1 x2 y2 and 1, which stands for a car")
    return boxed(CAR, numbers(words[:4]))
