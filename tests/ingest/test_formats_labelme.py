"""LabelMe's files, against the shapes as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.ingest import labelme
from support.ingested import HEIGHT, WIDTH, ingest_all, picture, put


def shape(label: str, kind: str | None, *points: list[float], **others: Any) -> dict[str, Any]:
    return {
        "label": label,
        "points": list(points),
        "group_id": None,
        "shape_type": kind,
        "flags": {},
        **others,
    }


def file(*shapes: dict[str, Any], **others: Any) -> str:
    """A file as LabelMe writes it, with the picture in it."""
    size = {"imagePath": "..\\x.png", "imageHeight": HEIGHT, "imageWidth": WIDTH}
    return json.dumps(
        {"version": "5.5.0", "flags": {}, "shapes": shapes, **size, "imageData": "AAAA"} | others
    )


def test_each_kind_of_shape(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    outline = [[3.5, 4.0], [12.0, 4.5], [9.0, 20.25]]
    text = file(
        shape("roof", "polygon", *outline),
        shape("roof", None, *outline[::-1]),  # of an early version
        shape("car", "rectangle", [30, 25], [20, 5]),
        shape("tank", "circle", [20, 15], [23, 19]),
        shape("ship", "rotation", [10, 2], [18, 10], [14, 14], [6, 6]),
        shape("pool", "mask", [4, 5], [9, 7], mask="iVBOR"),
        shape("road", "linestrip", [1, 1], [5, 5], [9, 1]),
        shape("road", "line", [1, 1], [5, 5]),
        shape("tree", "point", [1, 1]),
        shape("wood", "polygon", [0, 0], [4, 0], [0, 4], group_id=1),
        shape("wood", "polygon", [10, 10], [14, 10], [10, 14], group_id=1),
        shape("wood", "polygon", [20, 20], [24, 20], [20, 24], group_id=2),
        shape("lake", "polygon", [0, 0], [4, 0], [0, 4], group_id=1),
        shape("lake", "rectangle", [5, 5], [8, 8], group_id=1),
    )
    put(
        tmp_path,
        {"notes/a.json": text, "notes/b.json": file(), "img/a.png": picture(), "img/b.png": picture()},
    )
    kept, lost = ingest_all(labelme(str(tmp_path / "notes"), str(tmp_path / "img")), tmp_path / "out")
    assert not lost
    assert kept["b.png"].annotation.objects == ()
    things = kept["a.png"].annotation.objects
    assert [(thing.label, tuple(thing.box)) for thing in things] == [
        ("roof", (3.5, 4, 12, 20.25)),
        ("roof", (3.5, 4, 12, 20.25)),
        ("car", (20, 5, 30, 25)),
        ("tank", (15, 10, 25, 20)),
        ("ship", (6, 2, 18, 14)),
        ("pool", (4, 5, 10, 8)),
        ("wood", (0, 0, 14, 14)),
        ("wood", (20, 20, 24, 24)),
        ("lake", (0, 0, 8, 8)),
    ]
    assert things[0].polygons == (tuple(map(tuple, outline)),)
    assert things[4].obb == ((10, 2), (18, 10), (14, 14), (6, 6))
    assert [len(thing.polygons) for thing in things[6:]] == [2, 1, 0]
    assert "left out: 1 of type line, 1 of type linestrip, 1 of type point" in caplog.text


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        ("{", "bad_annotation", "a.json: it is not valid JSON"),
        ("[" * 100_000, "bad_annotation", "not valid JSON"),
        ('{"version": "5.5.0"}', "bad_annotation", "shapes: Field required"),
        (file(shape("x", "polygon", [1, 1], [2, 2])), "bad_annotation", r"shape 0 \('x'\): an outline of 2"),
        (file(shape("x", "rectangle", [1, 1])), "bad_annotation", "type 'rectangle' with 1 points"),
        (file(shape("x", "rectangle", [1, 1], [1, 9])), "bad_annotation", "inverted or empty"),
        (file(shape("x", "spline", [1, 1], [2, 2])), "bad_annotation", "type 'spline' with 2 points"),
        (file(shape("", "circle", [1, 1], [2, 2])), "bad_annotation", "label: String should have"),
        (file(shape("x", "polygon", [1, 1], [2, float("nan")], [3, 1])), "bad_annotation", "finite number"),
        (file(imageWidth=WIDTH + 1), "size_mismatch", "stated as 41×30"),
    ],
)
def test_a_bad_file_rejects_its_picture(tmp_path: Path, text: str, reason: str, message: str) -> None:
    put(tmp_path, {"notes/a.json": text, "notes/b.json": file(), "notes/c.json": file()})
    put(tmp_path, {"img/a.png": picture(), "img/b.png": picture(), "img/d.png": picture()})
    kept, lost = ingest_all(labelme(str(tmp_path / "notes"), str(tmp_path / "img")), tmp_path / "out")
    assert set(kept) == {"b.png"}
    assert (lost["c.json"][0], lost["d.png"][0]) == ("missing_image", "missing_annotation")
    assert lost["a.png"][0] == reason
    assert re.search(message, lost["a.png"][1])
