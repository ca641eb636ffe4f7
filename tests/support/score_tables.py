"""Folders of `mpgi score` as it leaves them, with scores of a test's choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.data.text import text_hash

_PLACE = pa.schema(
    [
        ("shard", pa.string()),
        ("index", pa.int64()),
        ("key", pa.string()),
        ("sample_id", pa.string()),
        ("name", pa.string()),
        ("number", pa.int32()),
        ("text_hash", pa.uint64()),
    ]
)


def write_scores(
    folder: Path,
    texts: Mapping[str, Sequence[Mapping[str, Any]]],
    names: Sequence[str],
    scorers: Mapping[str, str] | None = None,
) -> str:
    """A finished folder; its path.

    Args:
        texts: by shard, a row for each text: ``index``, ``key``, ``sample_id``, ``name``, ``number``,
            ``text``, and its scores.
        names: of the scores.
        scorers: by score, what the metadata say that it was made by.
    """
    storage = Storage(str(folder))
    storage.publish_json("score.json", {"columns": list(names)})
    for shard, rows in texts.items():
        whole = [{**row, "shard": shard, "text_hash": text_hash(row["text"])} for row in rows]
        scores = [
            pa.field(name, pa.float64(), metadata={"scorer": (scorers or {}).get(name, "test")})
            for name in names
        ]
        schema = pa.schema([*_PLACE, *scores])
        publish_table(storage.child("scores"), f"{shard}.parquet", pa.Table.from_pylist(whole, schema))
    storage.publish_json("summary.json", {})
    return str(folder)
