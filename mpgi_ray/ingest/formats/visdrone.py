"""VisDrone: one text file a picture, a line a box, as the benchmark's detection task (DET) has them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mpgi_ray.ingest.beside import Note, annotated, each_line
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import boxed, numbers
from mpgi_ray.ingest.source import TRUNCATED

# the place is the category, as listed in the README of VisDrone2018-DET-toolkit
CLASSES = (
    "ignored regions",
    "pedestrian",
    "people",
    "bicycle",
    "car",
    "van",
    "truck",
    "tricycle",
    "awning-tricycle",
    "bus",
    "motor",
    "others",
)


def visdrone(
    annotations: Annotated[str, typer.Argument(help="The folder of text files (annotations).")],
    images: Annotated[str, typer.Option(help="The folder of pictures; their names match the text files'.")],
) -> Listing:
    """Read VisDrone: `left,top,width,height,score,category,truncation,occlusion` in a line, in pixels.

    The twelve categories have the benchmark's names. Its regions of unlabelled objects are labelled
    `ignored regions`, and what is none of its classes `others`: a source file or preset drops both. An object
    that the frame cuts counts as half visible. One that is hidden by more than half, or that the benchmark
    does not score, is difficult.

    Raises:
        InputError: a folder holds no pictures, or no text files.
    """
    return annotated("visdrone", images, annotations, "txt", _note, classes=CLASSES)


def _note(text: str) -> Note:
    return Note({"objects": each_line(text, _object), "vocabulary": dict.fromkeys(CLASSES)})


def _object(line: str) -> dict[str, Any]:
    words = line.strip().removesuffix(",").split(",")  # some files end their lines with a comma
    if len(words) != 8:
        raise ValueError(
            f"{len(words)} numbers: expected left, top, width, height, score, category, truncation, occlusion"
        )
    left, top, width, height, score, category, truncation, occlusion = numbers(words)
    if score not in (0, 1):
        raise ValueError(f"score {score:g}: expected 0 or 1, as in annotations; this looks like a detection")
    if category not in range(len(CLASSES)):
        raise ValueError(f"category {category:g}: expected 0 to {len(CLASSES) - 1}")
    if truncation not in (0, 1) or occlusion not in (0, 1, 2):
        raise ValueError(
            f"truncation {truncation:g} and occlusion {occlusion:g}: expected 0 or 1, and 0, 1 or 2"
        )
    flags: dict[str, Any] = {"difficult": not score or occlusion == 2}
    if truncation:
        flags["visible"] = TRUNCATED
    return boxed(CLASSES[int(category)], (left, top, left + width, top + height), **flags)
