"""``index.parquet``: which shards a job wrote, written last, so that with it the shards are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import pyarrow as pa

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table

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
        bytes, sha256: of the whole file.
    """

    shard: str
    samples: int
    bytes: int
    sha256: str


def publish_index(storage: Storage, rows: Sequence[IndexRow]) -> None:
    """Write the index of a folder of shards, after the last of them.

    Raises:
        OutputError: it cannot be written.
    """
    columns = [list(column) for column in zip(*map(astuple, rows), strict=True)] or [[]] * len(_SCHEMA)
    publish_table(storage, INDEX, pa.table(columns, schema=_SCHEMA))


def read_index(storage: Storage, name: str = INDEX) -> dict[str, int]:
    """The shards that an index names, in its order, each with its number of samples.

    An index that an earlier version wrote has these two columns, and not always the others.

    Raises:
        InputError: it is not there, or damaged.
    """
    table = read_table(storage, name, ["shard", "samples"])
    return dict(zip(table["shard"].to_pylist(), table["samples"].to_pylist(), strict=True))
