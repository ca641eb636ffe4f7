"""The rounds of tasks: hashes of shards, near pictures of blocks, and a look at those that are no copies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import combinations_with_replacement
from typing import Any

import pyarrow as pa

from mpgi_ray.curate.duplicates.embeddings import embed_shard, nearest, with_neighbours
from mpgi_ray.curate.duplicates.hashing import Job, hash_shard
from mpgi_ray.curate.duplicates.pairing import Counts, compare, read_pairs
from mpgi_ray.curate.duplicates.pictures import Pictures
from mpgi_ray.data.shard_list import ShardList

BLOCK = 65_536  # pictures: 64 MiB of reduced ones; two blocks are compared by one task
Each = Callable[..., list[Any]]


def require_overlaps() -> None:
    """Make sure that overlaps can be looked for, before anything is done.

    Raises:
        ImportError: the extra ``duplicates`` is not installed.
    """
    import_module("mpgi_ray.curate.duplicates.overlap")


def require_confirmed(overlaps: bool, embeddings: str | None) -> None:
    """Make sure that what a model proposes is looked at.

    Raises:
        ValueError: it is not.
    """
    if embeddings and not overlaps:
        raise ValueError("embeddings propose pairs that only local features confirm: leave --no-overlaps out")


def stamped(shards: ShardList) -> str:
    """What tells shards from others in the identity of a job."""
    stamps = hashlib.sha256(repr(sorted(shards.stamps.items())).encode()).hexdigest()[:16]
    return f"{len(shards.files)} shards: {stamps}"


def whole_paths(shards: ShardList) -> dict[str, str]:
    """Where each shard lies."""
    return {shard: f"{shards.root.url.rstrip('/')}/{file}" for shard, file in shards.files.items()}


def compared(
    job: Job, files: Mapping[str, str], overlaps: bool, each: Each
) -> tuple[Pictures, pa.Table, Counts]:
    """All pictures, the candidates with what is known of them, and how many are not listed.

    Args:
        files: whole paths by shard.
        overlaps: look at candidates that are no copies.
        each: a task for each of many calls.
    """
    each(hash_shard, [(job, shard, url) for shard, url in files.items()])
    pictures = Pictures.of(job, list(files))
    blocks = pictures.blocks(BLOCK, pictures.doubles)
    calls = ((job, one, other) for one, other in combinations_with_replacement(blocks, 2))
    table, counts = read_pairs(job, each(compare, calls))
    candidates = table.sort_by([("a", "ascending"), ("b", "ascending")])
    if job.embeddings:
        each(embed_shard, [(job, shard, url) for shard, url in files.items()])
        names = each(nearest, [(job, block, blocks) for block in blocks])
        candidates = with_neighbours(candidates, job, names)
    if overlaps:
        from mpgi_ray.curate.duplicates.looking import looked_at

        candidates = looked_at(job, pictures, candidates, files, each)
    return pictures, candidates, counts
