"""The source formats: COCO against its own library, manifests, and every bad input with its reason."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pycocotools import mask as oracle

from mpgi_ray.data.sample import Box, Rejected, Sample
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import IngestConfig, IngestSummary, SourceConfig, coco, folders, ingest, manifest, masks
from mpgi_ray.ingest.formats.geotiff import geotiff
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.load import load
from mpgi_ray.ingest.rle import decode_rle, mask_box
from mpgi_ray.rules.labels import Unknown
from support.ingested import HEIGHT, WIDTH, ingest_lines, picture, put, rejected, samples


def test_folders_keep_every_picture_as_it_is_and_reject_the_rest(tmp_path: Path) -> None:
    files = {
        "port/a.JPEG": picture(kind="JPEG"),
        "port/deep/b.tif": picture("I;16", "TIFF", 4000),
        "port/c": picture("RGBA", "PNG"),
        "d.png": picture("P", "PNG"),
        "port/notes.txt": b"hello",
        "farm/empty.jpg": b"",
        "farm/own.tmp": picture("L", "PNG"),  # of the user, not left by this program
    }
    for name, data in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    os.mkfifo(tmp_path / "in/farm/pipe.jpg")
    for name, target in {"farm/loop.jpg": "loop.jpg", "lake": "port", "farm/gone.jpg": "nowhere"}.items():
        (tmp_path / "in" / name).symlink_to(target)
    summary = ingest(folders(str(tmp_path / "in")), IngestConfig(output=str(tmp_path / "out")))
    assert (summary.total, summary.kept) == (11, 5)
    assert summary.rejected == {
        "empty_image": 1,
        "not_an_image": 1,
        "unreadable_image": 3,
        "missing_image": 1,
    }
    found = samples(tmp_path / "out")
    assert {name: s.image for name, s in found.items()} == {name: files[name] for name in found}
    assert {name: s.suffix for name, s in found.items()} == {
        "d.png": "png",
        "farm/own.tmp": "png",
        "port/a.JPEG": "jpeg",
        "port/c": "png",
        "port/deep/b.tif": "tif",
    }
    assert found["d.png"].annotation.scene == ()  # directly in the root: no class
    assert found["port/deep/b.tif"].annotation.scene == ("port",)
    with pytest.raises(InputError, match="no files below"):
        folders(str(tmp_path / "nowhere"))


def write_coco(folder: Path, images: list[Any], annotations: list[Any], categories: list[Any]) -> Path:
    for name in ("a.png", "b.png", "sub/c.png"):
        (folder / "img" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "img" / name).write_bytes(picture())
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(content))
    return folder / "instances.json"


def test_coco_boxes_outlines_and_masks(tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[5:12, 20:33] = 1
    packed = oracle.encode(np.asfortranarray(mask))
    compressed = {"size": packed["size"], "counts": packed["counts"].decode()}
    plain = {"size": [HEIGHT, WIDTH], "counts": [20 * HEIGHT + 5, 7, *[23, 7] * 12, 7 * HEIGHT + 18]}
    path = write_coco(
        tmp_path,
        [
            {"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT},
            {"id": 2, "file_name": "sub/c.png"},
        ],
        [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 10, 5], "iscrowd": 1, "area": 50},
            {"id": 2, "image_id": 1, "category_id": 9, "segmentation": [[1, 1, 9, 1, 9, 6]]},
            {"id": 3, "image_id": 1, "category_id": 9, "segmentation": compressed},
            {"id": 4, "image_id": 1, "category_id": 9, "segmentation": plain},
            {"id": 5, "image_id": 1, "category_id": 9, "bbox": [30, 20, 20, 5]},
        ],
        [{"id": 7, "name": "ship"}, {"id": 9, "name": "tank"}, {"id": 11, "name": "crane"}],
    )
    source = SourceConfig.model_validate({"vocabulary": {"ship": {"exhaustive": True}}, "drop": ["crane"]})
    summary = ingest(
        coco(str(path), str(tmp_path / "img")), IngestConfig(output=str(tmp_path / "out"), source=source)
    )
    assert summary == IngestSummary(kept=2, rejected={}, shards=1)
    found = samples(tmp_path / "out")
    ship, outline, *masks, clipped = found["a.png"].annotation.objects
    assert (ship.label, ship.box, ship.crowd) == ("ship", Box(1, 2, 11, 7), True)
    assert (outline.box, outline.polygons) == (Box(1, 1, 9, 6), (((1, 1), (9, 1), (9, 6)),))
    assert [m.box for m in masks] == [Box(20, 5, 33, 12)] * 2
    assert (clipped.box, clipped.visible) == (Box(30, 20, 40, 25), 0.5)
    assert found["sub/c.png"].annotation.objects == ()
    vocabulary = found["sub/c.png"].annotation.vocabulary
    assert {label: kind.exhaustive for label, kind in vocabulary.items()} == {"ship": True, "tank": False}


def test_coco_rejects_with_reasons(tmp_path: Path) -> None:
    box = [1, 1, 5, 5]
    images = [
        {"id": 1, "file_name": "a.png"},
        {"id": 3, "file_name": "gone.png"},
        {"id": 4, "file_name": "b.png"},
        {"id": 5, "file_name": "sub/c.png", "width": 99, "height": 30},
        {"id": 6, "file_name": "../a.png"},
        {"id": 7},
    ]
    annotations = [
        {"id": 1, "image_id": 4, "category_id": 5, "bbox": box},
        {"id": 2, "image_id": 77, "category_id": 1, "bbox": box},
    ]
    path = write_coco(tmp_path, images, annotations, [{"id": 1, "name": "ship"}])
    summary = ingest(coco(str(path), str(tmp_path / "img")), IngestConfig(output=str(tmp_path / "out")))
    assert (summary.total, summary.kept) == (7, 1)
    rows = rejected(tmp_path / "out")
    assert [(name, reason) for name, reason, _ in rows] == [
        ("gone.png", "missing_image"),
        ("b.png", "bad_annotation"),
        ("sub/c.png", "size_mismatch"),
        ("../a.png", "bad_annotation"),
        ("image 5", "bad_annotation"),
        ("image_id 77", "unknown_image"),
    ]
    assert "annotation 1: unknown category_id 5: expected one of 1" in rows[1][2]
    assert "stated as 99×30, the picture has 40×30" in rows[2][2]


@pytest.mark.parametrize("text", ["[]", "{", '{"images": [], "annotations": {}}'])
def test_a_file_that_is_not_coco(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"x\.json"):
        coco(str(tmp_path / "x.json"), str(tmp_path))


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 1)))
def test_run_length_masks_are_those_of_pycocotools(mask: np.ndarray) -> None:
    packed = oracle.encode(np.asfortranarray(mask))
    height, width = mask.shape
    decoded = decode_rle(packed["counts"].decode(), width, height)
    assert (decoded == mask.astype(bool)).all()
    runs = np.diff(np.flatnonzero(np.diff(mask.T.ravel(), prepend=1 - mask[0, 0], append=2)))
    plain = [0, *runs.tolist()] if mask[0, 0] else runs.tolist()
    assert (decode_rle(plain, width, height) == decoded).all()
    if mask.any():
        x, y, w, h = oracle.toBbox(packed)
        assert mask_box(decoded) == (x, y, x + w, y + h)


_PLACE = st.integers(0, 12)


@given(st.lists(st.tuples(_PLACE, _PLACE, _PLACE, _PLACE), max_size=30), st.sampled_from([0.1, 0.5, 0.9]))
def test_of_boxes_that_lie_on_each_other_the_first_is_kept(
    boxes: list[tuple[float, ...]], most: float
) -> None:
    def share(a: tuple[float, ...], b: tuple[float, ...]) -> float:
        sides = [min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1)]
        shared = max(0, sides[0]) * max(0, sides[1])
        both = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)) - shared
        return shared / both if both > 0 else 0

    kept: list[tuple[float, ...]] = []
    for box in boxes:
        if not any(share(other, box) > most for other in kept):
            kept.append(box)
    objects = tuple({"label": "ship", "box": box} for box in boxes)
    found = SourceConfig(same_object=most).apply({"objects": objects})["objects"]
    assert [obj["box"] for obj in found] == kept


def test_limits_of_a_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = {"label": "ship", "bbox": [1, 1, 5, 5]}
    (tmp_path / "a.png").write_bytes(picture())
    monkeypatch.setattr("mpgi_ray.ingest.load.MAX_OBJECTS", 3)
    lines = [json.dumps({"image": "a.png", "boxes": [box] * number}) for number in (4, 3)]
    (tmp_path / "m.jsonl").write_text("\n".join(lines))
    items = [item for item in manifest(str(tmp_path / "m.jsonl")) if isinstance(item, Item)]
    many, fine = (next(load(item, SourceConfig(), 0)) for item in items)
    assert isinstance(many, Rejected)
    assert isinstance(fine, Sample)
    assert (many.reason, many.detail) == (
        "too_many_objects",
        "line 1: 4 objects, at most 3 are read: cut the picture with --tile",
    )
    assert len(fine.annotation.objects) == 3
    monkeypatch.setattr("mpgi_ray.data.lines.MAX_LINE", 50)
    with pytest.raises(InputError, match=r"m\.jsonl has a line of more than 50 bytes"):
        manifest(str(tmp_path / "m.jsonl"))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ("01~", "character '~' at position 2"),
        ("o", "ends inside a number"),
        ([3, 4], "add up to 7"),
        ([-3, 15], "below 0"),
    ],
)
def test_broken_run_lengths(counts: str | list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_rle(counts, 3, 4)


@pytest.mark.parametrize(
    ("line", "reason", "message"),
    [
        ('{"image": "a.png"', "broken_json", "line 2: Expecting"),
        ("[" * 100_000, "broken_json", "line 2: it is nested too deeply"),
        ("3", "bad_annotation", "line 2: Input should be"),
        ({"scene": "port"}, "bad_annotation", "line 2: image: Field required"),
        ({"image": "/etc/a.png"}, "bad_annotation", "expected a relative path"),
        ({"image": "b.png"}, "missing_image", "no file b.png"),
        ({"image": "a.png", "width": 0}, "size_mismatch", "stated as 0×30, the picture has 40×30"),
        ({"image": "a.png", "id": 7, "boxes": [{"label": "x", "bbox": [1, 2, 3]}]}, "bad_annotation", "bbox"),
        ({"image": "a.png", "boxes": [{"label": "x", "bbox": [9, 2, 3, 8]}]}, "bad_annotation", "inverted"),
        ({"image": "a.png", "boxes": [{"label": "x", "bbox": [50, 2, 60, 8]}]}, "bad_annotation", "outside"),
        (
            {"image": "a.png", "boxes": [{"label": "x", "bbox": [float("nan"), 2, 3, 8]}]},
            "bad_annotation",
            "line 2: .*finite",
        ),
        ({"image": "a.png", "labels": ["sheep"]}, "bad_annotation", "unknown class 'sheep'.*ship"),
        ({"image": "a.png", "mask": "none.png"}, "missing_mask", "no file none.png"),
        ({"image": "a.png", "mask": "a.png"}, "bad_mask", "list them under `mask:`"),
        (
            {"image": "a.png", "mask": "a.png", "mask_classes": {"ship": [1, 2, 3]}},
            "bad_mask",
            r"1,200 of 1,200 pixels belong to no class, the first has the colour \(0, 0, 0\)",
        ),
    ],
)
def test_a_bad_line_is_a_rejected_row(
    tmp_path: Path, line: str | dict[str, Any], reason: str, message: str
) -> None:
    source = SourceConfig.model_validate({"vocabulary": {"ship": {}, "x": {}}})
    (tmp_path / "good.png").write_bytes(picture())
    summary = ingest_lines(tmp_path, {"image": "good.png"}, line, source=source)
    assert (summary.total, summary.kept) == (2, 1)
    ((_, found, detail),) = rejected(tmp_path / "out")
    assert found == reason
    assert re.search(message, detail), detail


def test_a_line_with_everything(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:10, :20] = 4
    mask[20:, 30:] = 4
    Image.fromarray(mask).save(tmp_path / "mask.png")
    summary = ingest_lines(
        tmp_path,
        {
            "image": "a.png",
            "scene": ["port", "haven"],
            "labels": ["crane", "junk"],
            "tags": {"building": "yes", "levels": 3},
            "gsd_m": 0.5,
            "date": "2020-05-01",
            "boxes": [{"label": "Ship", "bbox": [1, 2, 9, 8], "truncated": True, "score": 0.5}],
            "polygons": [{"label": "junk", "points": [[1, 1], [5, 1], [5, 9]]}],
            "mask": "mask.png",
            "mask_classes": {"land": 0, "water": 4},
            "weather": "fine",
        },
        "",
        source=SourceConfig(rename={"Ship": "ship"}, drop=("junk", "land"), sensor="aerial", name="mine"),
    )
    assert summary == IngestSummary(1, {}, 1, unknown={Unknown("haven", "scene"): 1})
    note = samples(tmp_path / "out")["a.png"].annotation
    assert (note.scene, note.labels, note.gsd) == (("port", "haven"), ("crane",), 0.5)
    assert (note.tags, note.sensor, note.source) == ({"building": "yes", "levels": "3"}, "aerial", "mine")
    assert [(o.label, o.visible) for o in note.objects] == [("ship", 0.7)]
    assert list(note.cover) == ["water"]
    assert (note.cover["water"].fraction, note.cover["water"].patches) == (0.25, 2)
    assert [round(cell, 2) for cell in note.cover["water"].cells] == [1, 0.46, 0, 0, 0, 0, 0, 0, 0.77]
    assert "fields that are not used: boxes.score, weather" in caplog.text


def test_pictures_that_annotate_are_noticed_when_they_change(tmp_path: Path) -> None:
    put(tmp_path, {f"{folder}/a.tif": picture("L", "TIFF", 1) for folder in ("img", "masks", "single")})
    folder = str(tmp_path / "img")

    def fingerprints() -> list[str]:
        options = {"masks": str(tmp_path / "masks"), "instances": str(tmp_path / "single")}
        return [masks(folder, **options).fingerprint, geotiff(folder).fingerprint]

    seen = [fingerprints(), fingerprints()]
    for number, changed in enumerate(("masks", "single", "img")):
        file = tmp_path / changed / "a.tif"
        file.write_bytes(picture("L", "TIFF", 2))  # of the same size
        os.utime(file, (number, number))
        seen.append(fingerprints())
    first, second, mask, single, image = seen
    assert first == second
    assert len({second[0], mask[0], single[0]}) == 3
    assert image[0] == single[0]
    assert second[1] == single[1] != image[1]
