"""What `mpgi leaks` found, as an evaluation needs it: training pictures that show what test pictures show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass

import pyarrow as pa

from mpgi_ray.data.claim import record_of
from mpgi_ray.data.final import short_id
from mpgi_ray.data.searches import AGAINST, HASHES, LEAKS, TRAIN
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table, table_at


@dataclass(frozen=True, slots=True)
class Between:
    """What leaks from a model's training pictures into a test set.

    Attributes:
        pictures: training pictures that leak, each once.
        kinds: how many do in each way.
        unclear: training pictures that meet several evaluation pictures, of which the one that is named is
            not of the test set: others may be.
        compared: what was not compared at all, in words; empty if everything was.
    """

    pictures: int
    kinds: Counter[str]
    unclear: int
    compared: str


@dataclass(frozen=True)
class Leaked:
    """The result of a search for leaks.

    Attributes:
        folder: of the search; None where its table came alone.
        table: its rows, with the columns that are read.
    """

    folder: Storage | None
    table: pa.Table

    @classmethod
    def read(cls, path: str) -> Leaked:
        """What a search found.

        Args:
            path: of the output folder of `mpgi leaks`, or of its ``leaks.parquet``.

        Raises:
            InputError: it cannot be read, or is something else.
        """
        storage, name = table_at(path, LEAKS)
        table = read_table(storage, name, ("sample_id", "evaluation_id", "kind", "met"))
        return cls(storage if storage.exists(record_of("leaks")) else None, table)

    def between(self, trained: Set[str], asked: Set[str]) -> Between:
        """What leaks from these training pictures into these test pictures, both by `short_id`."""
        pictures: set[str] = set()
        unclear: set[str] = set()
        kinds: Counter[str] = Counter()
        for row in self.table.to_pylist():
            one, other = short_id(row["sample_id"]), short_id(row["evaluation_id"])
            if one in trained and other in asked:
                pictures.add(one)
                kinds[row["kind"]] += 1
            elif one in trained and row["met"] > 1:
                unclear.add(one)
        return Between(len(pictures), kinds, len(unclear - pictures), self._left_out(trained, asked))

    def _left_out(self, trained: Set[str], asked: Set[str]) -> str:
        """How many of the pictures the search did not compare; what it was given as lists is not told."""
        if self.folder is None:
            return ""
        sides = [(TRAIN, trained, "training")]
        if not self.folder.read_json(record_of("leaks")).get("hashes"):
            sides.append((AGAINST, asked, "test"))
        left = [
            f"{without:,} of {len(pictures):,} {name} pictures"
            for side, pictures, name in sides
            if (without := len(pictures - set(self._compared(side))))
        ]
        return " and ".join(left)

    def _compared(self, side: str) -> Iterator[str]:
        """The pictures of a side, a shard at a time."""
        assert self.folder is not None
        hashes = self.folder.child(HASHES)
        for name in hashes.list(".parquet"):
            if name.startswith(f"{side}/"):
                yield from map(short_id, read_table(hashes, name, ("sample_id",))["sample_id"].to_pylist())
