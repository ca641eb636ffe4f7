"""Published caption sets: a table of pictures and captions, as HQRS-IT-210K and `mpgi curate` write it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import typer

from mpgi_ray.data.sample import Rejected
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.pictures import Pictures
from mpgi_ray.ingest.tables import Table, read_table_file
from mpgi_ray.ingest.texts import captions_of, is_empty

_PICTURE = ("filepath", "image_path", "image", "filename", "file_name", "path", "img")
_CAPTION = ("caption", "captions", "title", "text", "sentence")
_log = logging.getLogger(__name__)


@dataclass
class _Told:
    """What the rows of a picture say."""

    line: int
    texts: list[str] = field(default_factory=list)
    splits: set[str] = field(default_factory=set)


def captions(
    table: Annotated[str, typer.Argument(help="The CSV or TSV file; its first row names the columns.")],
    images: Annotated[
        str | None, typer.Option(help="The folder of pictures; without it, the file's own.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The column of the captions; else caption, title or text.")
    ] = None,
) -> Listing:
    """Read a table of captions: a picture and one of its captions in a row, under `filepath,caption`.

    Rows of one picture are joined, and texts that come twice kept once. A column `split` is used where it
    is. Pictures are found by path or file name, so the paths may be those of another machine.
    Empty captions, and pictures that no row names, are left out, and counted in a warning.

    Raises:
        InputError: the file or folder cannot be read, or a column is missing.
    """
    found = read_table_file(table)
    pictures = Pictures(found.root.url if images is None else images)
    place, text = _column(found, _PICTURE), _column(found, _CAPTION if column is None else (column,))
    split = found.rows[0][1].index("split") if "split" in found.rows[0][1] else None

    def entries() -> Iterator[Entry]:
        told, used = dict[str, _Told](), set[str]()
        for number, row in found.rows[1:]:
            own = told.setdefault(row[place] if place < len(row) else "", _Told(number))
            own.texts.append(row[text] if text < len(row) else "")
            own.splits |= {row[split]} - {""} if split is not None and split < len(row) else set()
        for called, own in told.items():
            where = f"line {own.line}"
            try:
                name = pictures.find(called.lstrip("/"))
                used.add(name)
                yield Item(pictures.root, name, _note(own), where=where)
            except ValueError as error:
                yield Rejected(called or where, 0, "bad_annotation", f"{where}: {error}")
        if empty := sum(is_empty(text) for own in told.values() for text in own.texts):
            _log.warning("%s: captions that are empty, and left out: %d", table, empty)
        pictures.tell_others(used)

    what = " ".join(filter(None, (table, images, column)))
    return Listing("captions", what, found.fingerprint, entries)


def _note(told: _Told) -> dict[str, object]:
    texts = captions_of(dict.fromkeys(told.texts))
    if not texts:
        raise ValueError("the picture has no caption")
    if len(told.splits) > 1:
        raise ValueError(f"its rows name several splits: {', '.join(sorted(told.splits))}")
    return {"captions": texts, "split": next(iter(told.splits), None)}


def _column(table: Table, names: tuple[str, ...]) -> int:
    """The position of the first of these columns that the table has.

    Raises:
        InputError: it has none of them.
    """
    header = table.rows[0][1]
    if known := [name for name in names if name in header]:
        return header.index(known[0])
    raise InputError(f"{table.path} has no column {' or '.join(names)}: its columns are {', '.join(header)}")
