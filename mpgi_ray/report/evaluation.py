"""What an evaluation measured, as tables for the terminal and the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import table as rich_table
from rich.console import Console
from rich.text import Text

KINDS = (
    "retrieval",
    "zero_shot",
    "tower",
    "regions",
    "segmentation",
    "probes",
    "captions",
    "localization",
)
_ELSEWHERE = ("segmentation", "localization")  # of other pictures than those of the shards
_SHARES = ("captions", "localization")  # from 0 to 1, where the others are per cent
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
    return [
        _table(metrics, kind, title, rows)
        for kind in KINDS
        if metrics.get(kind)
        for title, rows in _called(metrics, kind).items()
        if rows
    ]


def _called(metrics: Mapping[str, Any], kind: str) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The rows of a kind under the title of their table: accuracies on classes are zero-shot or not."""
    rows = metrics[kind]
    if kind == "retrieval":
        called: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows:  # an earlier version had one protocol, which its rows did not tell
            of = {key: value for key, value in row.items() if key != "protocol"}
            called[_retrieval(row.get("protocol", metrics["protocol"]))].append(of)
        return dict(called)
    if kind != "zero_shot":
        return {_title(metrics, kind): rows}
    # an earlier version did not ask whether they are
    refused = metrics.get("not_zero_shot", {row["model"] for row in rows})
    return {
        "Zero shot, per cent": [row for row in rows if row["model"] not in refused],
        "Classes by name, not zero-shot, per cent": [row for row in rows if row["model"] in refused],
    }


def print_evaluation(metrics: Mapping[str, Any], console: Console) -> None:
    """Print an evaluation as tables; one that is wider than the console or a log is not cut.

    Args:
        metrics: what a ``metrics.json`` holds.
    """
    split = "all splits" if metrics["split"] is None else f"split {metrics['split']}"
    _line(console, f"{metrics['images']} images of {metrics['shards']}, {split}")
    for table in tables_of(metrics):
        console.print()
        _line(console, table.title, "bold")
        for line in table.status:
            _line(console, f"  {line}")
        console.print(_grid(table), crop=False)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)


def _grid(table: Table) -> rich_table.Table:
    """Headings may take several lines; what stands in a cell is never cut or wrapped."""
    grid = rich_table.Table()
    for place, name in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        words = name.split()
        least = max(map(len, [*cells, *words]))
        right = all(cell[:1].isdigit() for cell in cells if cell)
        grid.add_column(name, justify="right" if right else "left", min_width=least)
    for row in table.rows:
        grid.add_row(*map(Text, row))
    return grid


def _table(metrics: Mapping[str, Any], kind: str, title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for row in rows for key in row if not key.endswith((_LOW, _HIGH))))
    last = next((key for key in reversed(columns) if key + _LOW in rows[0]), "")
    digits = 4 if kind in _SHARES else 2
    return Table(
        title,
        _status(metrics, kind, rows) if kind not in _ELSEWHERE else (),
        [column.replace("_", " ") for column in columns],
        [[_cell(row, key, digits, interval=key == last) for key in columns] for row in rows],
    )


def _retrieval(protocol: str) -> str:
    return f"Retrieval, protocol {protocol}, per cent"


def _title(metrics: Mapping[str, Any], kind: str) -> str:
    title = kind.replace("_", " ").capitalize()
    if kind == "captions" and "decoding" in metrics:
        return f"{title}, decoding {metrics['decoding']}"
    if kind == "tower":
        return f"Image tower by itself, from classes of split {metrics['probe_split']}, per cent"
    if kind == "regions":
        return "Objects by themselves, per cent"
    if kind == "segmentation":
        return f"{title}, {metrics['masks']}, per cent"
    return f"{title}, {metrics['localize']}" if kind == "localization" else title


def _status(metrics: Mapping[str, Any], kind: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    models = dict.fromkeys(row["model"] for row in rows)
    told = {name: metrics["status"][name] for name in models if name in metrics["status"]}
    if kind == "tower":  # classes are learnt from examples: nothing here can be zero-shot
        refused = metrics["not_zero_shot"]
        ends = {name: f"not zero-shot: {refused[name]}" if name in refused else "zero-shot" for name in told}
        told = {name: said.removesuffix(f"; {ends[name]}") for name, said in told.items()}
    return [f"{name}: {said}" for name, said in told.items()]


def _cell(row: Mapping[str, Any], key: str, digits: int, *, interval: bool) -> str:
    value = row.get(key, "")
    if not isinstance(value, float):
        return str(value)
    told = f"{value:.{digits}f}"
    return f"{told} ({row[key + _LOW]:.{digits}f} to {row[key + _HIGH]:.{digits}f})" if interval else told
