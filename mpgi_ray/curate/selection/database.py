"""A DuckDB in this process that reaches nothing outside: in memory, and beyond it in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import duckdb
import pyarrow as pa

from mpgi_ray.curate.selection.offered import STANDING
from mpgi_ray.curate.selection.rules import quoted

MEMORY = "512MB"
_OURS = pa.schema(
    [
        ("_id", pa.int64()),
        ("_picture", pa.int64()),
        ("_tie", pa.uint64()),
        ("_lot", pa.uint64()),
        ("_same", pa.uint64()),
    ]
)


def connected(folder: str = "") -> duckdb.DuckDBPyConnection:
    """An empty database in memory.

    Args:
        folder: where what exceeds the memory is kept; the one place that stays open once it is `sealed`.
            Without one, nothing is.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": folder,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",  # a table's name is never that of a variable
        "preserve_insertion_order": "false",
    }
    connection = duckdb.connect(":memory:", config=settings)
    # a quotient by 0 is unknown, and neither infinite nor greater than all numbers
    connection.execute("SET ieee_floating_point_ops = false")
    return connection


@contextmanager
def spilling() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database whose folder goes with it."""
    with (
        tempfile.TemporaryDirectory(prefix="mpgi-select-") as folder,
        closing(connected(folder)) as connection,
    ):
        yield connection


def sealed(connection: duckdb.DuckDBPyConnection) -> None:
    """Close all ways to files, extensions and other settings: what runs from now on was written by a user."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def create_texts(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> pa.Schema:
    """The empty table ``texts`` with some columns; a score is a number.

    Returns:
        What `add_texts` takes.
    """
    known = {field.name: field for schema in (_OURS, STANDING) for field in schema}
    schema = pa.schema([known.get(name, pa.field(name, pa.float64())) for name in columns])
    connection.register("part", schema.empty_table())
    connection.execute("CREATE TABLE texts AS SELECT * FROM part")
    connection.unregister("part")
    return schema


def add_texts(connection: duckdb.DuckDBPyConnection, part: pa.Table) -> None:
    """Add rows to ``texts``, by the names of their columns."""
    connection.register("part", part)
    names = ", ".join(map(quoted, part.column_names))
    connection.execute(f"INSERT INTO texts ({names}) SELECT {names} FROM part")
    connection.unregister("part")
