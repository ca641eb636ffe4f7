"""The panel on leaks: training pictures beside the evaluation pictures that they show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.searches import AGAINST, HASHES, LEAKS, TRAIN, place_of
from mpgi_ray.data.tables import read_batches, read_table
from mpgi_ray.report.finished import Finished, finished
from mpgi_ray.report.picking import Picked, Row
from mpgi_ray.report.pictures import Place, Shown, read_pictures

_SIDES = {
    TRAIN: ("shard", "key", "sample_id"),
    AGAINST: ("evaluation_shard", "evaluation_key", "evaluation_id"),
}
_At = tuple[str, str, str]  # shard with its side, key, sample_id


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two pictures."""

    key: str
    where: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Leak:
    """A training picture and the first evaluation picture that it shows.

    Attributes:
        met: evaluation pictures that it meets in this way.
    """

    kind: str
    evidence: str
    met: int
    train: Side
    evaluation: Side


@dataclass(frozen=True, slots=True)
class Leaks:
    """What the panel shows.

    Attributes:
        summary: all counts of the search.
        kinds: training pictures by kind.
        leaks: some of each kind.
        troubles: shards that could not be read.
    """

    name: str
    summary: Mapping[str, Any]
    kinds: Mapping[str, int]
    leaks: Sequence[Leak]
    troubles: Sequence[str]


def leaks(folder: str, count: int = 24, seed: int = 0) -> Leaks:
    """The panel of a finished search.

    Args:
        folder: the output of `mpgi leaks`.
        count: pairs that are shown, in turn of each kind.

    Raises:
        InputError: it is not finished, or is none.
    """
    found = finished(folder, "leaks")
    picked = Picked(count, seed)
    for batch in read_batches(found.storage, LEAKS):
        for kind in pc.unique(batch["kind"]).to_pylist():
            picked.add(kind, batch.filter(pc.field("kind") == kind))
    rows = list(islice(picked.in_turn(sorted(picked.counts)), count))
    places = _places(found, {_at(row, side) for row in rows for side in _SIDES})
    pictures = read_pictures(places.values(), found.fields)
    return Leaks(
        name=found.name,
        summary=found.summary,
        kinds=found.summary.get("kinds", dict(picked.counts)),
        leaks=[
            Leak(
                row["kind"],
                row["evidence"],
                row["met"],
                *(Side(at[1], at[0].partition("/")[2], pictures.at(places.get(at)))
                  for at in (_at(row, side) for side in _SIDES)),
            )
            for row in rows
        ],
        troubles=pictures.troubles,
    )  # fmt: skip


def _at(row: Row, side: str) -> _At:
    shard, key, sample_id = (row[name] for name in _SIDES[side])
    return f"{side}/{shard}", key, sample_id


def _places(found: Finished, wanted: Iterable[_At]) -> dict[_At, Place]:
    """Where pictures lie: the table of a shard's hashes knows it. Pictures of hash lists lie nowhere."""
    by_shard: dict[str, list[_At]] = defaultdict(list)
    for at in sorted(wanted):
        by_shard[at[0]].append(at)
    hashes = found.storage.child(HASHES)
    places: dict[_At, Place] = {}
    for shard, inside in by_shard.items():
        if not hashes.exists(f"{shard}.parquet"):
            continue
        path = place_of(found.storage, shard)
        table = read_table(hashes, f"{shard}.parquet", ("index", "key", "sample_id"))
        ids = pa.array([sample_id for *_, sample_id in inside], pa.string())
        for row in table.filter(pc.is_in(table["sample_id"], ids)).to_pylist():
            at = shard, row["key"], row["sample_id"]
            if at in inside:
                places.setdefault(at, Place(path, row["index"], row["sample_id"]))
    return places
