"""The rows of a manifest: lines of JSON, or rows of a CSV or Parquet file."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mpgi_ray.data.lines import read_lines
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.data.text import decode_json
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.tables import Table, read_table_file

_AT_ONCE = 1024  # rows of a Parquet file
_TEXTS = ("labels", "captions")  # where a cell of CSV that is not a list stands for a list of one

Row = tuple[str, Callable[[], Any]]  # its place, in words, and what reads it; that may raise a ValueError


@dataclass(frozen=True)
class Rows:
    """The rows of a file that are not empty, each as the fields of a record.

    Attributes:
        root: the file's folder.
        fingerprint: of its content.
    """

    root: Storage
    fingerprint: str
    each: Callable[[], Iterator[Row]]

    def __iter__(self) -> Iterator[Row]:
        return self.each()


def read_rows(path: str) -> Rows:
    """The rows of a file, by its suffix: ``.csv``, ``.tsv`` or ``.parquet``; any other holds lines of JSON.

    Raises:
        InputError: the file cannot be read.
    """
    match path.rpartition(".")[2].lower():
        case "csv" | "tsv":
            table = read_table_file(path)
            return Rows(table.root, table.fingerprint, partial(_cells, table))
        case "parquet":
            return _parquet(path)
    digest = hashlib.sha256()
    for line in _lines(path):
        digest.update(line + b"\n")
    return Rows(split_url(path)[0], digest.hexdigest(), partial(_json, path))


def _json(path: str) -> Iterator[Row]:
    for number, line in enumerate(_lines(path), start=1):
        if line:
            yield f"line {number}", partial(decode_json, line)


def _lines(path: str) -> Iterator[bytes]:
    return (line.strip() for line in read_lines(*split_url(path)))


def _cells(table: Table) -> Iterator[Row]:
    names = table.rows[0][1]
    for number, row in table.rows[1:]:
        yield f"line {number}", partial(_from_cells, names, row)


def _from_cells(names: tuple[str, ...], row: tuple[str, ...]) -> dict[str, Any]:
    if len(row) > len(names):
        raise ValueError(f"{len(row)} cells: expected at most {len(names)}, as in the first row")
    return {name: _from_cell(name, cell) for name, cell in zip(names, row, strict=False) if cell}


def _from_cell(name: str, cell: str) -> Any:
    if cell.startswith(("[", "{")):
        return decode_json(cell)
    return [cell] if name in _TEXTS else cell


def _parquet(path: str) -> Rows:
    root, name = split_url(path)
    data = root.read(name)
    with _whole(path):
        file = pq.ParquetFile(pa.BufferReader(data))

    def each() -> Iterator[Row]:
        with _whole(path):
            # in this thread alone: a reader thread that outlives the interpreter ends the process in an abort
            batches = file.iter_batches(_AT_ONCE, use_threads=False)
            for number, row in enumerate((row for batch in batches for row in batch.to_pylist()), start=1):
                yield f"row {number}", partial(_from_row, row)

    return Rows(root, hashlib.sha256(data).hexdigest(), each)


@contextmanager
def _whole(path: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a whole Parquet file: {error}") from error


def _from_row(row: dict[str, Any]) -> dict[str, Any]:
    fields = _without_nulls(row)
    return {
        name: _from_cell(name, value) if isinstance(value, str) else value for name, value in fields.items()
    }


def _without_nulls(value: Any) -> Any:
    """A value of Parquet as JSON has it: what is null in a struct is not there, and dates are text."""
    match value:
        case dict():
            return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
        case [tuple(), *_]:  # a map
            return _without_nulls(dict(value))
        case list():
            return [_without_nulls(inner) for inner in value]
        case datetime.date():
            return value.isoformat()
    return value
