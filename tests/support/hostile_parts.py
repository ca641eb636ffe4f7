"""What may lie in the place of a part: cut, damaged and foreign files, each with what has to be said."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def hostile_parts(data: bytes) -> Iterator[tuple[str, bytes, str]]:
    """Name, bytes and a regular expression of the error.

    Args:
        data: a part that is whole.
    """
    broken, foreign = "is not a whole Parquet file", "does not hold captions"
    flipped = bytearray(data)
    flipped[60] ^= 0xFF
    flipped[200] ^= 0xFF
    files = {
        "nothing": b"",
        "text": b"hello",
        "marks_alone": b"PAR1PAR1",
        "cut": data[:-20],
        "beginning_cut": data[10:],
        "holed": data[:8] + bytes(len(data) - 16) + data[-8:],
        "footer_of_2_GiB": data[:-8] + b"\xff\xff\xff\x7fPAR1",
        "footer_of_nothing": data[:-8] + bytes(4) + b"PAR1",
        "a_page": b"<html>404</html>" * 99,
        "encrypted": data[:-1] + b"E",
        "flipped_bits": bytes(flipped),
    }
    for name, content in files.items():
        yield name, content, broken
    table = pq.read_table(io.BytesIO(data))
    rows, told = table.num_rows, table.schema.metadata
    for name in table.column_names:
        if name not in ("detail", "draw", "shown"):  # which earlier versions did not write
            yield f"no_{name}", _written(table.drop_columns([name])), foreign
        none = pa.array([None] * rows, table.schema.field(name).type)
        yield f"null_{name}", _written(_with(table, name, none)), foreign
    columns: dict[str, tuple[str, Any, str]] = {
        "index_of_words": ("index", "x", foreign),
        "index_of_fractions": ("index", 0.5, foreign),
        "text_of_noise": ("text", b"\xff\xfe", foreign),
        "text_of_lists": ("text", ["a"], foreign),
        "parents_of_text": ("parents", "a", foreign),
        "unknown_status": ("status", "fine", "'fine' is not a valid Status"),
        "unknown_stage": ("stage", "third", "'third' is not a valid Stage"),
        "scores_cut": ("scores", "[1", foreign),
        "scores_a_list": ("scores", "[1]", "scores are .1."),
        "scores_of_words": ("scores", '{"coverage": "high"}', foreign),
        "scores_nan": ("scores", '{"coverage": NaN}', "scores are"),
        "scores_deep": ("scores", "[" * 100_000, "nested too deeply"),
    }
    for name, (column, value, says) in columns.items():
        yield name, _written(_with(table, column, pa.array([value] * rows))), says
    yield "of_another_table", _written(pa.table({"a": [1, 2]})), foreign
    yield "a_column_more", _written(table.append_column("mine", pa.array(range(rows)))), foreign
    notes: dict[str, tuple[bytes, bytes, str]] = {
        "of_another_chunk": (b"chunk", b"s9-00000-of-00001.parquet", "holds the captions of s9-00000"),
        "chunk_of_noise": (b"chunk", b"\xff\xfe", "holds the captions of"),
        "hash_of_noise": (b"shard_sha256", b"\xff", foreign),
        "sources_a_list": (b"sources", b"[1]", foreign),
        "sources_deep": (b"sources", b"[" * 100_000, "nested too deeply"),
        "sources_of_words": (b"sources", b'{"a": "0"}', foreign),
        "digests_of_words": (b"digests", b'{"0": "zz"}', foreign),
        "digests_null": (b"digests", b'{"0": null}', foreign),
    }
    for name, (key, value, says) in notes.items():
        yield name, _written(table.replace_schema_metadata(told | {key: value})), says


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    there = table.schema.get_field_index(name)
    return table.set_column(there, pa.field(name, column.type), column)


def _written(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()
