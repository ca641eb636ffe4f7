"""All pictures that may meet: those of shards, in the order of a search, then those of hash lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


@dataclass(frozen=True)
class Met:
    """Pairs of a training picture and an evaluation picture, each by its number.

    Attributes:
        evidence: of the pair at a place, in words.
    """

    kind: str
    train: Numbers
    evaluation: Numbers
    evidence: Callable[[int], str]


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


def joined(keys: NDArray[np.int64], train: Numbers, evaluation: Numbers) -> tuple[Numbers, Numbers]:
    """All pairs with the same key.

    Args:
        keys: of all pictures; negative ones meet nothing.
        train, evaluation: numbers of pictures.
    """
    train, evaluation = train[keys[train] >= 0], evaluation[keys[evaluation] >= 0]
    others = evaluation[np.argsort(keys[evaluation], kind="stable")]
    start = np.searchsorted(keys[others], keys[train], side="left")
    counts = np.searchsorted(keys[others], keys[train], side="right") - start
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(train, counts), others[np.repeat(start, counts) + within]
