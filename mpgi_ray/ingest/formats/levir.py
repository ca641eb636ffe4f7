"""LEVIR: aircraft, ships and oil tanks, one text file a picture, a line a box."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mpgi_ray.ingest.beside import Note, annotated, each_line
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import boxed, numbers

CLASSES = {1: "airplane", 2: "ship", 3: "oilpot"}


def levir(
    root: Annotated[str, typer.Argument(help="The folder of pictures with a text file beside each.")],
    background: Annotated[
        bool,
        typer.Option(help="A picture without a text file shows none of the classes, and is not rejected."),
    ] = False,
) -> Listing:
    """Read LEVIR: `class xmin ymin xmax ymax` in a line, in pixels.

    Class 1 is an airplane, 2 a ship, 3 an oil tank. This form was read in public code, not in documentation:
    look at the first shards before you caption them.

    Raises:
        InputError: the folder holds no pictures, or no text files.
    """
    nothing = _note("") if background else None
    classes, given = tuple(CLASSES.values()), "background" if background else ""
    return annotated("levir", root, root, "txt", _note, nothing=nothing, given=given, classes=classes)


def _note(text: str) -> Note:
    return Note({"objects": each_line(text, _object), "vocabulary": dict.fromkeys(CLASSES.values())})


def _object(line: str) -> dict[str, Any]:
    words = line.replace(",", " ").split()
    if len(words) != 5:
        raise ValueError(f"{len(words)} numbers: expected the class, xmin, ymin, xmax and ymax")
    number, *box = numbers(words)
    if number not in CLASSES:
        raise ValueError(f"class {number:g}: expected 1 (airplane), 2 (ship) or 3 (oil tank)")
    return boxed(CLASSES[int(number)], box)
