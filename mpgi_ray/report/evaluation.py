"""What an evaluation measured, as tables for the terminal and the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console

from mpgi_ray.data.evaluated import TABLES
from mpgi_ray.report.grid import Table, print_line, print_table

_ELSEWHERE = ("segmentation", "localization")  # of other pictures than those of the shards
_SHARES = ("captions", "localization")  # from 0 to 1, where the others are per cent
_LOW, _HIGH = "_low", "_high"  # the ends of a figure's interval stand beside it


def tables_of(metrics: Mapping[str, Any]) -> list[Table]:
    """The tables of a ``metrics.json``; the last figure of each row with its interval.

    In one of a suite their titles begin with the set, and under a table stands what papers print.
    """
    if "sets" in metrics:
        tables = ((name, table) for name, of in metrics["sets"].items() for table in tables_of(of))
        return [replace(table, title=f"{name}: {table.title}") for name, table in tables]
    found = []
    for kind in TABLES:
        for protocol, rows in _by_protocol(metrics, kind).items():
            called = _called(metrics, kind, protocol, rows)
            found += [_table(metrics, kind, title, some) for title, some in called.items() if some]
            found += _published_tables(metrics, kind, protocol, rows)
    return found


def _published_tables(
    metrics: Mapping[str, Any], kind: str, protocol: str, ours: Sequence[Mapping[str, Any]]
) -> list[Table]:
    """What papers print of the same set and protocol: one table, or none."""
    rows = [row for row in metrics.get("published", {}).get(kind, ()) if row.get("protocol", "") == protocol]
    if not rows:
        return []
    there = {key for row in rows for key in row} - {"protocol"}
    columns = [key for key in dict.fromkeys(key for row in (*ours, *rows) for key in row) if key in there]
    title = {"retrieval": _retrieval(protocol).lower(), "zero_shot": "classes by name, per cent"}
    status = ["as papers print them: without intervals, and what the models had seen is not checked here"]
    images, of = metrics.get("images"), metrics.get("published_images")
    if of is not None and images != of:
        status.append(
            f"they are of {of:,} pictures, and the table above is of {images:,}: they cannot be compared"
        )
    return [
        Table(
            f"Published: {title.get(kind, kind)}",
            status,
            [column.replace("_", " ") for column in columns],
            list(zip(*(_printed([row.get(key, "") for row in rows]) for key in columns), strict=True)),
        )
    ]


def print_evaluation(metrics: Mapping[str, Any], console: Console) -> None:
    """Print an evaluation as tables; one that is wider than the console or a log is not cut.

    Args:
        metrics: what a ``metrics.json`` holds.
    """
    for line in _lines_of(metrics):
        print_line(console, line)
    for name, of in metrics.get("sets", {}).items():
        console.print()
        print_line(console, name, "bold underline")
        print_evaluation(of, console)
    for table in () if "sets" in metrics else tables_of(metrics):
        print_table(table, console)


def _lines_of(metrics: Mapping[str, Any]) -> list[str]:
    """What was evaluated."""
    if "sets" in metrics:
        lines = {"not there": metrics["missing"], "left out, as no set of it": metrics["unknown"]}
        told = [f"{what}: {', '.join(names)}" for what, names in lines.items() if names]
        return [f"suite {metrics['suite']}, {len(metrics['sets'])} sets in {metrics['folder']}", *told]
    if "images" not in metrics:
        return [metrics["localize"]]
    split = "all splits" if metrics["split"] is None else f"split {metrics['split']}"
    return [f"{metrics['images']} images of {metrics['shards']}, {split}"]


def _by_protocol(metrics: Mapping[str, Any], kind: str) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of a kind; those of retrieval by protocol, which their title says."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in metrics.get(kind, ()):
        if kind == "retrieval":  # an earlier version had one protocol, which its rows did not tell
            rest = {key: value for key, value in row.items() if key != "protocol"}
            found[row.get("protocol", metrics["protocol"])].append(rest)
        else:
            found[""].append(row)
    return found


def _called(
    metrics: Mapping[str, Any], kind: str, protocol: str, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Rows under the title of their table: accuracies on classes are zero-shot or not."""
    if kind == "retrieval":
        return {_retrieval(protocol): rows}
    if kind != "zero_shot":
        return {_title(metrics, kind): rows}
    # an earlier version did not ask whether they are
    refused = metrics.get("not_zero_shot", {row["model"] for row in rows})
    return {
        "Zero shot, per cent": [row for row in rows if row["model"] not in refused],
        "Classes by name, not zero-shot, per cent": [row for row in rows if row["model"] in refused],
    }


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


def _printed(values: Sequence[object]) -> list[str]:
    """A column of a published table, all its figures with as many digits as the one that has most."""
    digits = max(
        (len(str(value).partition(".")[2]) for value in values if isinstance(value, float)), default=0
    )
    return [f"{value:.{digits}f}" if isinstance(value, float) else str(value) for value in values]
