"""DOTA: one text file a picture, a line an oriented box; versions 1.0, 1.5 and 2.0."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mpgi_ray.ingest.beside import Note, annotated
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import numbers, oriented


def dota(
    annotations: Annotated[str, typer.Argument(help="The folder of text files (labelTxt).")],
    images: Annotated[str, typer.Option(help="The folder of pictures; their names match the text files'.")],
) -> Listing:
    """Read DOTA's labelTxt: eight numbers, the class and the difficulty in a line.

    The header lines `imagesource:` and `gsd:` are understood where they are; a `gsd` of null says nothing.
    Class names may hold spaces.

    Raises:
        InputError: a folder holds no pictures, or no text files.
    """
    return annotated("dota", images, annotations, "txt", _note)


def _note(text: str) -> Note:
    objects, fields = [], dict[str, Any]()
    for number, line in enumerate(text.splitlines(), start=1):
        key, colon, value = line.partition(":")
        try:
            if colon and key.strip().lower() == "gsd":
                fields["gsd"] = _gsd(value.strip())
            elif line.strip() and not (colon and key.strip().lower() == "imagesource"):
                objects.append(_object(line.split()))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    return Note({"objects": tuple(objects), **fields})


def _object(words: list[str]) -> dict[str, Any]:
    if len(words) < 9:
        raise ValueError(f"{len(words)} words: expected x and y of four corners, the class, the difficulty")
    *name, last = words[8:]
    if name and last.isdecimal() and last not in ("0", "1", "2"):
        raise ValueError(f"difficulty {last:.20}: expected 0, 1 or 2")
    if not name or last not in ("0", "1", "2"):  # version 1.0 knows lines without a difficulty
        name, last = words[8:], "0"
    return oriented(" ".join(name), numbers(words[:8]), difficult=last != "0")


def _gsd(value: str) -> float | None:
    """Metres per pixel; None where the file does not know it."""
    if value.lower() in ("", "null", "none", "nan"):
        return None
    (gsd,) = numbers([value])
    return gsd if gsd > 0 else None
