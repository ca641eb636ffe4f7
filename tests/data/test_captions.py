"""The table of captions: parts of every version are read alike, and ids stay what they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from mpgi_ray.data.caption import SCHEMA, Caption, caption_id, from_table, to_table
from mpgi_ray.data.parts import ChunkId, Parts
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table

CHUNK = ChunkId("a", 0, 1)


def row(index: int, reason: str = "", detail: str = "") -> Caption:
    return Caption(
        caption_id="c",
        sample_id="s",
        shard="a",
        index=index,
        key=str(index),
        stage="perspective",
        reason=reason,
        detail=detail,
        parents=("p",),
    )


def test_a_part_of_version_2_is_read_with_code_and_detail_apart(tmp_path: Path) -> None:
    rows = [
        row(0),
        row(1, "endpoint_refused", "HTTP 400: no\nsuch model"),
        row(2, "broken_image", "JPEG picture cannot be decoded: cut"),
        row(3, "gone"),
    ]
    old = to_table(rows).drop_columns(["detail"])
    reasons = pa.array([caption.why for caption in rows])
    old = old.set_column(old.column_names.index("reason"), "reason", reasons)
    publish_table(Storage(str(tmp_path)), CHUNK.file_name, old)
    part = Parts(Storage(str(tmp_path))).read(CHUNK)
    assert part is not None
    table = part.rows
    assert (from_table(table), table.schema) == (rows, SCHEMA)


def test_ids_are_those_of_version_2() -> None:
    sampling = {"temperature": 0.4, "top_p": 0.9}
    assert caption_id("s", "p", "m", "r", sampling) == "0df945981da304843bef956ff85a0ad9"


def test_a_reply_that_is_not_text_can_be_kept() -> None:
    caption = replace(row(0, "language"), raw="half \ud83d", key="é")
    assert from_table(to_table([caption, row(1)])) == [replace(caption, raw=r"half \ud83d"), row(1)]
