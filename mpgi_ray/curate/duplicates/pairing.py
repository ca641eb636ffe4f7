"""The second kind of task: pictures of two blocks of shards that are near each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.confirm import WORTH_A_LOOK, alike, likeness
from mpgi_ray.curate.duplicates.hashing import Job
from mpgi_ray.curate.duplicates.phash import SIDE, SYMMETRIES
from mpgi_ray.curate.duplicates.search import near
from mpgi_ray.data.tables import publish_table, read_table

COPY, OVERLAP, UNLIKE = "copy", "overlap", "unlike"  # verdicts
_EIGHT = len(SYMMETRIES)
CANDIDATES = pa.schema(
    [
        ("a", pa.int64()),
        ("b", pa.int64()),
        ("symmetry", pa.int64()),
        ("distance", pa.int64()),
        ("correlation", pa.float32()),
        ("edges", pa.float32()),
        ("inliers", pa.int64()),
        ("shared", pa.float64()),
        ("alike", pa.float64()),
        ("verdict", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Block:
    """Shards whose pictures fit into memory.

    Attributes:
        first: the number of its first picture among all.
        shards: in their order.
        left_out: numbers of pictures that are not compared: of exact duplicates all but one.
    """

    number: int
    first: int
    shards: tuple[str, ...]
    left_out: frozenset[int]


@dataclass(frozen=True)
class Loaded:
    """The pictures of a block that are compared: their numbers among all, hashes (n, 8), reduced pictures."""

    numbers: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    reduced: NDArray[np.uint8]


def compare(job: Job, one: Block, other: Block) -> str:
    """Publish the candidates among two blocks, ``other`` being the same or a later one.

    Pictures are numbered in the order of shards. Of a pair the second one is turned. A pair that is near in
    several symmetries is told in the one that is most alike.

    Returns:
        The file's name; its metadata says how many candidates were too unlike to be listed.
    """
    name = f"pairs-{one.number:05d}-{other.number:05d}.parquet"
    if job.work.exists(name):
        return name
    a = load(job, one)
    b = a if one == other else load(job, other)
    pieces, unlisted = [_candidates({})], 0
    for piece in _pieces(a, b, job.radius):
        listed = piece["correlation"] >= WORTH_A_LOOK
        unlisted += int((~listed).sum())
        pieces.append(_candidates({column: values[listed] for column, values in piece.items()}))
    table = _most_alike(pa.concat_tables(pieces))
    publish_table(job.work, name, table.replace_schema_metadata({"unlisted": str(unlisted)}))
    return name


def read_pairs(job: Job, names: Sequence[str]) -> tuple[pa.Table, int]:
    """All candidates that are listed, and how many are not."""
    tables = [read_table(job.work, name) for name in names]
    unlisted = sum(int(table.schema.metadata[b"unlisted"]) for table in tables)
    return pa.concat_tables([table.replace_schema_metadata(None) for table in tables]), unlisted


def load(job: Job, block: Block) -> Loaded:
    """The pictures of a block that have hashes, without those that are left out."""
    columns = ("hashes", "reduced")
    table = pa.concat_tables(
        [job.table(shard, *columns).replace_schema_metadata(None) for shard in block.shards]
    )
    numbers = block.first + np.arange(len(table))
    there = table["hashes"].is_valid().to_numpy() & ~np.isin(numbers, list(block.left_out))
    table = table.filter(pa.array(there))
    hashes = np.frombuffer(b"".join(table["hashes"].to_pylist()), ">u8").astype(np.uint64)
    reduced = np.frombuffer(b"".join(table["reduced"].to_pylist()), np.uint8)
    return Loaded(numbers[there], hashes.reshape(-1, _EIGHT), reduced.reshape(-1, SIDE, SIDE))


def _pieces(a: Loaded, b: Loaded, radius: int) -> Iterator[Mapping[str, NDArray[Any]]]:
    for i, found, distance in near(a.hashes[:, 0], b.hashes.ravel(), radius):
        j, symmetry = np.divmod(found, _EIGHT)
        once = a.numbers[i] < b.numbers[j]
        i, j, symmetry, distance = i[once], j[once], symmetry[once], distance[once]
        correlation, edges = likeness(a.reduced[i], b.reduced[j], symmetry)
        yield {
            "a": a.numbers[i],
            "b": b.numbers[j],
            "symmetry": symmetry,
            "distance": distance,
            "correlation": correlation,
            "edges": edges,
            "verdict": np.where(alike(correlation, edges), COPY, UNLIKE),
        }


def _candidates(columns: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Rows of candidates; a column that is not given is empty in each."""
    count = len(next(iter(columns.values()), ()))
    nothing = [None] * count
    return pa.table(
        [pa.array(columns.get(field.name, nothing), field.type) for field in CANDIDATES], CANDIDATES
    )


def _most_alike(table: pa.Table) -> pa.Table:
    """One row a pair, in order."""
    order = [("a", "ascending"), ("b", "ascending"), ("verdict", "ascending"), ("correlation", "descending")]
    table = table.sort_by([*order, ("symmetry", "ascending")])
    a, b = table["a"].to_numpy(), table["b"].to_numpy()
    first = np.concatenate([[True], (np.diff(a) > 0) | (np.diff(b) > 0)])[: len(table)]
    return table.filter(pa.array(first))
