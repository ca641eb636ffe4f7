"""Manifests as CSV and as Parquet say what the same lines of JSON say."""

from __future__ import annotations

import csv
import datetime
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mpgi_ray.errors import InputError
from mpgi_ray.ingest import manifest
from support.ingested import HEIGHT, WIDTH, ingest_all, picture, put

_ROWS: list[dict[str, Any]] = [
    {
        "image": "a.png",
        "id": "7",
        "width": WIDTH,
        "scene": "harbour",
        "labels": ["crane", "ship"],
        "captions": ["A harbour, with a crane.", "Ships."],
        "boxes": [
            {"label": "ship", "bbox": [1, 2, 9, 8], "truncated": True},
            {"label": "ship", "bbox": [11.5, 2, 19, 8.25]},
        ],
        "polygons": [{"label": "roof", "points": [[1, 1], [9, 1], [5, 9]]}],
        "tags": {"building": "yes"},
        "gsd": 0.5,
        "date": "2020-05-01",
    },
    {"image": "b.png", "height": HEIGHT, "labels": ["ship"], "captions": ["One ship."], "split": "test"},
]


_NAMES = tuple(dict.fromkeys(name for row in _ROWS for name in row))


def nested_as_text(row: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(v) if isinstance(v, list | dict) else v for name, v in row.items()}


def write(path: Path) -> None:
    """The rows as CSV, as Parquet with columns of lists, structs, maps and dates, or as Parquet of text."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, _NAMES)
            writer.writeheader()
            writer.writerows(map(nested_as_text, _ROWS))
        return
    rows = [dict.fromkeys(_NAMES) | row for row in _ROWS]
    if path.name == "text.parquet":
        pq.write_table(pa.Table.from_pylist(list(map(nested_as_text, rows))), path)
        return
    tags = pa.array([list(_ROWS[0]["tags"].items()), None], pa.map_(pa.string(), pa.string()))
    dates = pa.array([datetime.date.fromisoformat(_ROWS[0]["date"]), None])
    table = pa.Table.from_pylist(rows).drop_columns(["tags", "date"])
    pq.write_table(table.append_column("tags", tags).append_column("date", dates), path)


@pytest.mark.parametrize("name", ["m.csv", "m.parquet", "text.parquet"])
def test_a_table_says_what_lines_say(tmp_path: Path, name: str) -> None:
    put(tmp_path, {"a.png": picture(), "b.png": picture()})
    put(tmp_path, {"m.jsonl": "\n".join(map(json.dumps, _ROWS))})
    write(tmp_path / name)
    expected, _ = ingest_all(manifest(str(tmp_path / "m.jsonl")), tmp_path / "lines")
    kept, lost = ingest_all(manifest(str(tmp_path / name)), tmp_path / "out")
    assert not lost
    assert kept == expected
    assert len(expected["a.png"].annotation.objects) == 3


def test_a_plain_cell_is_one_label_or_caption(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": picture(), "m.csv": "image,labels,captions\na.png,ship,Ships; and a pier.\n"})
    kept, _ = ingest_all(manifest(str(tmp_path / "m.csv")), tmp_path / "out")
    note = kept["a.png"].annotation
    assert (note.labels, note.captions) == (("ship",), ("Ships; and a pier.",))


@pytest.mark.parametrize(
    ("row", "reason", "message"),
    [
        ('a.png,"[{",', "broken_json", "line 3: "),
        ('a.png,"[{""label"": ""x""}]",', "bad_annotation", "line 3: boxes.0.bbox: Field required"),
        ("a.png,car,", "bad_annotation", "line 3: boxes: Input should be"),
        ("a.png,,coarse", "bad_annotation", "line 3: gsd: Input should be a valid number"),
        ("a.png,,1,2", "bad_annotation", "line 3: 4 cells: expected at most 3"),
        (",,1", "bad_annotation", "line 3: image: Field required"),
        ("/a.png,,", "bad_annotation", "line 3: .*expected a relative path"),
    ],
)
def test_a_bad_row_of_csv(tmp_path: Path, row: str, reason: str, message: str) -> None:
    put(
        tmp_path,
        {"a.png": picture(), "good.png": picture(), "m.csv": f"image,boxes,gsd\ngood.png,,\n{row}\n"},
    )
    kept, lost = ingest_all(manifest(str(tmp_path / "m.csv")), tmp_path / "out")
    assert set(kept) == {"good.png"}
    ((found, detail),) = lost.values()
    assert found == reason
    assert re.search(message, detail), detail


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"image": 5}, "image: Input should be a valid string"),
        ({"scene": 5}, "scene.*: Input should be a valid string"),
        ({"captions": [1]}, "captions.0: Input should be a valid string"),
        ({"scene": "x" * 15_000}, "a class of 15,000 characters, .{30,60}: at most 255 are read"),
        ({"boxes": [{"label": "x" * 300, "bbox": [1, 2, 3, 4]}]}, "a class of 300 characters"),
    ],
)
def test_what_is_no_name_and_no_text(tmp_path: Path, line: dict[str, Any], message: str) -> None:
    put(tmp_path, {"a.png": picture(), "b.png": picture()})
    lines = [{"image": "b.png", "id": 7, "tags": {"building:levels": 3}}, {"image": "a.png"} | line]
    put(tmp_path, {"m.jsonl": "\n".join(map(json.dumps, lines))})
    kept, lost = ingest_all(manifest(str(tmp_path / "m.jsonl")), tmp_path / "out")
    assert kept["b.png"].annotation.tags == {"building:levels": "3"}
    ((reason, detail),) = lost.values()
    assert reason == "bad_annotation"
    assert re.search(message, detail), detail


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": ["a.png"]}), tmp_path / "m.parquet")
    whole = (tmp_path / "m.parquet").read_bytes()
    put(tmp_path, {"m.parquet": whole[: len(whole) // 2]})
    with pytest.raises(InputError, match=r"m\.parquet is not a whole Parquet file"):
        manifest(str(tmp_path / "m.parquet"))
