"""The figures of a scoring in numbers: as a value, as ``summary.json``, and as a table for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Column as Head
from rich.table import Table

from mpgi_ray.curate.scores.table import FOLDER, Column, Tally, tally_of
from mpgi_ray.data.records import read_record
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table

SUMMARY = "summary.json"
_QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)
_SHOWN = ("mean", "least", "p10", "p50", "p90", "most")  # of these, in the table: it fits 80 letters
_FIGURES = ("mean", "least", *(f"p{round(100 * q)}" for q in _QUANTILES), "most")


@dataclass(frozen=True, slots=True)
class Figure:
    """One score over all texts.

    Attributes:
        scorer, model, revision: what made it.
        none: texts without it, by reason.
        of: ``mean``, ``least``, ``most`` and the quantiles ``p1``, ``p10``, ``p50``, ``p90`` and ``p99``,
            between neighbours by a straight line; empty if no text has the score.
    """

    scorer: str
    model: str
    revision: str
    none: Mapping[str, int]
    of: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ScoresSummary:
    """The result of a scoring.

    Attributes:
        texts: rows of all tables.
        samples: with at least one text.
        left_out: the other samples, by reason.
        texts_left_out: texts that are not ok, by status.
        scores: by column.
        unreadable_shards: source shards without captions, whose samples nobody could count.
        nothing_to_do: the job was already finished; the numbers are those of an earlier start.
    """

    texts: int
    samples: int
    left_out: Mapping[str, int]
    texts_left_out: Mapping[str, int]
    scores: Mapping[str, Figure]
    unreadable_shards: tuple[str, ...] = ()
    nothing_to_do: bool = False

    def record(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        return {name: value for name, value in asdict(self).items() if name != "nothing_to_do"}


def summed(output: Storage, columns: Sequence[Column], unreadable: Iterable[str]) -> ScoresSummary:
    """The summary of all tables that are published; it holds eight bytes of each figure meanwhile."""
    folder, tally, texts = output.child(FOLDER), Tally(), 0
    parts: dict[str, list[np.ndarray[Any, Any]]] = {column.name: [] for column in columns}
    for name in folder.list(".parquet"):
        table = read_table(folder, name)
        tally.add(tally_of(table.schema.metadata))
        texts += len(table)
        for column, found in parts.items():
            found.append(table[column].drop_null().to_numpy())
    return ScoresSummary(
        texts=texts,
        samples=tally.samples,
        left_out=dict(sorted(tally.left_out.items())),
        texts_left_out=dict(sorted(tally.texts_left_out.items())),
        scores={
            column.name: Figure(
                column.scorer,
                column.model,
                column.revision,
                dict(sorted(tally.none.get(column.name, {}).items())),
                _figures(np.concatenate([np.empty(0), *parts.pop(column.name)])),
            )
            for column in columns
        },
        unreadable_shards=tuple(unreadable),
    )


def read_summary(output: Storage) -> ScoresSummary:
    """The summary of an earlier start.

    Raises:
        InputError: ``summary.json`` is damaged.
    """
    fix = "delete it and run the same command again"
    return replace(read_record(output, SUMMARY, ScoresSummary, "score", fix), nothing_to_do=True)


def print_summary(summary: ScoresSummary, console: Console) -> None:
    """A line a score, what makes them, and what was left out."""
    if summary.nothing_to_do:
        console.print("nothing to do: scored before")
    console.print(f"{summary.texts:,} texts of {summary.samples:,} samples")
    heads = [Head(name, justify="right") for name in ("none", *_SHOWN)]
    table = Table("score", *heads, box=None, pad_edge=False)
    for name, figure in summary.scores.items():
        told = (f"{figure.of[one]:.3g}" if figure.of else "" for one in _SHOWN)
        table.add_row(escape(name), f"{sum(figure.none.values()):,}", *told)
    console.print(table)
    models = {(one.scorer, one.model, one.revision) for one in summary.scores.values()}
    for scorer, model, revision in sorted(models):
        console.print(escape(f"{scorer}: {model} {revision}" if model else f"{scorer}: {revision}"))
    for name, figure in summary.scores.items():
        _list(console, f"without {name}", figure.none)
    _list(console, "samples left out", summary.left_out)
    _list(console, "texts left out", summary.texts_left_out)
    if summary.unreadable_shards:
        console.print(escape(f"shards that cannot be read: {', '.join(summary.unreadable_shards)}"))


def _list(console: Console, what: str, counts: Mapping[str, int]) -> None:
    if counts:
        console.print(escape(f"{what}: {', '.join(f'{n:,} {reason}' for reason, n in counts.items())}"))


def _figures(values: np.ndarray[Any, Any]) -> dict[str, float]:
    if not len(values):
        return {}
    quantiles = np.quantile(values, _QUANTILES)
    found = [values.mean(), values.min(), *quantiles, values.max()]
    return {name: float(value) for name, value in zip(_FIGURES, found, strict=True)}
