"""Published caption sets: tables, the JSON of MGRS-200k, and the shards of RS5M."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import captions, karpathy, manifest, mgrs
from mpgi_ray.ingest.recognise import beliefs
from support.ingested import HEIGHT, WIDTH, ingest_all, picture, put


def table(*rows: tuple[str, ...]) -> str:
    sink = io.StringIO()
    csv.writer(sink).writerows(rows)
    return sink.getvalue()


def test_rows_of_a_picture_are_joined(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = table(
        ("filepath", "caption", "split"),
        ("DOTA/P0001.png", 'Two ships, "moored", at a pier.', "train"),
        ("/root/data/hqrs/b.png", "A field,\nand a road.", ""),
        ("DOTA/P0001.png", "A harbour with two ships.", "train"),
        ("DOTA/P0001.png", "A harbour with two ships.", ""),
        ("DOTA/P0001.png", "", "train"),
        ("c.png", " ", "test"),
        ("gone.png", "A lake.", ""),
        ("d.png", "A lake.", "train"),
        ("d.png", "A pond.", "test"),
        ("../e.png", "A hill.", ""),
        ("",),
    )
    files: dict[str, str | bytes] = {f"img/{name}.png": picture() for name in ("DOTA/P0001", *"bcde")}
    put(tmp_path, {**files, "captions.csv": text})
    listing = captions(str(tmp_path / "captions.csv"), str(tmp_path / "img"))
    kept, lost = ingest_all(listing, tmp_path / "out")
    raw: dict[str, dict[str, None]] = defaultdict(dict)  # by file name, without those that are empty
    for row in csv.DictReader(io.StringIO(text)):
        if row["caption"] and row["caption"].strip():
            raw[row["filepath"].rpartition("/")[2]][row["caption"]] = None
    assert set(kept) == {"DOTA/P0001.png", "b.png"}
    for name, sample in kept.items():
        assert sample.annotation.captions == tuple(raw[name.rpartition("/")[2]])
    assert (kept["DOTA/P0001.png"].annotation.split, kept["b.png"].annotation.split) == ("train", None)
    assert {name: reason for name, (reason, _) in lost.items()} == dict.fromkeys(
        ("c.png", "gone.png", "d.png", "../e.png"), "bad_annotation"
    )
    assert "has no caption" in lost["c.png"][1]
    assert "several splits: test, train" in lost["d.png"][1]
    assert "empty, and left out: 2" in caplog.text
    assert "names 1 of 5 pictures: e.png" in caplog.text


def test_other_columns_of_captions(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": picture(), "x.tsv": "image\ttitle\ttitle_multi_objects\na.png\tone\ttwo\n"})
    place = str(tmp_path / "x.tsv")
    for column, text in ((None, "one"), ("title_multi_objects", "two")):
        kept, _ = ingest_all(captions(place, column=column), tmp_path / f"out-{column}")
        assert kept["a.png"].annotation.captions == (text,)
    with pytest.raises(InputError, match="no column words: its columns are image, title, title_multi"):
        captions(place, column="words")
    put(tmp_path, {"y.csv": "a.png,one\n"})
    with pytest.raises(InputError, match="no column filepath or image_path"):
        captions(str(tmp_path / "y.csv"))


def test_mgrs_captions_and_objects(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def box(*corners: float, **size: int) -> dict[str, Any]:
        return dict(zip(("x1", "y1", "x2", "y2"), corners, strict=True)) | ({"W": WIDTH, "H": HEIGHT} | size)

    pier = {"bbox": box(12.0, 4, 36, 20), "category": "pier", "category_id": 4}
    boat = {"bbox": box(0, 0, 7, 7), "category": "ship", "category_id": 2, "cap": "a white ship"}
    told = {"global_caption": "A marina.", "brief_caption": "A marina.", "detailed_caption": "Two piers."}
    entries: list[Any] = [
        {"global_filepath": "p/7.png", **told, "segment": [pier, boat]},
        {"global_filepath": "8.png", "global_caption": None, "brief_caption": "A field.", "segment": []},
        {"global_filepath": "9.png", "segment": [pier]},
        {"global_filepath": "10.png", **told, "segment": [pier, {**boat, "bbox": box(0, 0, 7, 7, W=9)}]},
        {"global_filepath": "11.png", **told, "segment": [{**pier, "bbox": box(1, 1, 5, 5, W=512)}]},
        {"global_filepath": "12.png", **told, "segment": [{"bbox": [1, 1, 5, 5], "category": "pier"}]},
        {"global_filepath": "gone.png", **told},
        {"global_caption": "A lake."},
    ]
    put(tmp_path, {f"img/{name}.png": picture() for name in ("p/7", 8, 9, 10, 11, 12)})
    put(tmp_path, {"text_info.json": json.dumps(entries)})
    kept, lost = ingest_all(mgrs(str(tmp_path / "text_info.json"), str(tmp_path / "img")), tmp_path / "out")
    assert {name: sample.annotation.captions for name, sample in kept.items()} == {
        "p/7.png": ("A marina.", "Two piers."),
        "8.png": ("A field.",),
    }
    things = kept["p/7.png"].annotation.objects
    assert [(thing.label, tuple(thing.box)) for thing in things] == [
        ("pier", (12, 4, 36, 20)),
        ("ship", (0, 0, 7, 7)),
    ]
    expected = {
        "9.png": "the picture has no caption",
        "10.png": "its boxes state 2 sizes",
        "11.png": "stated as 512×30",
        "12.png": "segment.0.bbox: Input should be",
        "gone.png": "there is no picture 'gone.png'",
        "picture 7": "global_filepath: Field required",
    }
    assert lost.keys() == expected.keys()
    for name, message in expected.items():
        assert message in lost[name][1]
    assert "not used: segment.cap" in caplog.text
    put(tmp_path, {"text_info.json": "{}"})
    with pytest.raises(InputError, match="is not a list"):
        mgrs(str(tmp_path / "text_info.json"), str(tmp_path / "img"))


def test_captions_by_file_name_and_those_that_are_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = {
        "a.tif": {"captions": ["A park .", "", " ", "A park ."], "split": "train"},
        "b.tif": {"captions": [" "], "split": "test"},
        "c.tif": {"captions": ["word" * 3000], "split": "test"},
        "d.tif": {"captions": [7]},
    }
    put(tmp_path, {f"img/{name}": picture(kind="TIFF") for name in told} | {"x.json": json.dumps(told)})
    (belief,) = beliefs(str(tmp_path / "x.json"))
    assert belief.format == "karpathy"
    listing = karpathy(str(tmp_path / "x.json"), str(tmp_path / "img"))
    kept, lost = ingest_all(listing, tmp_path / "out")
    (note,) = (sample.annotation for sample in kept.values())
    assert (note.captions, note.split) == (("A park .",), "train")
    assert "captions that are empty, and left out: 2" in caplog.text
    assert lost["b.tif"] == ("bad_annotation", "the picture has no caption")
    assert lost["c.tif"] == ("bad_annotation", "a caption of 12,000 characters: at most 10,000 are read")
    assert "sentences.0.raw" in lost["d.tif"][1]
    put(
        tmp_path,
        {"m.jsonl": json.dumps({"image": "img/a.tif", "captions": ["", "A park .", " ", "A park ."]})},
    )
    kept, _ = ingest_all(manifest(str(tmp_path / "m.jsonl")), tmp_path / "of_manifest")
    assert kept["img/a.tif"].annotation.captions == ("A park .", "A park .")


def test_shards_of_rs5m_are_read_as_they_are() -> None:
    sink = io.BytesIO()
    members = {
        "img_content": picture(kind="JPEG"),
        "img_name": b"pub_1.jpg",
        "caption": b"an aerial view",
    }
    with tarfile.open(fileobj=sink, mode="w") as tar:
        for field, content in members.items():
            info = tarfile.TarInfo(f"000000001.{field}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    fields = ShardFields(image="img_content", captions="caption", source="RS5M")
    (sample,) = read_shard(sink.getvalue(), "pub11-train-0000.tar", fields)
    assert isinstance(sample, Sample)
    assert (sample.image, sample.key) == (members["img_content"], "000000001")
    assert (sample.annotation.captions, sample.annotation.source) == (("an aerial view",), "RS5M")
