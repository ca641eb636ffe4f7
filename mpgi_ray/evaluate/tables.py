"""What an evaluation measured, as tables for the terminal and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = ("retrieval", "zero_shot", "probes", "captions")
_LOW, _HIGH = "_low", "_high"  # the ends of a figure's interval stand beside it


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text, one row a model."""

    title: str
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
            made.append(_table(title, rows))
    return made


def show(metrics: Mapping[str, Any]) -> str:
    """An evaluation for the terminal."""
    lines = [f"{metrics['images']} images of {metrics['shards']}, split {metrics['split']}"]
    lines += [f"  {model}: {status}" for model, status in metrics["status"].items()]
    for table in tables_of(metrics):
        cells = [table.columns, *table.rows]
        widths = [max(len(line[place]) for line in cells) for place in range(len(table.columns))]
        lines += ["", table.title]
        lines += [
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
            for line in cells
        ]
    return "\n".join(lines)


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = [key for key in rows[0] if not key.endswith((_LOW, _HIGH))]
    last = next((key for key in reversed(columns) if key + _LOW in rows[0]), "")
    digits = 4 if title == "Captions" else 2  # these are no per cent
    cells = [[_cell(row, key, digits, interval=key == last) for key in columns] for row in rows]
    return Table(title, [column.replace("_", " ") for column in columns], cells)


def _cell(row: Mapping[str, Any], key: str, digits: int, *, interval: bool) -> str:
    value = row.get(key, "")
    if not isinstance(value, float):
        return str(value)
    told = f"{value:.{digits}f}"
    return f"{told} ({row[key + _LOW]:.{digits}f} to {row[key + _HIGH]:.{digits}f})" if interval else told
