"""Tables of labels: CSV or TSV, a row a picture, with the classes that are present in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated

import typer

from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.storage import Storage
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.pictures import Pictures
from mpgi_ray.ingest.tables import Table, read_table_file

_SUFFIXES = (".csv", ".tsv", ".txt")
_YES, _NO = {"1", "1.0", "true", "yes"}, {"0", "0.0", "false", "no", "", "-1"}


def labels(
    table: Annotated[
        str, typer.Argument(help="The CSV or TSV file, or a folder of them; first rows name the columns.")
    ],
    images: Annotated[str, typer.Option(help="The folder of pictures.")],
    column: Annotated[
        str | None,
        typer.Option(
            help="The column that lists the classes, as a,b or a|b; else each further column is a class."
        ),
    ] = None,
    scene: Annotated[bool, typer.Option(help="A folder above a picture names its scene class.")] = False,
) -> Listing:
    """Read a table of labels: which classes are somewhere in a picture, without place or number.

    The first column names the picture: its path below the folder, or its file name alone, with or without
    suffix, if only one picture has it. Pictures that no row names are left out, and counted in a warning.

    Raises:
        InputError: the file or folder cannot be read, or a column is missing.
    """
    tables, pictures = _tables(table), Pictures(images)
    classes = (
        () if column is not None else tuple(dict.fromkeys(c for one in tables for c in one.rows[0][1][1:]))
    )
    vocabulary = {"vocabulary": dict.fromkeys(classes)} if classes else {}
    places = [None if column is None else one.column(column) for one in tables]

    def entries() -> Iterator[Entry]:
        used = set[str]()
        for one, place in zip(tables, places, strict=True):
            (_, header), *rows = one.rows
            for number, row in rows:
                where = f"line {number}" if len(tables) == 1 else f"{one.path}, line {number}"
                try:
                    present = _marked(row, header) if place is None else _listed(row, place)
                    name = pictures.find(row[0])
                except ValueError as error:
                    yield Rejected(row[0] or where, 0, "bad_annotation", f"{where}: {error}")
                    continue
                used.add(name)
                above = (name.split("/")[0],) if scene and "/" in name else ()
                yield Item(pictures.root, name, {"labels": present, "scene": above, **vocabulary})
        pictures.tell_others(used)

    prints = [one.fingerprint for one in tables]
    fingerprint = prints[0] if len(prints) == 1 else hashlib.sha256(" ".join(prints).encode()).hexdigest()
    return Listing("labels", f"{table} {images} {column} {scene}", fingerprint, entries, classes)


def _tables(path: str) -> list[Table]:
    """The tables of a folder, or the one of a file."""
    folder = Storage(path)
    names = [] if path.lower().endswith(_SUFFIXES) else folder.list(*_SUFFIXES)
    return [read_table_file(folder.path(name)) for name in names] or [read_table_file(path)]


def _marked(row: tuple[str, ...], header: tuple[str, ...]) -> tuple[str, ...]:
    if len(row) != len(header):
        raise ValueError(f"{len(row)} cells: expected {len(header)}, as in the first row")
    if strange := [cell for cell in row[1:] if cell.lower() not in _YES | _NO]:
        raise ValueError(
            f"{strange[0]!r:.60}: expected 0 or 1, or name the column that lists the classes with --column"
        )
    return tuple(label for label, cell in zip(header[1:], row[1:], strict=True) if cell.lower() in _YES)


def _listed(row: tuple[str, ...], place: int) -> tuple[str, ...]:
    cell = row[place] if place < len(row) else ""
    separator = next((mark for mark in "|;,\t" if mark in cell), None)
    words = cell.split(separator)
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
