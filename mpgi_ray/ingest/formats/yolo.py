"""YOLO: one text file a picture, a line a box, an oriented box or an outline, in shares of the picture."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mpgi_ray.config import read_mapping
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.beside import Note, annotated, each_line
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import boxed, numbers, oriented, outlined, points
from mpgi_ray.ingest.tables import read_text_file

_NAMES = ("data.yaml", "dataset.yaml", "classes.txt", "obj.names", "names.txt", "_darknet.labels")


def yolo(
    annotations: Annotated[str, typer.Argument(help="The folder of text files (labels).")],
    images: Annotated[str, typer.Option(help="The folder of pictures; their names match the text files'.")],
    names: Annotated[
        str | None,
        typer.Option(help="data.yaml, or a file of one class a line; looked for in the folder and above it."),
    ] = None,
    background: Annotated[
        bool,
        typer.Option(help="A picture without a text file shows none of the classes, and is not rejected."),
    ] = False,
) -> Listing:
    """Read YOLO: `class cx cy width height` in a line, or the corners of an oriented box or of an outline.

    Coordinates are shares of width and height. Four corners are an oriented box; any other number of them
    is an outline.

    Raises:
        InputError: a folder holds no pictures or no text files, or the names of the classes are not found.
    """
    where, classes = _classes(annotations, names)

    def read(text: str) -> Note:
        objects = each_line(text, lambda line: _object(line.split(), classes, where))
        return Note({"objects": objects, "vocabulary": dict.fromkeys(classes.values())}, in_fractions=True)

    return annotated(
        "yolo",
        images,
        annotations,
        "txt",
        read,
        besides=_NAMES,
        nothing=read("") if background else None,
        given=f"{classes} {background}",
        classes=tuple(classes.values()),
    )


def _object(words: list[str], classes: dict[int, str], where: str) -> dict[str, Any]:
    first, *values = numbers(words)
    if first not in classes:
        raise ValueError(
            f"class {words[0]}: {where} names {len(classes)} classes, {min(classes)} to {max(classes)}"
        )
    label = classes[int(first)]
    if strange := [value for value in values if not -0.5 <= value <= 1.5]:
        raise ValueError(f"coordinate {strange[0]:g}: expected shares of width and height, not pixels")
    if len(values) == 4:
        x, y, width, height = values
        return boxed(label, (x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    if len(values) == 8:
        return oriented(label, values)
    if len(values) == 5:
        raise ValueError("six numbers: the last one looks like the confidence of a model: remove it")
    return outlined(label, (points(values),))


def _classes(folder: str, given: str | None) -> tuple[str, dict[int, str]]:
    """Where the names of the classes stand, and the names by number.

    Raises:
        InputError, RecipeError: they are not found, or are not names.
    """
    path = given or _found(folder)
    text, _ = read_text_file(path)
    return path, _from_yaml(text, path) if path.endswith((".yaml", ".yml")) else _from_lines(text, path)


def _found(folder: str) -> str:
    place = folder.rstrip("/")
    for _ in range(3):  # the folder itself, and two above it
        for name in _NAMES if place else ():
            if Storage(place).exists(name):
                return f"{place}/{name}"
        place = place.rpartition("/")[0]
    raise InputError(
        f"the names of the classes are not found: expected {', '.join(_NAMES[:3])} in {folder} "
        "or up to two folders above it; name the file with --names"
    )


def _from_lines(text: str, path: str) -> dict[int, str]:
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if "" in lines or not lines:
        raise InputError(f"{path} has an empty line: expected a class a line, in the order of their numbers")
    return dict(enumerate(lines))


def _from_yaml(text: str, path: str) -> dict[int, str]:
    names = read_mapping(text, path).get("names")
    pairs = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(pairs, dict) or not pairs:
        raise InputError(f"{path} has no list `names`: expected the classes in their order")
    if strange := [key for key in pairs if not str(key).isdecimal()]:
        raise InputError(f"{path}: names has the key {strange[0]!r}: expected the numbers of the classes")
    if strange := [name for name in pairs.values() if not isinstance(name, str | int | float)]:
        raise InputError(f"{path}: names has {str(strange[0])!r:.60}: expected the name of a class")
    return {int(key): str(name).strip() for key, name in pairs.items()}
