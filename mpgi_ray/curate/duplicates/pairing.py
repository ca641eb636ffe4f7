"""The second kind of task: pictures of two blocks of shards that are near each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.confirm import WORTH_A_LOOK, likeness
from mpgi_ray.curate.duplicates.crowds import Crowds, equal_beyond_many
from mpgi_ray.curate.duplicates.hashing import Job
from mpgi_ray.curate.duplicates.phash import SIDE, SYMMETRIES
from mpgi_ray.curate.duplicates.search import Found, near
from mpgi_ray.data.tables import publish_table, read_table

COPY, OVERLAP, UNLIKE = "copy", "overlap", "unlike"  # verdicts
_EIGHT = len(SYMMETRIES)
_AT_ONCE = 16_384  # pairs: 16 MiB of reduced pictures a side
CANDIDATES = pa.schema(
    [
        ("a", pa.int64()),
        ("b", pa.int64()),
        ("symmetry", pa.int64()),
        ("distance", pa.int64()),
        ("correlation", pa.float32()),
        ("pattern", pa.float32()),
        ("difference", pa.float32()),
        ("inliers", pa.int64()),
        ("shared", pa.float64()),
        ("alike", pa.float64()),
        ("cosine", pa.float32()),
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
    several symmetries is told in the one that is most alike. What is too unlike or too much to be listed is
    counted, see `Counts`.

    Returns:
        The file's name; its metadata holds the counts.
    """
    name = f"pairs-{one.number:05d}-{other.number:05d}.parquet"
    if job.work.exists(name):
        return name
    a, linked = _thinned(load(job, one))
    b = a if one == other else _thinned(load(job, other))[0]
    counts, pieces = Counter[str](), [_candidates(linked if one == other else {})]
    pieces += map(_candidates, _pieces(a, b, job.radius, counts))
    table = _most_alike(pa.concat_tables(pieces))
    told = {field: str(counts[field]) for field in Counts._fields}
    publish_table(job.work, name, table.replace_schema_metadata(told))
    return name


class Counts(NamedTuple):
    """Pairs of near hashes that are not listed, in each symmetry in which they are near.

    Attributes:
        unlisted: their reduced pictures are too unlike.
        crowded: both pictures have many such pairs already; see `mpgi_ray.curate.duplicates.crowds`.
    """

    unlisted: int
    crowded: int


def read_pairs(job: Job, names: Sequence[str]) -> tuple[pa.Table, Counts]:
    """All candidates that are listed, and how many are not."""
    tables = [read_table(job.work, name) for name in names]
    counts = Counts(
        *(sum(int(table.schema.metadata[name.encode()]) for table in tables) for name in Counts._fields)
    )
    return pa.concat_tables([table.replace_schema_metadata(None) for table in tables]), counts


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


def _thinned(block: Loaded) -> tuple[Loaded, dict[str, NDArray[Any]]]:
    """A block without most of very many equal pictures, and these as candidates with one of the rest."""
    beyond, first = equal_beyond_many(block.reduced)
    stays = np.ones(len(block.numbers), bool)
    stays[beyond] = False
    same, none = np.ones(len(beyond), np.float32), np.zeros(len(beyond), np.int64)
    linked: dict[str, NDArray[Any]] = {
        **{"a": block.numbers[first], "b": block.numbers[beyond]},
        **{"symmetry": none, "distance": none, "correlation": same, "pattern": same, "difference": same - 1},
        "verdict": np.full(len(beyond), COPY),
    }
    return Loaded(block.numbers[stays], block.hashes[stays], block.reduced[stays]), linked


def _pieces(a: Loaded, b: Loaded, radius: int, counts: Counter[str]) -> Iterator[Mapping[str, NDArray[Any]]]:
    """The candidates that are listed; the others are counted."""
    behind = 0 if a is b else len(a.numbers)
    crowds = Crowds(behind + len(b.numbers))
    for i, found, distance in _in_parts(near(a.hashes[:, 0], b.hashes.ravel(), radius)):
        j, symmetry = np.divmod(found, _EIGHT)
        new = (a.numbers[i] < b.numbers[j]) & crowds.may_tell(i, behind + j)
        i, j, symmetry, distance = i[new], j[new], symmetry[new], distance[new]
        seen = likeness(a.reduced[i], b.reduced[j], symmetry)
        copies, listed = seen.copies, seen.correlation >= WORTH_A_LOOK
        counts["unlisted"] += int((~listed).sum())
        crowds.join(i[copies], behind + j[copies])
        others = np.flatnonzero(listed & ~copies)
        crowded = others[~crowds.room(i[others], behind + j[others])]
        counts["crowded"] += len(crowded)
        listed[crowded] = False
        yield {
            "a": a.numbers[i][listed],
            "b": b.numbers[j][listed],
            "symmetry": symmetry[listed],
            "distance": distance[listed],
            "correlation": seen.correlation[listed],
            "pattern": seen.pattern[listed],
            "difference": seen.difference[listed],
            "verdict": np.where(copies[listed], COPY, UNLIKE),
        }


def _in_parts(pieces: Iterable[Found]) -> Iterator[Found]:
    for i, found, distance in pieces:
        for start in range(0, len(i), _AT_ONCE):
            end = start + _AT_ONCE
            yield i[start:end], found[start:end], distance[start:end]


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
