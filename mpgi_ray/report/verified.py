"""Whether the shards of a folder are, byte by byte, what its index tells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from mpgi_ray.data.claim import SHARD_JOBS, record_of
from mpgi_ray.data.index import INDEX, IndexRow, read_index
from mpgi_ray.data.shard_list import shards_in_words
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a shard.

    Attributes:
        file: its path below the folder.
        problem: how it differs from its index, and what mends it; empty if it does not.
        hashed: whether the index tells its hash; those of an early version do not.
    """

    file: str
    problem: str = ""
    hashed: bool = True


def verify(folder: str) -> Iterator[Verdict]:
    """Read every shard that an index in a folder, or below it, names, one at a time; and find unnamed ones.

    Raises:
        InputError: there is no index, or one is damaged.
    """
    root = Storage(folder)
    there = root.list(".tar", INDEX, *map(record_of, SHARD_JOBS))
    homes = [name.removesuffix(INDEX) for name in there if name.rpartition("/")[2] == INDEX]
    if not homes:
        raise InputError(
            f"there is no {INDEX} in {root.url} or below: shards of other programs have none to be held "
            "against; a caption folder is verified at each start of `mpgi caption`"
        )
    for home in homes:
        rows = {f"{home}{shard}.tar": row for shard, row in read_index(root, f"{home}{INDEX}").items()}
        job = next((job for job in SHARD_JOBS if f"{home}{record_of(job)}" in there), None)
        again = f"run the same `mpgi {job}` again" if job else "bring the whole file back"
        mend = f"delete it and {again}" if job else again
        for file, row in rows.items():
            if file not in there:
                yield Verdict(file, f"is missing: {again}")
            elif problem := _problem(root, file, row):
                yield Verdict(file, f"{problem}: {mend}")
            else:
                yield Verdict(file, hashed=bool(row.sha256))
        for file in there:
            if file.endswith(".tar") and file.rpartition("/")[0] == home.rstrip("/") and file not in rows:
                yield Verdict(file, f"is not named by the {INDEX} beside it: move it away")


def require_verified(folder: str) -> str:
    """All shards in a line, if they are what their indexes tell.

    Raises:
        InputError: some are not; a line names each of them, with the fix.
    """
    found = list(verify(folder))
    if wrong := [verdict for verdict in found if verdict.problem]:
        lines = "".join(f"\n  {verdict.file} {verdict.problem}" for verdict in wrong)
        raise InputError(
            f"of {shards_in_words(len(found))} of {folder}, {len(wrong):,} are not as {INDEX} tells:{lines}"
        )
    unhashed = sum(not verdict.hashed for verdict in found)
    tail = f"; of {unhashed:,} it tells no hash" if unhashed else ""
    return f"{folder}: {shards_in_words(len(found))} as {INDEX} tells{tail}"


def _problem(root: Storage, file: str, row: IndexRow) -> str:
    data = root.read(file)
    if row.bytes is not None and len(data) != row.bytes:
        return f"holds {len(data):,} bytes, its {INDEX} tells {row.bytes:,}"
    if row.sha256 and (digest := hashlib.sha256(data).hexdigest()) != row.sha256:
        return f"has the sha256 {digest[:16]}…, its {INDEX} tells {row.sha256[:16]}…"
    return ""
