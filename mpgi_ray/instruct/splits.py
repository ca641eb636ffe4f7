"""The split of each picture: as the shards say, else by a hash; copies of a picture are never in two."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from mpgi_ray.data.searches import GROUPS
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import InputError


def groups_of(folder: str) -> dict[str, str]:
    """The group of each picture that has copies, by its sample id: the sample id of the kept one.

    Args:
        folder: of `mpgi duplicates`.

    Raises:
        InputError: it holds no ``groups.parquet``, or that cannot be read.
    """
    storage = Storage(folder)
    if not storage.exists(GROUPS):
        raise InputError(f"{folder} has no {GROUPS}: expected the folder of a finished `mpgi duplicates`")
    rows = read_table(storage, GROUPS, ["sample_id", "duplicate_of"]).to_pylist()
    return {row["sample_id"]: row["duplicate_of"] or row["sample_id"] for row in rows}


def splits_of(
    given: Iterable[tuple[str, str | None]],
    groups: Mapping[str, str],
    held_out: Mapping[str, float],
) -> dict[str, str]:
    """The split of each picture by its sample id.

    A group whose members have splits of their own is of the first of these that is not ``train``: what an
    evaluation shows must not be learned. Members that the shards put into another split are left out of the
    result.

    Args:
        given: sample ids with the splits that the shards name.
        groups: see `groups_of`; a picture without copies is its own.
        held_out: splits with their shares of the groups that have none; the others are of ``train``.
    """
    named: dict[str, set[str]] = {}
    own: dict[str, set[str | None]] = {}
    for sample_id, split in given:
        group = groups.get(sample_id, sample_id)
        named.setdefault(group, set()).update([split] if split else [])
        own.setdefault(sample_id, set()).add(split)
    chosen = {group: _split(splits) or _drawn(group, held_out) for group, splits in named.items()}
    return {
        sample_id: chosen[group]
        for sample_id, splits in own.items()
        if splits & {None, chosen[group := groups.get(sample_id, sample_id)]}
    }


def _split(splits: Iterable[str]) -> str | None:
    return min(splits, key=lambda name: (name == "train", name), default=None)


def _drawn(group: str, held_out: Mapping[str, float]) -> str:
    # of no seed: whoever divides the same pictures with another one would ask about what was learned
    digest = hashlib.sha256(f"split\0{group}".encode()).digest()
    place, end = int.from_bytes(digest[:8]) / 2**64, 0.0
    for name, share in held_out.items():
        end += share
        if place < end:
            return name
    return "train"
