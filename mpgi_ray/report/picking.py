"""Which rows of tables a panel shows: chosen by hash while they are read, from as few shards as will do."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from itertools import chain, zip_longest
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Row: TypeAlias = dict[str, Any]
_IDENTITY = ("shard", "index", "key", "name", "number", "kind")  # of a row, as far as a table has them


class Picked:
    """The first rows of each group in an order by hash, shards first.

    Attributes:
        counts: all rows that were seen, by group.
    """

    def __init__(self, count: int, seed: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self._count, self._seed = count, seed
        self._rows: dict[str, list[tuple[str, str, Row]]] = defaultdict(list)

    def add(self, group: str, table: pa.Table) -> None:
        """See rows of a group.

        Args:
            table: with the column ``shard``.
        """
        self.counts[group] += len(table)
        kept = self._rows[group]
        for order, shard in sorted((self.hash(name), name) for name in pc.unique(table["shard"]).to_pylist()):
            if not self._count or (len(kept) == self._count and order > kept[-1][0]):
                break
            rows = table.filter(pc.field("shard") == shard).to_pylist()
            ordered = ((order, self.hash(_identity(row)), row) for row in rows)
            kept = nsmallest(self._count, chain(kept, ordered), key=lambda one: one[:2])
        self._rows[group] = kept

    def rows(self, group: str) -> list[Row]:
        return [row for *_, row in self._rows[group]]

    def in_turn(self, groups: Iterable[str]) -> Iterator[Row]:
        """The first row of each group, then the second of each …"""
        rounds = zip_longest(*map(self.rows, groups))
        return (row for row in chain.from_iterable(rounds) if row is not None)

    def hash(self, identity: str) -> str:
        return hashlib.sha256(f"{self._seed}:{identity}".encode()).hexdigest()


def _identity(row: Row) -> str:
    return repr([row[name] for name in _IDENTITY if name in row])
