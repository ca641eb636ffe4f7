"""The panel on duplicates: groups of pictures side by side, the kept one first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.searches import GROUPS, PAIRS, place_of
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_batches, read_table
from mpgi_ray.report.finished import Finished, finished
from mpgi_ray.report.picking import Picked, Row
from mpgi_ray.report.pictures import Pictures, Place, Shown, read_pictures

_BESIDE = 4  # pictures of a group that are shown
_ELSEWHERE, _OTHERWISE = "of another split", "annotated otherwise"


@dataclass(frozen=True, slots=True)
class Member:
    """A picture of a group.

    Attributes:
        evidence: how it is like another one of the group, in words; empty for the kept one.
        conflicts: what is annotated otherwise than of the kept one.
    """

    key: str
    where: str
    keep: bool
    reason: str
    evidence: str
    conflicts: Sequence[str]
    shown: Shown


@dataclass(frozen=True, slots=True)
class Group:
    """Some members of a group of so many pictures."""

    number: int
    size: int
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What the panel shows.

    Attributes:
        summary: all counts of the search.
        reasons: pictures to drop, by reason; conflicts are counted beside.
        groups: some of them.
        troubles: shards that could not be read.
    """

    name: str
    summary: Mapping[str, Any]
    reasons: Mapping[str, int]
    groups: Sequence[Group]
    troubles: Sequence[str]


def duplicates(folder: str, count: int = 24, seed: int = 0) -> Duplicates:
    """The panel of a finished search.

    Args:
        folder: the output of `mpgi duplicates`.
        count: groups that are shown: in turn those that cross splits, that have conflicts, and of each
            reason.

    Raises:
        InputError: it is not finished, or is none.
    """
    found = finished(folder, "duplicates")
    table = read_table(found.storage, GROUPS)
    dropped = table.filter(pc.invert(table["keep"]))
    picked = Picked(count, seed)
    for name, rows in _kinds(dropped).items():
        picked.add(name, rows)
    numbers = islice(dict.fromkeys(row["group"] for row in picked.in_turn(picked.counts)), count)
    groups = _rows_of(table, list(numbers))
    evidence = _evidence(found.storage, groups)
    places = _places(found, groups)
    pictures = read_pictures(places.values(), found.fields)
    reasons = dropped["reason"].value_counts().to_pylist()
    return Duplicates(
        name=found.name,
        summary=found.summary,
        reasons={one["values"]: one["counts"] for one in sorted(reasons, key=lambda one: -one["counts"])},
        groups=[_group(rows, evidence, places, pictures) for rows in groups],
        troubles=pictures.troubles,
    )


def _kinds(dropped: pa.Table) -> dict[str, pa.Table]:
    """The rows under what makes a group worth a look; a row may stand under several."""
    told = dropped["conflicts"].to_pylist()
    kinds = {
        _ELSEWHERE: dropped.filter(pa.array(["split" in names for names in told], pa.bool_())),
        _OTHERWISE: dropped.filter(pa.array([bool(names) for names in told], pa.bool_())),
    }
    for reason in sorted(pc.unique(dropped["reason"]).to_pylist()):
        kinds[reason] = dropped.filter(pc.field("reason") == reason)
    return kinds


def _rows_of(table: pa.Table, numbers: Sequence[int]) -> list[list[Row]]:
    """The rows of groups: the kept one first, then those of another split, and those annotated otherwise."""
    rows: dict[int, list[Row]] = {number: [] for number in numbers}
    for row in table.filter(pc.field("group").isin(list(numbers))).to_pylist():
        rows[row["group"]].append(row)
    return [sorted(group, key=_worth_a_look) for group in rows.values()]


def _worth_a_look(row: Row) -> tuple[bool, bool, bool]:
    conflicts = row["conflicts"] or ()
    return not row["keep"], "split" not in conflicts, not conflicts


def _evidence(storage: Storage, groups: Sequence[Sequence[Row]]) -> dict[str, str]:
    """How a picture is like another one of its group, by identity: like the kept one, where they meet."""
    kept = {row["sample_id"] for rows in groups for row in rows if row["keep"]}
    names = pa.array({row["sample_id"] for rows in groups for row in rows[:_BESIDE]} | kept, pa.string())
    found: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for batch in read_batches(storage, PAIRS):
        inside = pc.and_(pc.is_in(batch["sample_id_a"], names), pc.is_in(batch["sample_id_b"], names))
        for row in batch.filter(pc.and_(batch["confirmed"], inside)).to_pylist():
            for one, other in (("a", "b"), ("b", "a")):
                chained = row[f"sample_id_{other}"] not in kept
                found[row[f"sample_id_{one}"]].append((chained, _told(row)))
    return {sample_id: min(told)[1] for sample_id, told in found.items()}


def _told(row: Row) -> str:
    known = [row["symmetry"].replace("_", " ")]
    if row["distance"] is not None:
        known.append(f"{row['distance']} of 64 bits differ")
    if row["cosine"] is not None:
        known.append(f"cosine {row['cosine']:.2f}")
    if row["verdict"] == "overlap":
        known += [f"{row['inliers']} features agree", f"{row['shared']:.0%} of the ground is shared"]
    else:
        known.append(f"correlation {row['correlation']:.2f}, of patterns {row['pattern']:.2f}")
    return ", ".join(known)


def _places(found: Finished, groups: Sequence[Sequence[Row]]) -> dict[tuple[str, int], Place]:
    path = cache(lambda shard: place_of(found.storage, shard))
    return {
        (row["shard"], row["index"]): Place(path(row["shard"]), row["index"], row["sample_id"])
        for rows in groups
        for row in rows[:_BESIDE]
    }


def _group(
    rows: Sequence[Row],
    evidence: Mapping[str, str],
    places: Mapping[tuple[str, int], Place],
    pictures: Pictures,
) -> Group:
    members = [
        Member(
            key=row["key"],
            where=f"{row['shard']}, sample {row['index']}",
            keep=row["keep"],
            reason=row["reason"],
            evidence="the same bytes" if row["reason"] == "exact" else evidence.get(row["sample_id"], ""),
            conflicts=row["conflicts"] or (),
            shown=pictures.at(places[row["shard"], row["index"]]),
        )
        for row in rows[:_BESIDE]
    ]
    return Group(rows[0]["group"], len(rows), members)
