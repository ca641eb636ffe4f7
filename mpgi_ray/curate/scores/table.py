"""``scores/SHARD.parquet``: the texts of a source shard with their figures, and what was left out.

A row is a text; rows are in the order of place in the shard, name and number. Beside the place of a text
(`mpgi_ray.curate.scores.scorer.PLACE`) there is a column a figure, empty where there is none. Its metadata
name ``scorer``, ``model`` and ``revision``; the table's hold a `Tally`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

import pyarrow as pa

from mpgi_ray.curate.scores.scorer import PLACE, Shown, Value
from mpgi_ray.data.text import text_hash

FOLDER = "scores"
_TALLY = "tally"
_NOT_FINITE = "not_finite"  # what a model with broken weights gives
_TYPES = (pa.string(), pa.int64(), pa.string(), pa.string(), pa.string(), pa.int32(), pa.uint64())


@dataclass
class Tally:
    """What a table was made of.

    Attributes:
        samples: with at least one text.
        left_out: the other entries of the shard, by reason.
        texts_left_out: texts without a row, by their status: ``rejected`` or ``failed``.
        none: of each column, the texts without a figure, by reason.
    """

    samples: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    texts_left_out: Counter[str] = field(default_factory=Counter)
    none: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count the other one's, too."""
        self.samples += other.samples
        self.left_out += other.left_out
        self.texts_left_out += other.texts_left_out
        for column, reasons in other.none.items():
            self.none.setdefault(column, Counter()).update(reasons)


@dataclass(frozen=True, slots=True)
class Column:
    """A figure, and what makes it: the scorer's name, its model, empty if it has none, and the revision."""

    name: str
    scorer: str
    model: str
    revision: str

    def field(self) -> pa.Field:
        told = {key: value for key, value in asdict(self).items() if key != "name"}
        return pa.field(self.name, pa.float64(), metadata=told)


def scores_table(
    shard: str,
    samples: Sequence[Shown],
    columns: Sequence[Column],
    values: Iterable[tuple[Value, ...]],
    tally: Tally,
    origin: Mapping[str, str],
) -> pa.Table:
    """The table of a shard.

    Args:
        values: of each text, in order, a value a column.
        tally: of what was left out; what is in the table, and the figures that it lacks, are counted here.
        origin: where shard and captions lie, by the names of `mpgi_ray.data.searches`.
    """
    rows = list(_places(shard, samples))
    figures: list[list[float | None]] = [[] for _ in columns]
    tally.samples = len(samples)
    tally.none = {column.name: Counter() for column in columns}
    for row in values:
        for column, value, made in zip(columns, row, figures, strict=True):
            figure = _NOT_FINITE if not isinstance(value, str) and not isfinite(value) else value
            made.append(None if isinstance(figure, str) else figure)
            if isinstance(figure, str):
                tally.none[column.name][figure] += 1
    places = list(zip(*rows, strict=True)) or [()] * len(PLACE)
    fields = [*map(pa.field, PLACE, _TYPES), *(column.field() for column in columns)]
    arrays = [pa.array(data, kind.type) for data, kind in zip((*places, *figures), fields, strict=True)]
    return pa.table(arrays, pa.schema(fields, {_TALLY: json.dumps(vars(tally)), **origin}))


def tally_of(metadata: Mapping[bytes, bytes]) -> Tally:
    """What a published table was made of."""
    told: dict[str, Any] = json.loads(metadata[_TALLY.encode()])
    none = {name: Counter(reasons) for name, reasons in told["none"].items()}
    return Tally(told["samples"], Counter(told["left_out"]), Counter(told["texts_left_out"]), none)


def _places(shard: str, samples: Sequence[Shown]) -> Iterator[tuple[object, ...]]:
    for shown in samples:
        here = shard, shown.sample.index, shown.sample.key, shown.sample.sample_id
        for text in shown.texts:
            yield (*here, text.name, text.number, text_hash(text.text))
