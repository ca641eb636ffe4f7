"""Tables of what a job left out: ``rejected.parquet`` of an ingest, ``dropped.parquet`` of a curation."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mpgi_ray.data.sample import Rejected

REJECTED = "rejected.parquet"
DROPPED = "dropped.parquet"

_REJECTED = pa.schema(
    [
        ("name", pa.string()),
        ("index", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("sample_id", pa.string()),
    ]
)
_DROPPED = pa.schema(
    [("shard", pa.string()), ("index", pa.int64()), ("key", pa.string()), ("reason", pa.string())]
)


def rejected_table(rejected: Sequence[Rejected]) -> pa.Table:
    """Entries of a source that could not become samples; ``index`` is their place in the source."""
    rows = [
        {"name": r.key, "index": r.index, "reason": r.reason, "detail": r.detail, "sample_id": r.sample_id}
        for r in rejected
    ]
    return pa.Table.from_pylist(rows, schema=_REJECTED)


def dropped_table(shard: str, dropped: Sequence[tuple[int, str, str]]) -> pa.Table:
    """Samples of a source shard that are not in the final ones.

    Args:
        dropped: the place in the shard, the key and the reason of each.
    """
    rows = [(shard, *row) for row in dropped]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(_DROPPED)
    return pa.table(columns, schema=_DROPPED)
