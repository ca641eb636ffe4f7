"""``pairs.parquet`` and ``groups.parquet``: what was found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.components import components, kept_of
from mpgi_ray.curate.duplicates.hashing import COMPARED
from mpgi_ray.curate.duplicates.pairing import COPY, OVERLAP, UNLIKE
from mpgi_ray.curate.duplicates.phash import SYMMETRIES
from mpgi_ray.curate.duplicates.pictures import Pictures

EXACT, KEPT = "exact", "kept"
_TURNED = ("scene", "labels", "split")  # what stays the same when a picture is turned, cut or scaled
GROUP_SCHEMA = pa.schema(
    [
        ("shard", pa.string()),
        ("index", pa.int64()),
        ("key", pa.string()),
        ("sample_id", pa.string()),
        ("group", pa.int64()),
        ("keep", pa.bool_()),
        ("duplicate_of", pa.string()),
        ("reason", pa.string()),
        ("conflicts", pa.list_(pa.string())),
    ]
)


def pairs_table(pictures: Pictures, candidates: pa.Table) -> pa.Table:
    """Candidates with the names of their pictures.

    Args:
        candidates: in the schema `CANDIDATES`.
    """
    columns: dict[str, Any] = {}
    for side in ("a", "b"):
        numbers = candidates[side].to_numpy()
        shards = np.array([*pictures.shards, ""], object)[pictures.shard_of(numbers)]
        columns[f"shard_{side}"] = pa.array(shards, pa.string())
        for name in ("index", "key", "sample_id"):
            columns[f"{name}_{side}"] = pictures.table[name].take(candidates[side])
    names = np.array(SYMMETRIES, object)[candidates["symmetry"].to_numpy()]
    verdict = candidates["verdict"]
    rest = (
        "distance",
        "correlation",
        "pattern",
        "difference",
        "inliers",
        "shared",
        "alike",
        "cosine",
        "verdict",
    )
    return pa.table(
        columns
        | {"symmetry": pa.array(names, pa.string())}
        | {name: candidates[name] for name in rest}
        | {"confirmed": pa.array(verdict.to_numpy(zero_copy_only=False) != UNLIKE, pa.bool_())}
    )


def groups_table(pictures: Pictures, candidates: pa.Table) -> pa.Table:
    """A row for each picture that has a copy, the kept one of each group first."""
    first = pictures.first
    verdict = candidates["verdict"].to_numpy(zero_copy_only=False)
    found = np.stack([candidates["a"].to_numpy(), candidates["b"].to_numpy()], axis=1)[verdict != UNLIKE]
    numbers = np.arange(len(pictures))
    same = np.stack([numbers, first], axis=1)[numbers != first]
    kept = kept_of(components(len(pictures), np.concatenate([found, same])), pictures.order())
    reasons = _reasons(pictures, candidates, first, kept)
    members = np.flatnonzero(np.isin(kept, kept[kept != numbers]))
    ids = pictures.ids()
    # by the kept picture's id: the same groups whatever the order of shards
    members = members[np.lexsort((members, ids[members], members != kept[members], ids[kept[members]]))]
    group = np.cumsum(members == kept[members]) - 1
    told = pictures.table["told"]
    shards = pictures.shard_of(members)
    rows = [
        {
            "shard": pictures.shards[shard],
            "index": pictures.table["index"][member].as_py(),
            "key": pictures.table["key"][member].as_py(),
            "sample_id": ids[member].decode(),
            "group": int(number),
            "keep": bool(member == kept[member]),
            "duplicate_of": None if member == kept[member] else ids[kept[member]].decode(),
            "reason": reasons[member],
            "conflicts": _conflicts(
                dict(told[member].as_py()), dict(told[kept[member]].as_py()), reasons[member]
            ),
        }
        for member, shard, number in zip(members.tolist(), shards.tolist(), group.tolist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, GROUP_SCHEMA)


def _reasons(
    pictures: Pictures, candidates: pa.Table, first: NDArray[np.int64], kept: NDArray[np.int64]
) -> NDArray[np.object_]:
    """The nearest way in which each picture belongs to its group."""
    reasons = np.full(len(pictures), KEPT, object)
    verdict = candidates["verdict"].to_numpy(zero_copy_only=False)
    for name in (OVERLAP, COPY):
        rows = candidates.filter(pa.array(verdict == name))
        for side in ("a", "b"):
            reasons[rows[side].to_numpy()] = name
    reasons[first != np.arange(len(first))] = EXACT
    reasons[kept == np.arange(len(kept))] = KEPT
    return reasons


def _conflicts(own: dict[str, str], others: dict[str, str], reason: str) -> list[str]:
    """What two annotations of one picture both tell, and not alike."""
    names = COMPARED if reason == EXACT else _TURNED
    return [name for name in names if name in own and name in others and own[name] != others[name]]
