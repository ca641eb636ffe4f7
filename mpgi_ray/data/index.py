"""``index.parquet``: which shards a job wrote, written last, so that with it the shards are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import repeat

import pyarrow as pa

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.errors import InputError

INDEX = "index.parquet"
_SCHEMA = pa.schema(
    [("shard", pa.string()), ("samples", pa.int64()), ("bytes", pa.int64()), ("sha256", pa.string())]
)


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One shard beside the index.

    Attributes:
        shard: its file name without ``.tar``.
        samples: how many it holds.
        bytes, sha256: of the whole file; None and empty where an earlier version did not write them.
    """

    shard: str
    samples: int
    bytes: int | None
    sha256: str

    def fits(self, stamp: str) -> bool:
        """Whether a file of this stamp (`Storage.stamp`) has the size that the index tells."""
        return self.bytes is None or stamp.partition(":")[0] in (str(self.bytes), "None")


def publish_index(storage: Storage, rows: Sequence[IndexRow]) -> None:
    """Write the index of a folder of shards, after the last of them.

    Raises:
        OutputError: it cannot be written.
    """
    columns = [list(column) for column in zip(*map(astuple, rows), strict=True)] or [[]] * len(_SCHEMA)
    publish_table(storage, INDEX, pa.table(columns, schema=_SCHEMA))


def read_index(storage: Storage, name: str = INDEX) -> dict[str, IndexRow]:
    """The shards that an index names, in its order.

    An index that an earlier version wrote has the first two columns, and not always the others.

    Raises:
        InputError: it is not there, or damaged.
    """
    table = read_table(storage, name)
    if lacking := {"shard", "samples"} - set(table.column_names):
        raise InputError(f"{storage.path(name)} has no column {', '.join(sorted(lacking))}")
    columns = (
        table[field.name].to_pylist() if field.name in table.column_names else repeat(default)
        for field, default in zip(_SCHEMA, ("", 0, None, ""), strict=True)
    )
    return {row[0]: IndexRow(*row) for row in zip(*columns, strict=False)}
