"""The panel on scores: how each is spread over the texts of each name, and the texts at its ends."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nlargest, nsmallest

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.searches import PLACE, RUN
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_metadata, read_table
from mpgi_ray.report.finished import finished
from mpgi_ray.report.histogram import Histogram, spread
from mpgi_ray.report.picking import Row
from mpgi_ray.report.pictures import Pictures, Place, Shown, read_pictures
from mpgi_ray.report.texts_at import TextPlace, Texts

SCORES = "scores"  # folder of a table for each source shard
_TEXT = ("shard", "index", "key", "sample_id", "name", "number", "text_hash")
_SEEN = (0.005, 0.995)  # quantiles up to which plots reach: a few far values must not flatten the rest
Find = Callable[[str], str]  # the whole path of a shard, by its name; empty if nobody knows it


@dataclass(frozen=True, slots=True)
class Spread:
    """A score over the texts of one name.

    Attributes:
        none: texts without it.
        plot: over the same values for all names; None if no text has it.
    """

    name: str
    texts: int
    none: int
    low: float = 0.0
    p10: float = 0.0
    median: float = 0.0
    p90: float = 0.0
    high: float = 0.0
    plot: Histogram | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A text at an end of a score."""

    value: float
    key: str
    where: str
    name: str
    text: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Score:
    """A column, what made it, and what is in it; ``lowest`` and ``highest`` are ordered from the end."""

    column: str
    made_by: str
    spreads: Sequence[Spread]
    lowest: Sequence[Example]
    highest: Sequence[Example]


@dataclass(frozen=True, slots=True)
class Scores:
    """What the panel shows.

    Attributes:
        texts: rows of all tables.
        troubles: shards that could not be read.
    """

    name: str
    texts: int
    scores: Sequence[Score]
    troubles: Sequence[str]

    @property
    def has_texts(self) -> bool:
        """Whether an example has its text."""
        ends = [example for score in self.scores for example in (*score.lowest, *score.highest)]
        return not ends or any(example.text for example in ends)


def scores(
    folder: str,
    count: int = 3,
    *,
    captions: CaptionFolder | None = None,
    fields: ShardFields | None = None,
    find: Find | None = None,
) -> Scores:
    """The panel of a finished scoring. A score is read at a time: eight bytes of each text are held.

    Args:
        folder: the output of `mpgi score`.
        count: texts that are shown at each end of a score.
        captions: the run whose texts were scored; by default what the scoring wrote down, or else people's
            texts alone are shown.
        fields: where the shards keep what is read; by default what the scoring was told.
        find: where a shard lies; by default what the scoring wrote down.

    Raises:
        InputError: it is not finished, or is none.
    """
    found = finished(folder, "score")
    tables = found.storage.child(SCORES)
    names = tables.list(".parquet")
    columns = _columns(tables, names)
    if captions is None and names and (run := _written(tables, names[0], RUN)):
        captions = CaptionFolder(run)
    ends = {column.name: _ends(tables, names, column.name, count) for column in columns}
    rows = [row for pair in ends.values() for part in pair for row in part]
    pictures, places = _pictures(
        rows, find or (lambda shard: _written(tables, f"{shard}.parquet", PLACE)), fields or found.fields
    )
    texts = Texts(captions, map(_text, rows))

    def example(row: Row, column: str) -> Example:
        shown = pictures.at(places[row["shard"], row["index"]])
        where = f"{row['shard']}, sample {row['index']}"
        return Example(row[column], row["key"], where, row["name"], texts.at(_text(row), shown.note), shown)

    return Scores(
        name=found.name,
        texts=found.summary.get("texts", 0),
        scores=[
            Score(
                column.name,
                _made_by(column),
                _spreads(tables, names, column.name),
                *([example(row, column.name) for row in part] for part in ends[column.name]),
            )
            for column in columns
        ],
        troubles=pictures.troubles,
    )


def _columns(tables: Storage, names: Sequence[str]) -> list[pa.Field]:
    schema = read_table(tables, names[0]).schema if names else pa.schema([])
    return [field for field in schema if field.name not in _TEXT and pa.types.is_floating(field.type)]


def _made_by(column: pa.Field) -> str:
    told = {name.decode(): value.decode() for name, value in (column.metadata or {}).items()}
    parts = [told.get(name, "") for name in ("scorer", "model")]
    revision = told.get("revision", "")[:12]
    return ", ".join(filter(None, [*parts, revision and f"revision {revision}"]))


def _values(tables: Storage, names: Iterable[str], column: str) -> dict[str, NDArray[np.float64]]:
    """The values of a column by the texts' names; NaN where there is none."""
    parts: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for name in names:
        table = read_table(tables, name, ("name", column))
        values = table[column].to_numpy()
        of = np.array(table["name"].to_pylist(), object)
        for text in dict.fromkeys(of.tolist()):
            parts[text].append(values[of == text])
    return {text: np.concatenate(found) for text, found in parts.items()}


def _spreads(tables: Storage, names: Sequence[str], column: str) -> list[Spread]:
    by_name = _values(tables, names, column)
    there = {text: values[np.isfinite(values)] for text, values in by_name.items()}
    everything = np.concatenate([*there.values(), np.empty(0)])
    if not len(everything):
        return [Spread(text, len(values), len(values)) for text, values in by_name.items()]
    low, high = np.quantile(everything, _SEEN, method="nearest").tolist()
    spreads = []
    for text, values in there.items():
        missing = len(by_name[text]) - len(values)
        if not len(values):
            spreads.append(Spread(text, missing, missing))
            continue
        least, p10, median, p90, most = np.quantile(values, (0, 0.1, 0.5, 0.9, 1)).tolist()
        plot = spread(values, low, high)
        spreads.append(Spread(text, len(by_name[text]), missing, least, p10, median, p90, most, plot))
    return spreads


def _ends(tables: Storage, names: Iterable[str], column: str, count: int) -> tuple[list[Row], list[Row]]:
    """The rows with the least values, and those with the greatest; equal ones by hash, from few shards."""
    lowest: list[Row] = []
    highest: list[Row] = []
    for name in names:
        table = read_table(tables, name, (*_TEXT, column))
        table = table.filter(pa.array(np.isfinite(table[column].to_numpy())))
        first, last = (
            table.sort_by([(column, order), ("text_hash", order), ("index", order)]).slice(0, count)
            for order in ("ascending", "descending")
        )
        lowest = nsmallest(count, [*lowest, *first.to_pylist()], key=partial(_by_value, column))
        highest = nlargest(count, [*highest, *last.to_pylist()], key=partial(_by_value, column))
    return lowest, highest


def _by_value(column: str, row: Row) -> tuple[float, str, int, int]:
    shard = hashlib.sha256(row["shard"].encode()).hexdigest()
    return row[column], shard, row["text_hash"], row["index"]


def _pictures(
    rows: Iterable[Row], find: Find, fields: ShardFields
) -> tuple[Pictures, Mapping[tuple[str, int], Place]]:
    places = {
        (row["shard"], row["index"]): Place(find(row["shard"]), row["index"], row["sample_id"])
        for row in rows
    }
    return read_pictures(places.values(), fields), places


def _written(tables: Storage, name: str, what: str) -> str:
    """What the scoring wrote down in a table's metadata; empty if it did not."""
    return read_metadata(tables, name).get(what.encode(), b"").decode()


def _text(row: Row) -> TextPlace:
    return TextPlace(row["shard"], row["index"], row["name"], row["number"], row["text_hash"])
