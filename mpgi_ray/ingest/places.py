"""Where pictures lie below a folder of class folders: their splits and classes, and what looks wrong."""

from __future__ import annotations

import os.path
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.pictures import is_picture, stem

_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_IMAGES = {"images", "image", "imgs", "img", "jpegimages"}  # folders that say only that they hold pictures
_MASKS = {
    "mask",
    "masks",
    "msk",
    "msks",
    "label",
    "labels",
    "annotation",
    "annotations",
    "gt",
    "ground_truth",
    "seg",
    "segmentation",
    "segmentations",
    "semantic",
    "index",
}
_BESIDE = {".xml", ".json", ".txt"}
_HIDDEN = {"__macosx", "thumbs.db", "desktop.ini"}  # beside what begins with a dot
_ALONE = 100  # folders of one picture each that cannot be classes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies.

    Attributes:
        name: its path.
        folders: those above it that may name its class, the topmost first.
        split: that its topmost folder names.
    """

    name: str
    folders: tuple[str, ...]
    split: str | None = None

    def scene(self, nearest: bool | None) -> str:
        """The folder that names its class; empty if there is none."""
        return self.folders[-1 if nearest else 0] if self.folders else ""


def is_hidden(name: str) -> bool:
    """Whether a file or a folder above it is hidden, or was left by a system beside the data."""
    return any(part.startswith(".") or part.lower() in _HIDDEN for part in name.split("/"))


def places(names: Collection[str]) -> list[Place]:
    """Where files lie.

    Folders that are only called images do not count. The topmost folders are splits if all that hold pictures
    are called so.
    """
    found = [
        Place(name, tuple(f for f in name.split("/")[:-1] if f.lower() not in _IMAGES)) for name in names
    ]
    tops = {place.folders[0].lower() for place in found if place.folders and is_picture(place.name)}
    return [_in_split(place) for place in found] if tops and tops <= _SPLITS.keys() else found


def _in_split(place: Place) -> Place:
    split = _SPLITS.get(place.folders[0].lower()) if place.folders else None
    return Place(place.name, place.folders[1:], split) if split else place


def require_plain(root: str, found: Sequence[Place]) -> None:
    """Refuse pictures whose topmost folder seems not to be their class.

    Args:
        root: the folder, as the user gave it.

    Raises:
        InputError: with what lies there, and the line that mends it.
    """
    pictures = [place for place in found if is_picture(place.name)]
    for doubt in (*_annotations(root, found, pictures), *_classes(root, pictures)):
        raise InputError(f"{root}: {doubt}; --topmost takes the topmost folders for classes all the same")


def _annotations(root: str, found: Sequence[Place], pictures: Sequence[Place]) -> Iterator[str]:
    """Annotations beside pictures, which this reader would leave out."""
    stems = {_file(stem(place.name)) for place in pictures}
    notes = [p.name for p in found if _suffix(p.name) in _BESIDE and _file(stem(p.name)) in stems]
    mend = f"`mpgi ingest auto {root}` says which format reads them"
    if notes and 2 * len({_file(stem(note)) for note in notes}) >= len(stems):
        yield f"annotation files have the names of pictures, such as {clean_name(notes[0])}: {mend}"
    marked = {folder for place in pictures for folder in place.folders if folder.lower() in _MASKS}
    if marked and not all(marked & {*place.folders} for place in pictures):
        yield f"{min(marked)} seems to hold masks or labels of the other pictures: {mend}"


def _classes(root: str, pictures: Sequence[Place]) -> Iterator[str]:
    """Folders that are no classes."""
    direct = {place.folders[0] for place in pictures if len(place.folders) == 1}
    below: defaultdict[str, set[str]] = defaultdict(set)
    for place in pictures:
        if len(place.folders) > 1:
            below[place.folders[0]].add(place.folders[1])
    splits = {place.split for place in pictures} - {None}
    others = sorted(clean_name(top) for top in direct | below.keys() if top.lower() not in _SPLITS)
    for top in () if splits else sorted(top for top in below if top.lower() in _SPLITS):
        yield (
            f"{top} seems to be a split with class folders in it, and {others[0]} beside it is none: ingest "
            f"them one by one, {root}/{top} with --split {_SPLITS[top.lower()]}"
        )
    alone = Counter(place.folders for place in pictures if place.folders)
    if len(alone) >= _ALONE and max(alone.values()) == 1:
        yield (
            f"{len(alone):,} folders hold one picture each, so they name no classes: list the pictures in a "
            "manifest (`mpgi ingest manifest`)"
        )
    paths = {"/".join(place.folders) for place in pictures}
    common = os.path.commonpath(paths) if paths else ""
    if common and common not in paths:
        inner = os.path.commonpath([os.path.dirname(place.name) for place in pictures])
        where = "" if splits else f"ingest {root}/{clean_name(inner)}, or "
        yield (
            f"all class folders lie in {clean_name(common)}: {where}take --nearest, where the folder that a "
            "picture lies in is its class"
        )
    for group in sorted(top for top in below.keys() - direct if len(below[top]) > 1 and direct):
        yield (
            f"{clean_name(group)} holds folders that may be classes, and {clean_name(min(direct))} pictures: "
            "take --nearest, where the folder that a picture lies in is its class"
        )


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _file(name: str) -> str:
    return name.rpartition("/")[2]
