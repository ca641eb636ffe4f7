"""All pictures of a search, in the order of their shards: what the driver holds of each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.components import kept_of
from mpgi_ray.curate.duplicates.hashing import REJECTED, Job
from mpgi_ray.curate.duplicates.pairing import Block
from mpgi_ray.curate.duplicates.texts import TextCounts, count_texts

_COLUMNS = ("index", "key", "sample_id", "width", "height", "annotated", "told", "texts", "reason")


@dataclass(frozen=True)
class Pictures:
    """The rows of all shards, without hashes.

    Attributes:
        shards: names, in order.
        starts: the number of each shard's first picture, and the number of all.
        rejected: entries of the shards that are no samples, by reason.
    """

    shards: tuple[str, ...]
    starts: NDArray[np.int64]
    table: pa.Table
    rejected: Counter[str]

    @classmethod
    def of(cls, job: Job, shards: Sequence[str]) -> Pictures:
        tables = [job.table(shard, *_COLUMNS) for shard in shards]
        starts = np.concatenate([[0], np.cumsum([len(table) for table in tables], dtype=np.int64)])
        rejected: Counter[str] = Counter()
        for table in tables:
            rejected.update(json.loads(table.schema.metadata[REJECTED.encode()]))
        rows = pa.concat_tables([table.replace_schema_metadata(None) for table in tables])
        return cls(tuple(shards), starts, rows.combine_chunks(), rejected)

    def __len__(self) -> int:
        return len(self.table)

    def shard_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place among ``shards`` of each picture's shard."""
        return np.searchsorted(self.starts, numbers, side="right") - 1

    def ids(self) -> NDArray[np.bytes_]:
        return np.array(self.table["sample_id"].to_pylist(), "S64")

    def order(self) -> list[NDArray[np.generic]]:
        """The columns that say which of several copies stays; see `mpgi_ray.curate.duplicates.components`."""
        pixels = self.table["width"].to_numpy() * self.table["height"].to_numpy()
        return [-self.table["annotated"].to_numpy(), -pixels, self.ids(), np.arange(len(self))]

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """For each picture the one that stays of those with the same identity."""
        return kept_of(np.unique(self.ids(), return_inverse=True)[1].reshape(-1), self.order())

    @cached_property
    def doubles(self) -> NDArray[np.int64]:
        """Those that are left out of comparisons, since one with the same identity is compared."""
        return np.flatnonzero(self.first != np.arange(len(self)))

    def compared(self) -> NDArray[np.bool_]:
        """Which pictures have hashes."""
        return np.asarray(self.table["reason"].is_null().to_numpy(), bool)

    def left_out(self) -> dict[str, int]:
        """What was not compared, by reason."""
        without = Counter(filter(None, self.table["reason"].to_pylist()))
        return dict(sorted((self.rejected + without).items()))

    def blocks(self, size: int, left_out: NDArray[np.int64]) -> list[Block]:
        """Runs of shards of about ``size`` pictures.

        Args:
            left_out: numbers of pictures that are not compared.
        """
        return list(self._blocks(size, left_out))

    def texts(self) -> TextCounts:
        texts = self.table["texts"].combine_chunks()
        return count_texts(texts.value_parent_indices().to_numpy(), texts.flatten().to_numpy())

    def _blocks(self, size: int, left_out: NDArray[np.int64]) -> Iterator[Block]:
        number, first = 0, 0
        for last in range(1, len(self.shards) + 1):
            if last == len(self.shards) or self.starts[last + 1] - self.starts[first] > size:
                start, end = int(self.starts[first]), int(self.starts[last])
                out = left_out[(left_out >= start) & (left_out < end)]
                yield Block(number, start, self.shards[first:last], frozenset(out.tolist()))
                number, first = number + 1, last
