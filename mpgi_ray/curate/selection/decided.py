"""What was decided of each text of a source shard, as its tasks read it, and as ``texts.parquet`` tells it.

``SHARD.decided.parquet`` has a row for each one of ``SHARD.offered.parquet``, in its order: the number of the
rule that dropped the text, or `KEPT`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_schema, read_table
from mpgi_ray.errors import DamagedError

TEXTS = "texts.parquet"
KEPT = -1
_PLACE = ("index", "key", "sample_id", "name", "number")
_OWN = ("words", "source", "scene", "split", "text")  # of a table of offered texts; published elsewhere


@dataclass(frozen=True, slots=True)
class Fate:
    """What was decided of a text.

    Attributes:
        rule: the number of the rule that dropped it, or `KEPT`.
    """

    name: str
    number: int
    rule: int


def offered_name(shard: str) -> str:
    return f"{shard}.offered.parquet"


def filtered_name(shard: str) -> str:
    """The samples of a shard that no rule has seen, because of a filter or a fault of theirs."""
    return f"{shard}.filtered.parquet"


def publish_decided(work: Storage, shard: str, rules: NDArray[np.int16]) -> None:
    """Write the numbers of the rules that dropped the texts of a shard."""
    publish_table(work, _decided_name(shard), pa.table({"rule": pa.array(rules, pa.int16())}))


def read_fates(work: Storage, shard: str) -> dict[int, list[Fate]]:
    """By sample, what was decided of its texts, in their order."""
    table = read_table(work, offered_name(shard), ("index", "name", "number"))
    fates: dict[int, list[Fate]] = {}
    rows = (table[name].to_pylist() for name in ("index", "name", "number"))
    for index, *fate in zip(*rows, _rules(work, shard, len(table)).to_pylist(), strict=True):
        fates.setdefault(index, []).append(Fate(*fate))
    return fates


def texts_table(work: Storage, shard: str, reasons: Sequence[str], unusable: Mapping[int, str]) -> pa.Table:
    """The rows of ``texts.parquet`` of a source shard.

    Args:
        reasons: the names of the rules.
        unusable: by place, why a sample cannot be published although a text of it was kept.
    """
    schema = read_schema(work, offered_name(shard))
    scores = [name for name in schema.names if name not in (*_PLACE, *_OWN) and not name.startswith("_")]
    table = read_table(work, offered_name(shard), (*_PLACE, *scores))
    rules = _rules(work, shard, len(table)).to_pylist()
    why = [
        unusable.get(index, "") if rule == KEPT else reasons[rule]
        for index, rule in zip(table["index"].to_pylist(), rules, strict=True)
    ]
    told = {
        "shard": pa.array([shard] * len(table), pa.string()),
        **{name: table[name] for name in _PLACE},
        "kept": pc.equal(pa.array(why, pa.string()), ""),
        "reason": pa.array(why, pa.string()),
    }
    return pa.table(told | {name: table[name] for name in scores})


def encode_tables(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    """One Parquet file of tables with the same columns, a row group each, in pieces; one at a time."""
    sink = _Pieces()
    first = next(tables)
    with pq.ParquetWriter(sink, first.schema, compression="zstd", write_page_checksum=True) as writer:
        writer.write_table(first, row_group_size=max(1, len(first)))
        yield sink.taken()
        for table in tables:
            writer.write_table(table, row_group_size=max(1, len(table)))
            yield sink.taken()
    yield sink.taken()


class _Pieces(io.RawIOBase):
    """A file that is written once from its beginning, and taken away in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        self._size += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        """What was written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _decided_name(shard: str) -> str:
    return f"{shard}.decided.parquet"


def _rules(work: Storage, shard: str, rows: int) -> pa.ChunkedArray:
    rules = read_table(work, _decided_name(shard), ("rule",))["rule"]
    if len(rules) != rows:
        what = f"{work.path(_decided_name(shard))} has {len(rules)} rows, {offered_name(shard)} has {rows}"
        raise DamagedError(what, f"delete {work.path('')} and run the same command again")
    return rules
