"""Parquet tables as whole files in a `Storage`."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from mpgi_ray.data.storage import Storage


def read_table(storage: Storage, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A table with its metadata.

    Raises:
        InputError: the file cannot be read.
    """
    file = pq.ParquetFile(pa.BufferReader(storage.read(name)))
    # in this thread alone: a reader thread that outlives the interpreter ends the process with an abort
    return file.read(columns=columns, use_threads=False)


def publish_table(storage: Storage, name: str, table: pa.Table) -> None:
    """Write a table, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    storage.publish(name, sink.getvalue().to_pybytes())
