"""All pictures that may meet: those of shards, in the order of a search, then those of hash lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.hashing import LINEAGE, Job
from mpgi_ray.curate.duplicates.pictures import Pictures
from mpgi_ray.data.searches import AGAINST, TRAIN

NAMED = pa.schema([("shard", pa.string()), ("key", pa.string()), ("sample_id", pa.string()), *LINEAGE])
Numbers = NDArray[np.int64]
Pairs = tuple[Numbers, Numbers]  # of training and evaluation pictures
_AT_ONCE = 1 << 20  # pairs: 8 MiB an array


@dataclass(frozen=True)
class Nodes:
    """What is known of each picture.

    Attributes:
        table: in the schema `NAMED`; shards begin with their side's name, and with that of a hash list.
    """

    table: pa.Table

    @classmethod
    def of(cls, job: Job, pictures: Pictures, lists: Sequence[pa.Table]) -> Nodes:
        """What is published of the pictures of shards, and what lists tell.

        Args:
            lists: of pictures of hash lists, with the columns of `NAMED`.
        """
        columns = [name for name in NAMED.names if name != "shard"]
        tables = []
        for shard in pictures.shards:
            table = job.table(shard, *columns).replace_schema_metadata(None)
            tables.append(table.append_column("shard", pa.array([shard] * len(table), pa.string())))
        return cls(pa.concat_tables([table.select(NAMED.names) for table in (*tables, *lists)]))

    def __len__(self) -> int:
        return len(self.table)

    def column(self, name: str) -> NDArray[np.object_]:
        values = np.empty(len(self), object)
        values[:] = self.table[name].to_pylist()
        return values

    @cached_property
    def identities(self) -> Numbers:
        """The same number for pictures with the same ``sample_id``."""
        return np.unique(self.column("sample_id").astype("S64"), return_inverse=True)[1].reshape(-1)

    @cached_property
    def train(self) -> Numbers:
        return self.of_side(TRAIN)

    @cached_property
    def evaluation(self) -> Numbers:
        return self.of_side(AGAINST)

    def of_side(self, side: str) -> Numbers:
        """The numbers of a side's pictures."""
        shards = self.table["shard"].to_pylist()
        return np.flatnonzero([shard.partition("/")[0] == side for shard in shards])


@dataclass(frozen=True)
class Met:
    """Training pictures that meet evaluation pictures in one way.

    Attributes:
        train: numbers of the training pictures, each once.
        evaluation: of each the first picture that it meets, by identity.
        counts: how many different pictures each meets.
        evidence: of a training picture and its evaluation picture, in words.
    """

    kind: str
    train: Numbers
    evaluation: Numbers
    counts: Numbers
    evidence: Callable[[int, int], str]

    @classmethod
    def of(cls, kind: str, nodes: Nodes, pairs: Iterable[Pairs], evidence: Callable[[int, int], str]) -> Met:
        """What pieces of all pairs come to; all pairs of a training picture are in one piece."""
        found = [(np.empty(0, np.int64),) * 3]
        for train, evaluation in pairs:
            if not len(train):
                continue
            identities = nodes.identities[evaluation]
            order = np.lexsort((evaluation, identities, train))
            train, evaluation, identities = train[order], evaluation[order], identities[order]
            first = np.flatnonzero(_changes(train))
            another = np.cumsum(_changes(train) | _changes(identities))
            ends = np.append(first[1:], len(train)) - 1
            found.append((train[first], evaluation[first], another[ends] - another[first] + 1))
        first_ones, met, counts = (np.concatenate(column) for column in zip(*found, strict=True))
        return cls(kind, first_ones, met, counts, evidence)


def joined(keys: Numbers, train: Numbers, evaluation: Numbers) -> Iterator[Pairs]:
    """All pairs with the same key, in pieces: all of a training picture, and about `_AT_ONCE` pairs, in one.

    Args:
        keys: of all pictures; negative ones meet nothing.
        train, evaluation: numbers of pictures.
    """
    train, evaluation = train[keys[train] >= 0], evaluation[keys[evaluation] >= 0]
    others = evaluation[np.argsort(keys[evaluation], kind="stable")]
    starts = np.searchsorted(keys[others], keys[train], side="left")
    all_counts = np.searchsorted(keys[others], keys[train], side="right") - starts
    pieces = np.cumsum(all_counts) // _AT_ONCE
    for piece in np.split(np.arange(len(train)), np.flatnonzero(np.diff(pieces)) + 1):
        start, counts = starts[piece], all_counts[piece]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        yield np.repeat(train[piece], counts), others[np.repeat(start, counts) + within]


def _changes(values: Numbers) -> NDArray[np.bool_]:
    """Where another value begins, in a sorted array that holds some."""
    return np.concatenate([[True], values[1:] != values[:-1]])
