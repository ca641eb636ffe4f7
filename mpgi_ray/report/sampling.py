"""Which samples a report shows: chosen by hash while the tables are read, evenly from all shards.

A shard has to be read whole for its pictures. Which ones are read, where there are more shards than cards,
and which samples of these are shown depends on the seed and on content alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import UNDONE, Caption, Status, from_table
from mpgi_ray.report.spread import in_turn, ordered_by, shares

_PER_REASON = 2


@dataclass(frozen=True, slots=True)
class Pick:
    """A sample to show.

    Attributes:
        order: picks are preferred by it; smaller is better.
        rows: what the card says: all records of a good sample, those that are not ok of a rejected one;
            answers that were asked for again are among them.
    """

    order: tuple[bool, str, int]
    rows: tuple[Caption, ...]

    @property
    def place(self) -> tuple[str, int]:
        """Shard and position there."""
        return self.rows[0].shard, self.rows[0].index


class Sampler:
    """Keeps the best picks of the tables it has seen."""

    def __init__(self, shards: Iterable[str], cards: int, seed: int) -> None:
        self._cards = cards
        self._seed = seed
        one_of_each = shares(dict.fromkeys(shards, 1), cards, seed)
        self._shards = {shard for shard, given in one_of_each.items() if given}
        self._good: dict[str, list[Pick]] = defaultdict(list)
        self._bad: dict[str, list[Pick]] = defaultdict(list)

    def add(self, table: pa.Table) -> None:
        """See one chunk; all rows of a sample are in the same chunk."""
        if not table.num_rows:
            return
        for pick in self._picks(table.filter(pc.field("status") != Status.OK.value)):
            for code in {row.reason for row in pick.rows if row.status in UNDONE}:
                self._bad[code] = _best(_PER_REASON, [*self._bad[code], pick])
        shard = table["shard"][0].as_py()
        if shard in self._shards:
            good = [pick for pick in self._picks(table) if any(row.status == Status.OK for row in pick.rows)]
            self._good[shard] = _best(self._cards, [*self._good[shard], *good])

    def good(self) -> list[Pick]:
        """Samples with texts: evenly from all sources and shards, in turn."""
        given = shares({shard: len(found) for shard, found in self._good.items()}, self._cards, self._seed)
        return in_turn([self._good[shard][:number] for shard, number in sorted(given.items())])

    def rejected(self) -> list[Pick]:
        """Samples with rejected or failed rows, in turn from each reason."""
        turns = in_turn([self._bad[code] for code in sorted(self._bad)])
        return list({pick.place: pick for pick in turns}.values())[: self._cards]

    def _picks(self, table: pa.Table) -> list[Pick]:
        rows: dict[int, list[Caption]] = defaultdict(list)
        for row in from_table(table):
            rows[row.index].append(row)
        return [Pick(self._order(found[0]), tuple(found)) for found in rows.values()]

    def _order(self, row: Caption) -> tuple[bool, str, int]:
        elsewhere = row.shard not in self._shards  # shards that are read anyway come first
        return elsewhere, self._hash(row.sample_id or f"{row.shard}/{row.index}"), row.index

    def _hash(self, identity: str) -> str:
        return ordered_by(self._seed, identity)


def _best(count: int, picks: list[Pick]) -> list[Pick]:
    return nsmallest(count, picks, key=lambda pick: pick.order)
