"""Parquet tables as whole files in a `Storage`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import DamagedError, InputError

T = TypeVar("T")


def read_table(storage: Storage, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A table with its metadata.

    Raises:
        DamagedError: the file is not a whole table.
        InputError: it cannot be read, or lacks one of the columns.
    """

    def read(file: pq.ParquetFile) -> pa.Table:
        if lacking := set(columns or ()) - set(file.schema_arrow.names):
            raise InputError(f"{storage.path(name)} has no column {', '.join(sorted(lacking))}")
        # in this thread alone: a reader thread that outlives the interpreter ends the process with an abort
        return file.read(columns=columns, use_threads=False)

    return _opened(storage, name, read)


def table_at(path: str, name: str) -> tuple[Storage, str]:
    """Where a table lies that is given by its path, or by that of the folder in which a job wrote it.

    Args:
        name: of the table in such a folder.
    """
    return split_url(path if path.endswith(".parquet") else f"{path.rstrip('/')}/{name}")


def typed(table: pa.Table, schema: pa.Schema, where: str, may_lack: frozenset[str] = frozenset()) -> pa.Table:
    """The columns of a schema, in its types.

    Args:
        where: the table's path, for messages.
        may_lack: columns in which a row may have no value.

    Raises:
        InputError: a column has another type, or lacks values that it must have.
    """
    try:
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        told = ", ".join(f"{field.name} {field.type}" for field in schema)
        raise InputError(f"{where}: {' '.join(str(error).split())[:200]}; expected columns {told}") from error
    for column in schema.names:
        if column not in may_lack and table[column].null_count:
            raise InputError(f"{where}: column {column} lacks values: give each row one")
    return table


def read_metadata(storage: Storage, name: str) -> dict[bytes, bytes]:
    """The metadata that a table was published with.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    return _opened(storage, name, lambda file: dict(file.schema_arrow.metadata or {}))


def read_schema(storage: Storage, name: str) -> pa.Schema:
    """The columns of a table with their types and metadata.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    return _opened(storage, name, lambda file: file.schema_arrow)


def read_batches(storage: Storage, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """A table in parts, for one that is too large to be held: the file itself is, packed.

    Raises:
        DamagedError: the file is not a whole table.
        InputError: it cannot be read.
    """
    file = _opened(storage, name, lambda file: file)
    for group in range(file.num_row_groups):
        try:
            yield file.read_row_group(group, columns=columns, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(storage, name, error) from error


def publish_table(storage: Storage, name: str, table: pa.Table) -> None:
    """Write a table, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    storage.publish(name, _bytes(table))


def create_table(storage: Storage, name: str, table: pa.Table) -> bool:
    """Write a table, whole, only if there is none of that name; whether the one that is there is this one.

    Raises:
        OutputError: it cannot be written.
    """
    return storage.create(name, _bytes(table))


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue().to_pybytes())


def _opened(storage: Storage, name: str, read: Callable[[pq.ParquetFile], T]) -> T:
    data = storage.read(name)
    try:
        return read(pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True))
    except (pa.ArrowException, OSError) as error:
        raise _damaged(storage, name, error) from error


def _damaged(storage: Storage, name: str, error: Exception) -> DamagedError:
    what = f"{storage.path(name)} is not a whole Parquet file ({' '.join(str(error).split())})"
    return DamagedError(what, "restore or delete it")
