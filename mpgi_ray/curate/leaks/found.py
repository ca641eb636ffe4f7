"""``leaks.parquet``, ``summary.json`` and the table for a person: what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Column, Table

from mpgi_ray.curate.leaks.nodes import Met, Nodes
from mpgi_ray.data.records import read_record
from mpgi_ray.data.storage import Storage

SUMMARY = "summary.json"
SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("shard", pa.string()),
        ("key", pa.string()),
        ("evaluation_id", pa.string()),
        ("evaluation_shard", pa.string()),
        ("evaluation_key", pa.string()),
        ("kind", pa.string()),
        ("met", pa.int64()),
        ("evidence", pa.string()),
    ]
)
_NOTES = {
    "exact": "the same bytes, or the same part of a file",
    "copy": "re-encoded, resized, turned or mirrored",
    "overlap": "the same ground in part, by pixels",
    "through": "a copy of a copy, by way of other pictures",
    "window": "overlapping windows of one file",
    "lineage": "one name in sources of the same pictures",
    "footprint": "the same place on the earth",
}


@dataclass(frozen=True, slots=True)
class LeaksSummary:
    """The result of a search.

    Attributes:
        train, evaluation, through: pictures of each side.
        left_out: pictures whose pixels were not compared, and entries that are none, by reason.
        leaking: training pictures that meet an evaluation picture in some way.
        kinds: training pictures by kind; one may leak in several.
        examples: the first of each kind, in words.
        nothing_to_do: the search was already finished; the numbers are those of an earlier start.
    """

    train: int
    evaluation: int
    through: int
    left_out: dict[str, int]
    leaking: int
    kinds: dict[str, int]
    examples: dict[str, str]
    nothing_to_do: bool = False

    def record(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        return {name: value for name, value in asdict(self).items() if name != "nothing_to_do"}


def leaks_table(nodes: Nodes, met: Sequence[Met]) -> pa.Table:
    """A row for each training picture and kind: the first evaluation picture of those that it meets.

    ``met`` counts these.
    """
    ids, shards, keys = (nodes.column(name) for name in ("sample_id", "shard", "key"))
    rows = []
    for found in met:
        columns = (found.train.tolist(), found.evaluation.tolist(), found.counts.tolist())
        for one, other, count in zip(*columns, strict=True):
            told = (
                *(ids[one], _below(shards[one]), keys[one], ids[other], _below(shards[other]), keys[other]),
                *(found.kind, count, found.evidence(one, other)),
            )
            rows.append(dict(zip(SCHEMA.names, told, strict=True)))
    return pa.Table.from_pylist(rows, SCHEMA)


def kinds_of(table: pa.Table, met: Sequence[Met]) -> tuple[dict[str, int], dict[str, str]]:
    """How many training pictures leak in each way, and the first of each in words."""
    kinds = table["kind"].to_pylist()
    examples = {
        kind: "{shard}:{key} and {evaluation_shard}:{evaluation_key}: {evidence}".format_map(
            table.slice(kinds.index(kind), 1).to_pylist()[0]
        )
        for kind in dict.fromkeys(kinds)
    }
    return {found.kind: kinds.count(found.kind) for found in met}, examples


def read_summary(output: Storage) -> LeaksSummary:
    """The summary of an earlier start.

    Raises:
        InputError: ``summary.json`` is damaged.
    """
    fix = "delete it and run the same command again"
    return replace(read_record(output, SUMMARY, LeaksSummary, "leaks", fix), nothing_to_do=True)


def print_summary(summary: LeaksSummary, console: Console) -> None:
    """The numbers, a line each, and an example of each kind."""
    left: Mapping[str, int] = {f"left out: {reason}": count for reason, count in summary.left_out.items()}
    through = {"pictures between": summary.through} if summary.through else {}
    sides = {"training pictures": summary.train, "evaluation pictures": summary.evaluation, **through, **left}
    table = Table("", Column("number", justify="right"), "", box=None, pad_edge=False, show_header=False)
    for name, number in sides.items():
        table.add_row(name, f"{number:,}", "")
    table.add_row("leaking", f"{summary.leaking:,}", "training pictures, in one way or several")
    for kind, number in summary.kinds.items():
        table.add_row(f"  {kind}", f"{number:,}", _NOTES[kind])
    if summary.nothing_to_do:
        console.print("nothing to do: found before")
    console.print(table)
    for kind, example in summary.examples.items():
        console.print(f"{kind}: {example}", markup=False, highlight=False, soft_wrap=True)


def _below(shard: str) -> str:
    """A shard's name without that of its side."""
    return shard.partition("/")[2]
