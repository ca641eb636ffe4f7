"""Text files that hold a whole source: read, decoded and, where they are tables, split into rows."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.data.text import JsonError, decode_json, decode_text
from mpgi_ray.errors import InputError

csv.field_size_limit(16 << 20)  # characters: outlines of a coast are long
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Table:
    """Rows of a CSV or TSV file.

    Attributes:
        fingerprint: of its content.
        rows: line number and cells of each row that is not empty, the first row included.
    """

    path: str
    root: Storage
    fingerprint: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, name: str) -> int:
        """The position of a column that the first row names.

        Raises:
            InputError: it does not.
        """
        header = self.rows[0][1]
        if name not in header:
            raise InputError(f"{self.path} has no column {name!r}: its columns are {', '.join(header)}")
        return header.index(name)


def read_table_file(path: str) -> Table:
    """A table, separated by commas, semicolons or tabs: whichever its first line holds most of.

    Raises:
        InputError: it cannot be read, is not UTF-8, or holds no rows.
    """
    root, name = split_url(path)
    data = root.read(name)
    text = decoded(data, path)
    first = text.partition("\n")[0]
    separator = max("\t,;", key=first.count)
    rows = tuple(_rows(text, separator, path))
    if not rows:
        raise InputError(f"{path} holds no rows")
    return Table(path, root, hashlib.sha256(data).hexdigest(), rows)


def read_text_file(path: str) -> tuple[str, str]:
    """The text of a file, and the fingerprint of its content.

    Raises:
        InputError: it cannot be read, or is not UTF-8.
    """
    root, name = split_url(path)
    data = root.read(name)
    return decoded(data, path), hashlib.sha256(data).hexdigest()


def read_json_file(path: str) -> tuple[Any, str]:
    """The value that a JSON file holds, and the fingerprint of its content.

    Raises:
        InputError: it cannot be read, or is not JSON in UTF-8.
    """
    text, fingerprint = read_text_file(path)
    try:
        return decode_json(text), fingerprint
    except JsonError as error:
        raise InputError(f"{path} is not valid JSON: {error}") from error


def decoded(data: bytes, path: str) -> str:
    """Text.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return decode_text(data, path)
    except ValueError as error:
        raise InputError(str(error)) from error


def _rows(text: str, separator: str, path: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    lines = (line[0] for line in _LINE.finditer(text))  # a StringIO would hold four bytes a character
    reader = csv.reader(lines, delimiter=separator)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, tuple(cell.strip() for cell in row)
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}") from error
