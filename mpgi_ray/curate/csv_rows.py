"""Rows of CSV that no spreadsheet takes for formulas.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or the end of a line is written with one space
before it, so that a program that shows the file takes it for a text; carriage returns, which would end a row,
are written as line feeds. Tokenizers of open_clip join words by single spaces and strip the ends, so what is
trained on does not change.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\n")


def encode_rows(rows: Iterable[tuple[str, ...]]) -> bytes:
    """The rows as CSV in UTF-8, without a header."""
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(map(_guarded, rows))
    return table.getvalue().encode()


def _guarded(row: tuple[str, ...]) -> tuple[str, ...]:
    plain = (cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row)
    return tuple(f" {cell}" if cell.startswith(_FORMULA) else cell for cell in plain)
