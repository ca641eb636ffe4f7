"""Stanford Drone: tracks on a campus seen from above, one text file a video, and frames of the videos."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Annotated, Any

import typer

from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.outline import boxed, numbers
from mpgi_ray.ingest.pictures import Pictures, stem
from mpgi_ray.ingest.tables import decoded

CLASSES = ("Pedestrian", "Biker", "Skater", "Cart", "Car", "Bus")
_FILE = "annotations.txt"
_Row = tuple[int, list[str]]  # line number and words


def stanford_drone(
    annotations: Annotated[str, typer.Argument(help="The folder with an annotations.txt for each video.")],
    images: Annotated[str, typer.Option(help="The folder of frames: SCENE/VIDEO/000001.jpg and so on.")],
    first: Annotated[
        int,
        typer.Option(min=0, help="The number in the name of a video's first frame; ffmpeg begins with 1."),
    ] = 1,
    every: Annotated[
        int, typer.Option(min=1, help="How many frames of the video one picture stands for.")
    ] = 1,
) -> Listing:
    r"""Read Stanford Drone: the boxes of an `annotations.txt` on the frames that were cut from its video.

    The frames of `annotations/quad/video0/annotations.txt` lie in `images/quad/video0`. Their names end in
    their number, as of `ffmpeg -i video.mov %06d.jpg`, which counts from 1. One frame in 30 is cut by
    `ffmpeg -i video.mov -vf "select=not(mod(n\,30))" -fps_mode vfr %06d.jpg`, and read with `--every 30`.

    Boxes that are lost, out of view, are left out; an occluded object is difficult.

    Raises:
        InputError: a folder holds no annotations.txt or no frames, or a frame's number cannot be read.
    """
    folder, pictures = Storage(annotations), Pictures(images)
    files = [name for name in folder.list("") if name.rpartition("/")[2] == _FILE]
    if not files:
        raise InputError(f"no {_FILE} below {annotations}: expected one for each video")
    frames: dict[str, list[str]] = defaultdict(list)
    for picture in pictures.names:
        frames[picture.rpartition("/")[0]].append(picture)

    def entries() -> Iterator[Entry]:
        for file in files:
            video = file.rpartition("/")[0]
            if video not in frames:
                yield Rejected(file, 0, "missing_image", f"no frames in {images}/{video}".rstrip("/"))
                continue
            yield from _frames(folder, file, pictures, frames[video], first, every)
        for picture in pictures.names:
            video = picture.rpartition("/")[0]
            if f"{video}/{_FILE}".lstrip("/") not in files:
                detail = f"no {_FILE} in {annotations}/{video}".rstrip("/")
                yield Rejected(picture, 0, "missing_annotation", detail)

    what = f"{annotations} {images} {first} {every}"
    return Listing("stanford_drone", what, _digest(folder, files, pictures), entries, CLASSES)


def _frames(
    folder: Storage, file: str, pictures: Pictures, names: list[str], first: int, every: int
) -> Iterator[Entry]:
    """The pictures of a video."""
    numbered = {name: _frame_of(name, first, every) for name in names}
    text = decoded(folder.read(file), folder.path(file))
    rows, last = _rows(text, {n for n in numbered.values() if n is not None}, folder.path(file))
    for name, frame in numbered.items():
        if frame is None:
            detail = f"its name does not end in a number from {first} on"
            yield Rejected(name, 0, "missing_annotation", detail)
        elif frame > last:
            detail = f"frame {frame} comes after the last one of {file}, {last}: check --first and --every"
            yield Rejected(name, 0, "missing_annotation", detail)
        else:
            try:
                objects = tuple(_object(row) for row in rows[frame] if row[1][6] != "1")
            except ValueError as error:
                yield Rejected(name, 0, "bad_annotation", f"{file}, {error}")
            else:
                note = {"objects": objects, "vocabulary": dict.fromkeys(CLASSES)}
                yield Item(pictures.root, name, note, where=f"{file}, frame {frame}")


def _frame_of(name: str, first: int, every: int) -> int | None:
    """The number of a frame in its video, from 0; None if its name does not tell."""
    found = re.search(r"\d{1,9}$", stem(name))
    number = int(found[0]) - first if found else -1
    return number * every if number >= 0 else None


def _rows(text: str, wanted: Collection[int], path: str) -> tuple[dict[int, list[_Row]], int]:
    """The rows of the frames that are wanted, and the last frame of the video.

    Raises:
        InputError: a line does not tell its frame, so that nobody knows which frame lacks it.
    """
    found: dict[int, list[_Row]] = defaultdict(list)
    last = -1
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split(maxsplit=9)
        if not words:
            continue
        if len(words) < 10 or not re.fullmatch(r"\d{1,9}", words[5]):
            raise InputError(
                f"{path}, line {number}: {line!r:.80}: expected track, xmin, ymin, xmax, ymax, frame, lost, "
                'occluded, generated and "label"'
            )
        frame = int(words[5])
        last = max(last, frame)
        if frame in wanted:
            found[frame].append((number, words))
    return found, last


def _object(row: _Row) -> dict[str, Any]:
    number, words = row
    try:
        label = words[9].split('"')[1] if words[9].startswith('"') else words[9].split()[0]
        if label not in CLASSES:
            raise ValueError(f"label {label!r:.60}: expected one of {', '.join(CLASSES)}")
        if strange := [word for word in words[6:8] if word not in ("0", "1")]:
            raise ValueError(f"{strange[0]!r:.20}: expected 0 or 1 for lost and occluded")
        return boxed(label, numbers(words[1:5]), difficult=words[7] == "1")
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error


def _digest(folder: Storage, files: list[str], pictures: Pictures) -> str:
    digest = hashlib.sha256("\n".join(pictures.names).encode("utf-8", "surrogateescape"))
    for file in files:
        content = hashlib.sha256(folder.read(file)).hexdigest()
        digest.update(f"\n{file} {content}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
