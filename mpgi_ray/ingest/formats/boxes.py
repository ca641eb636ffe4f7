"""Tables of boxes: CSV, a row a box, as RetinaNet tools and DeepForest write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from mpgi_ray.data.sample import Rejected
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.outline import boxed, numbers, outlined, points
from mpgi_ray.ingest.pictures import Pictures
from mpgi_ray.ingest.tables import Table, read_table_file

_PLAIN = ("image_path", "xmin", "ymin", "xmax", "ymax", "label")
_OTHERS = {
    "image_path": ("image", "filename", "file_name", "filepath", "image_id", "path", "img", "name"),
    "xmin": ("x1", "x_min", "left"),
    "ymin": ("y1", "y_min", "top"),
    "xmax": ("x2", "x_max", "right"),
    "ymax": ("y2", "y_max", "bottom"),
    "label": ("class", "class_name", "category", "classname", "cls"),
    "geometry": ("polygon", "wkt"),
    "width": ("image_width", "img_width"),
    "height": ("image_height", "img_height"),
}
_SIZE = ("width", "height")
_RING = re.compile(r"\(([^()]+)\)")


def boxes(
    table: Annotated[str, typer.Argument(help="The CSV file, a row a box.")],
    images: Annotated[
        str | None, typer.Option(help="The folder of pictures; without it, the file's own.")
    ] = None,
) -> Listing:
    """Read a table of boxes: picture, xmin, ymin, xmax, ymax and class in a row, in pixels.

    The first row may name the columns, in any order and by other usual names; a `geometry` is read as an
    outline: polygons in WKT, or points as [(x, y), …]. Without names the order is the one above. A row of a
    picture alone says that it shows none of the classes. A row that cannot be read rejects its picture, and
    so does a `width` or `height` that is not the picture's.
    Pictures are found by path or file name; those that no row names are left out, and counted in a warning.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """
    found = read_table_file(table)
    columns, rows = _columns(found)
    pictures = Pictures(found.root.url if images is None else images)
    by_picture: dict[str, list[tuple[int, dict[str, str]]]] = {}
    lost: dict[str, str] = {}
    for number, row in rows:
        cells = {name: row[place] if place < len(row) else "" for name, place in columns.items()}
        called = cells.pop("image_path")
        try:
            by_picture.setdefault(pictures.find(called), []).append((number, cells))
        except ValueError as error:
            lost.setdefault(called or f"line {number}", f"line {number}: {error}")

    def entries() -> Iterator[Entry]:
        for name, own in by_picture.items():
            try:
                size = _size(own)
                objects = tuple(_object(number, cells) for number, cells in own if _says(cells))
            except ValueError as error:
                yield Rejected(name, 0, "bad_annotation", str(error))
            else:
                yield Item(pictures.root, name, {"objects": objects}, size, where=f"line {own[0][0]}")
        for called, why in lost.items():
            yield Rejected(called, 0, "missing_image", why)
        pictures.tell_others(by_picture)

    return Listing("boxes", f"{table} {images or ''}".strip(), found.fingerprint, entries)


def _columns(table: Table) -> tuple[dict[str, int], tuple[tuple[int, tuple[str, ...]], ...]]:
    """Where each column stands, and the rows below the names.

    Raises:
        InputError: one is missing.
    """
    first = [cell.lower() for cell in table.rows[0][1]]
    known = {other: name for name, others in _OTHERS.items() for other in (name, *others)}
    places: dict[str, int] = {}
    for place, cell in enumerate(first):
        if cell in known:
            places.setdefault(known[cell], place)
    if not places:
        if len(first) < len(_PLAIN):
            raise InputError(f"{table.path} has {len(first)} columns: expected {', '.join(_PLAIN)}")
        return {name: place for place, name in enumerate(_PLAIN)}, table.rows
    needed = ("image_path", "label", *(() if "geometry" in places else _PLAIN[1:5]))
    if missing := [name for name in needed if name not in places]:
        raise InputError(f"{table.path} has no column {missing[0]!r}: its columns are {', '.join(first)}")
    return places, table.rows[1:]


def _says(cells: dict[str, str]) -> bool:
    """Whether a row says more than the name of a picture, and its size."""
    return any(cell for name, cell in cells.items() if name not in _SIZE)


def _size(rows: list[tuple[int, dict[str, str]]]) -> tuple[int | None, int | None]:
    """The width and height that the rows of a picture state.

    Raises:
        ValueError: they are no numbers of pixels, or not the same in all rows.
    """
    stated = []
    for name in _SIZE:
        found = dict.fromkeys(value for _, cells in rows if (value := cells.get(name)))
        if len(found) > 1:
            raise ValueError(f"line {rows[0][0]} and others: {name} is {' and '.join(found)}: expected one")
        (number,) = numbers(found) or (None,)
        if number is not None and number != int(number):
            raise ValueError(f"line {rows[0][0]}: {name} is {number:g}: expected a whole number of pixels")
        stated.append(number if number is None else int(number))
    return stated[0], stated[1]


def _object(number: int, cells: dict[str, str]) -> dict[str, Any]:
    try:
        if not cells["label"]:
            raise ValueError("the class is missing")
        if cells.get("geometry"):
            return outlined(cells["label"], _rings(cells["geometry"]))
        return boxed(cells["label"], numbers(cells[name] for name in _PLAIN[1:5]))
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error


def _rings(wkt: str) -> list[tuple[tuple[float, float], ...]]:
    """The outlines of a POLYGON or MULTIPOLYGON, where holes are outlines, too; or of a list of points."""
    if wkt.startswith("["):
        return [points(numbers(re.split(r"[\s,]+", ",".join(_RING.findall(wkt)))))]
    if not re.match(r"\s*(MULTI)?POLYGON\b", wkt, re.IGNORECASE):
        raise ValueError(f"geometry {wkt!r:.60}: expected a POLYGON in WKT, or [(x, y), …]")
    return [points(numbers(re.split(r"[\s,]+", ring.strip())))[:-1] for ring in _RING.findall(wkt)]
