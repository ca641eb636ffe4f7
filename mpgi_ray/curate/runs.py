"""Sorted runs: one spill file a source shard, cut into one range a final shard.

Each source shard is sorted by itself and written once; a final shard then reads its range of every run
and merges them. So memory holds one source shard or one final shard, whatever the size of the data set.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pyarrow as pa

from mpgi_ray.data.final import Final
from mpgi_ray.data.place import bucket_of, place_of

_SCHEMA = pa.schema(
    [
        ("shard", pa.string()),
        ("index", pa.int64()),
        ("sample_id", pa.string()),
        ("suffix", pa.string()),
        ("image", pa.large_binary()),
        ("record", pa.binary()),
        ("text", pa.string()),
        ("texts", pa.list_(pa.string())),
    ]
)


def encode_run(samples: Sequence[Final], seed: int, buckets: int) -> tuple[bytes, list[tuple[int, int, int]]]:
    """A sorted run and its ranges.

    Args:
        samples: of one source shard, in their global order.

    Returns:
        The bytes, and ``(bucket, start, end)`` for each bucket that holds something.
    """
    data = bytearray()
    ranges = []
    for bucket, group in groupby(samples, key=lambda s: bucket_of(place_of(s.sample_id, seed), buckets)):
        start = len(data)
        data += _encode(list(group))
        ranges.append((bucket, start, len(data)))
    return bytes(data), ranges


def decode_range(data: bytes) -> list[Final]:
    """The samples of one range of a run."""
    table = pa.ipc.open_stream(pa.BufferReader(data)).read_all().select(_SCHEMA.names)
    return [Final(**(row | {"texts": tuple(row["texts"])})) for row in table.to_pylist()]


def _encode(samples: Sequence[Final]) -> bytes:
    columns = [[getattr(sample, name) for sample in samples] for name in _SCHEMA.names]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, _SCHEMA) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
