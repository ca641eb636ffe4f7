"""What an evaluation measured, as tables for the terminal and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = ("retrieval", "zero_shot", "probes", "captions")
_LOW, _HIGH = "_low", "_high"  # the ends of a figure's interval stand beside it


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text, one row a model.

    Attributes:
        status: of each model in it, whether it saw these pictures in training.
    """

    title: str
    status: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables_of(metrics: Mapping[str, Any]) -> list[Table]:
    """The tables of a ``metrics.json``; the last figure of each row with its interval."""
    made = []
    for kind in KINDS:
        if rows := metrics.get(kind):
            title = kind.replace("_", " ").capitalize()
            if kind == "retrieval":
                title += f", protocol {metrics['protocol']}, per cent"
            if kind == "captions" and "decoding" in metrics:
                title += f", decoding {metrics['decoding']}"
            models = dict.fromkeys(row["model"] for row in rows)
            status = [f"{name}: {metrics['status'][name]}" for name in models if name in metrics["status"]]
            digits = 4 if kind == "captions" else 2  # these are no per cent
            made.append(_table(title, status, rows, digits))
    return made


def show(metrics: Mapping[str, Any]) -> str:
    """An evaluation for the terminal."""
    lines = [f"{metrics['images']} images of {metrics['shards']}, split {metrics['split']}"]
    for table in tables_of(metrics):
        cells = [table.columns, *table.rows]
        widths = [max(len(line[place]) for line in cells) for place in range(len(table.columns))]
        lines += ["", table.title, *(f"  {line}" for line in table.status)]
        lines += [
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
            for line in cells
        ]
    return "\n".join(lines)


def _table(title: str, status: Sequence[str], rows: Sequence[Mapping[str, Any]], digits: int) -> Table:
    columns = [key for key in rows[0] if not key.endswith((_LOW, _HIGH))]
    last = next((key for key in reversed(columns) if key + _LOW in rows[0]), "")
    cells = [[_cell(row, key, digits, interval=key == last) for key in columns] for row in rows]
    return Table(title, status, [column.replace("_", " ") for column in columns], cells)


def _cell(row: Mapping[str, Any], key: str, digits: int, *, interval: bool) -> str:
    value = row.get(key, "")
    if not isinstance(value, float):
        return str(value)
    told = f"{value:.{digits}f}"
    return f"{told} ({row[key + _LOW]:.{digits}f} to {row[key + _HIGH]:.{digits}f})" if interval else told
