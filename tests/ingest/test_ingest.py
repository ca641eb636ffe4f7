"""Ingest: real sources with their numbers and values, and a job that can be killed and run again."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.sample import Box
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, OutputError, RecipeError
from mpgi_ray.ingest import IngestConfig, IngestSummary, SourceConfig, folders, ingest, load_source, manifest
from mpgi_ray.report.verified import require_verified
from support.ingested import ingest_lines, picture, rejected, samples

REAL = {
    "airbus_aircraft": ("airbus_aircraft", 10),
    "dota_examples": ("dota", 7),
    "dubai_seg": ("dubai_seg", 18),
    "eurosat": ("eurosat", 300),
    "gid_mtl15": ("gid_mtl15", 15),
    "kit_ais_vehicles": ("kit_ais_vehicles", 11),
    "oam_osm_buildings": ("oam_osm_buildings", 14),
    "rsicd": ("rsicd", 30),
    "simd": ("simd", 14),
    "ucm": ("ucm", 735),
}


@pytest.mark.parametrize("folder", REAL)
def test_every_line_of_a_real_manifest_is_kept(folder: str, data_dir: Path, tmp_path: Path) -> None:
    preset, count = REAL[folder]
    path = data_dir / folder / "manifest.jsonl"
    summary = ingest(
        manifest(str(path)), IngestConfig(output=str(tmp_path), source=load_source(preset), shard_size=100)
    )
    assert summary == IngestSummary(kept=count, rejected={}, shards=-(-count // 100))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    found = samples(tmp_path)
    assert list(found) == [line["image"] for line in lines]
    for line, sample in zip(lines, found.values(), strict=True):
        assert sample.image == (data_dir / folder / line["image"]).read_bytes()
        note = sample.annotation
        assert (note.width, note.height) == (line["width"], line["height"])
        assert note.scene == ((line["scene"],) if "scene" in line else ())
        assert note.captions == tuple(line.get("captions", ()))
        assert note.labels == tuple(line.get("labels", ()))
        assert note.split == line.get("split")
        assert note.licence


def test_yolo_and_dota_boxes_arrive_as_annotated(data_dir: Path, tmp_path: Path) -> None:
    simd, dota = data_dir / "simd", data_dir / "dota_examples"
    ingest(
        manifest(str(simd / "manifest.jsonl")),
        IngestConfig(output=str(tmp_path / "s"), source=load_source("simd")),
    )
    names = (simd / "classes.txt").read_text().split()
    for sample in samples(tmp_path / "s").values():
        text = (simd / "labels" / Path(sample.name).with_suffix(".txt").name).read_text()
        rows = [line.split() for line in text.splitlines()]
        assert [o.label for o in sample.annotation.objects] == [names[int(row[0])] for row in rows]
        for obj, (x, y, w, h) in zip(
            sample.annotation.objects, [map(float, row[1:]) for row in rows], strict=True
        ):
            middle = (x * sample.annotation.width, y * sample.annotation.height)
            assert obj.box.middle == pytest.approx(middle, abs=1)
            assert obj.box.x2 - obj.box.x1 == pytest.approx(w * sample.annotation.width, abs=2)
            assert obj.box.y2 - obj.box.y1 == pytest.approx(h * sample.annotation.height, abs=2)
    ingest(
        manifest(str(dota / "manifest.jsonl")),
        IngestConfig(output=str(tmp_path / "d"), source=load_source("dota")),
    )
    found = samples(tmp_path / "d")
    objects = found["images/P1888.jpg"].annotation.objects
    rows = [line.split() for line in (dota / "labelTxt" / "P1888.txt").read_text().splitlines()[2:]]
    assert [np.ravel(o.obb).tolist() for o in objects] == [list(map(float, row[:8])) for row in rows]
    assert [(o.label, o.difficult) for o in objects] == [(row[8], row[9] == "1") for row in rows]
    labels = {o.label for sample in found.values() for o in sample.annotation.objects}
    assert "small-vehicle" in labels
    assert not {"small vehicle", "tennis court"} & labels  # two spellings, one class


def test_masks_become_cover_without_the_unlabelled(data_dir: Path, tmp_path: Path) -> None:
    for preset, field in (("dubai_seg", "class_fractions"), ("gid_mtl15", "mask_value_fractions")):
        source, path = load_source(preset), data_dir / preset / "manifest.jsonl"
        ingest(manifest(str(path)), IngestConfig(output=str(tmp_path / preset), source=source))
        names = {str(value): old for old, value in source.mask.items()} | {old: old for old in source.mask}
        for line, sample in zip(
            map(json.loads, path.read_text().splitlines()), samples(tmp_path / preset).values(), strict=True
        ):
            stated = {source.label(names[key]): share for key, share in line[field].items() if share}
            stated.pop(None, None)
            cover = sample.annotation.cover
            assert {label: c.fraction for label, c in cover.items()} == pytest.approx(stated, abs=1e-4)
            assert all(not sample.annotation.label_class(label).countable for label in cover)


def test_boxes_of_two_annotators_are_one_airplane(data_dir: Path, tmp_path: Path) -> None:
    path = data_dir / "airbus_aircraft" / "manifest.jsonl"
    ingest(manifest(str(path)), IngestConfig(output=str(tmp_path), source=load_source("airbus_aircraft")))
    notes = {name: sample.annotation for name, sample in samples(tmp_path).items()}
    assert len(notes["images/d9399a45_1920_363.jpg"].objects) == 8  # of 17 boxes; counted in the picture
    assert len(notes["images/eeb978ec_1920_1104.jpg"].objects) == 6
    assert {o.label for note in notes.values() for o in note.objects} == {"airplane"}
    cut = [o for note in notes.values() for o in note.objects if o.visible == 0.7]
    assert [o.box for o in cut] == [Box(283, 0, 405, 69)]


def test_class_folders(data_dir: Path, tmp_path: Path) -> None:
    summary = ingest(
        folders(str(data_dir / "eurosat/images")),
        IngestConfig(output=str(tmp_path), source=load_source("eurosat")),
    )
    assert summary == IngestSummary(kept=300, rejected={}, shards=1)
    assert all(s.annotation.scene == (s.name.split("/")[0],) for s in samples(tmp_path).values())


def test_splits_by_share_hang_on_the_picture_alone(tmp_path: Path) -> None:
    shares = {"train": 0.7, "val": 0.1, "test": 0.2}
    source = SourceConfig(splits=shares)
    pictures = [picture(colour=(n % 256, n // 256, 0)) for n in range(1000)]
    for place, some in (("one", pictures[:600]), ("two", pictures[300:])):
        (tmp_path / place / "port").mkdir(parents=True)
        for image in some:
            name = hashlib.sha256(image + place.encode()).hexdigest()  # the order is another one, too
            (tmp_path / place / "port" / f"{name}.png").write_bytes(image)
        ingest(
            folders(str(tmp_path / place)), IngestConfig(output=str(tmp_path / f"{place}-out"), source=source)
        )
    one, two = (
        {s.sample_id: s.annotation.split for s in samples(tmp_path / f"{place}-out").values()}
        for place in ("one", "two")
    )
    assert all(two[sample_id] == split for sample_id, split in one.items() if sample_id in two)
    found = list((one | two).values())
    assert len(found) == 1000
    for name, share in shares.items():
        assert abs(found.count(name) - 1000 * share) < 60  # four standard deviations


def test_a_split_that_the_annotation_names_stays(tmp_path: Path) -> None:
    lines = {"image": "a.png", "split": "val"}
    ingest_lines(tmp_path, lines, source=SourceConfig(splits={"train": 1}))
    assert samples(tmp_path / "out")["a.png"].annotation.split == "val"


def test_a_wrong_source_names_what_is_right(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="there is no source preset 'dta': did you mean 'dota'"):
        load_source("dta")
    path = tmp_path / "mine.yaml"
    path.write_text("licens: MIT\n")
    with pytest.raises(RecipeError, match="unknown key 'licens': did you mean 'licence'"):
        load_source(str(path))
    path.write_text("splits: {train: 0.8, test: 0.1}\n")
    with pytest.raises(RecipeError, match=r"the shares of splits add up to 0\.9: expected 1"):
        load_source(str(path))
    path.write_text("rename: {Ship: ship}\nvocabulary: {boat: {}}\n")
    with pytest.raises(RecipeError, match="'ship' is a target of rename"):
        load_source(str(path))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_a_killed_job_run_again_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        (tmp_path / "in" / "port").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / "port" / f"{number}.png").write_bytes(picture(colour=(number, 0, 0)))
    (tmp_path / "in" / "port" / "3.png").write_bytes(b"none")

    def run(output: str) -> IngestSummary:
        listing = folders(str(tmp_path / "in"))
        return ingest(listing, IngestConfig(output=str(tmp_path / output), shard_size=2, name="train"))

    assert run("whole") == IngestSummary(kept=6, rejected={"not_an_image": 1}, shards=3)
    create = Storage.create

    def dies(self: Storage, name: str, data: bytes) -> bool:
        if name == "train-000001.tar":
            raise KeyboardInterrupt
        return create(self, name, data)

    monkeypatch.setattr(Storage, "create", dies)
    with pytest.raises(KeyboardInterrupt):
        run("killed")
    monkeypatch.undo()
    assert not (tmp_path / "killed" / "index.parquet").exists()
    assert not run("killed").nothing_to_do
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
    again = run("whole")
    assert again.nothing_to_do
    assert str(again) == "nothing to do: 7 in, 6 kept in 3 shards; rejected: 1 not_an_image"
    index = pq.read_table(tmp_path / "whole" / "index.parquet").to_pylist()
    assert [(row["shard"], row["samples"]) for row in index] == [(f"train-00000{i}", 2) for i in range(3)]
    for row in index:
        data = (tmp_path / "whole" / f"{row['shard']}.tar").read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert require_verified(str(tmp_path)) == f"{tmp_path}: 6 shards as index.parquet tells"  # both folders
    first, second, third = (tmp_path / "whole" / f"train-00000{i}.tar" for i in range(3))
    second.write_bytes(second.read_bytes()[:-1024])
    third.unlink()
    before = first.stat().st_ino
    (tmp_path / "whole" / "more.tar").write_bytes(b"")
    with pytest.raises(InputError) as told:
        require_verified(str(tmp_path / "whole"))
    assert "of 4 shards" in str(told.value)
    assert "3 are not as index.parquet tells" in str(told.value)
    mend = "delete it and run the same `mpgi ingest` again"
    for line in (
        f"train-000001.tar holds 9,216 bytes, its index.parquet tells 10,240: {mend}",
        "train-000002.tar is missing: run the same `mpgi ingest` again",
        "more.tar is not named by the index.parquet beside it: move it away",
    ):
        assert f"\n  {line}" in str(told.value)
    (tmp_path / "whole" / "more.tar").unlink()
    with pytest.raises(InputError, match=r"train-000001\.tar is damaged: it holds 9216 bytes, its index"):
        find_shards(str(tmp_path / "whole"))
    assert not run("whole").nothing_to_do  # what is lost or damaged is written again, and nothing else
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
    assert first.stat().st_ino == before
    damaged = bytearray(first.read_bytes())
    damaged[600] ^= 1  # of the same size: only the hash tells
    first.write_bytes(damaged)
    assert run("whole").nothing_to_do
    assert main(["inspect", str(tmp_path / "whole"), "--verify"]) == 1
    with pytest.raises(InputError, match=r"1 are not as .*\n  train-000000\.tar has the sha256 "):
        require_verified(str(tmp_path / "whole"))
    first.unlink()
    run("whole")
    assert main(["inspect", str(tmp_path / "whole"), "--verify"]) == 0


def test_shards_of_an_interrupted_start_are_not_left_beside_those_of_the_index(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    ingest_lines(tmp_path, {"image": "a.png"})
    (out / "index.parquet").unlink()
    for name in ("shard-000001.tar", "shard-000001.tar.gz", "mine.tar"):
        (out / name).write_bytes(b"of an earlier start, or mine")
    ingest_lines(tmp_path, {"image": "a.png"})
    left = sorted(path.name for path in out.glob("*.tar*"))
    assert left == ["mine.tar", "shard-000000.tar", "shard-000001.tar.gz"]
    with pytest.raises(InputError, match=r"mine\.tar is not named by the index\.parquet beside it: move it"):
        find_shards(str(out))
    assert find_shards(str(out / "shard-000000.tar")).samples == {"shard-000000": 1}


def test_another_source_or_option_is_refused(tmp_path: Path) -> None:
    ingest_lines(tmp_path, {"image": "a.png"})
    with pytest.raises(OutputError, match=r"source was \{\}, is \{'gsd': 2\.0\}"):
        ingest_lines(tmp_path, {"image": "a.png"}, source=SourceConfig(gsd=2))
    with pytest.raises(OutputError, match="fingerprint was"):
        ingest_lines(tmp_path, {"image": "a.png", "scene": "port"})
    (tmp_path / "out" / "ingest.json").unlink()
    with pytest.raises(OutputError, match=r"holds shard-000000\.tar and no ingest\.json"):
        ingest_lines(tmp_path, {"image": "a.png"})


def test_a_shard_ends_before_it_outgrows_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpgi_ray.ingest.job.MAX_SHARD_BYTES", 2 * len(picture()))
    for name in "abcde":
        (tmp_path / f"{name}.png").write_bytes(picture())
    summary = ingest_lines(tmp_path, *({"image": f"{name}.png"} for name in "abcde"))
    assert (summary.kept, summary.shards) == (5, 3)


def test_things_that_no_text_will_tell_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    boxes = [{"label": "car", "bbox": [x, 0, x + side, side]} for x, side in ((0, 0.5), (5, 0.5), (9, 20))]
    ingest_lines(tmp_path, {"image": "a.png", "boxes": boxes})
    assert "2 of 3 objects are too small to be seen" in caplog.text
    assert "cut the pictures with --tile" in caplog.text


def test_names_and_texts_that_cannot_be_written_are_repaired_or_rows(tmp_path: Path) -> None:
    rows = [
        {"image": "a.png", "captions": ["A\x07 farm.\x00"], "scene": "\ufefffarm"},
        {"image": "a\0.png"},
        {"image": "\ud800.png"},
        {"image": "a.png", "captions": ["\ud83d"]},
        {"image": "a.png", "boxes": [{"label": "\ud83d", "bbox": [1, 1, 5, 5]}]},
    ]
    summary = ingest_lines(tmp_path, "\ufeff{}", *rows)
    assert (summary.kept, summary.rejected) == (1, {"bad_annotation": 5})
    note = samples(tmp_path / "out")["a.png"].annotation
    assert (note.captions, note.scene) == (("A  farm.",), ("farm",))
    wanted = [
        "image: Field required",
        "no file's name",
        "unicode",
        "captions.0: .*half",
        "label: .*half",
    ]
    for (_, _, detail), says in zip(rejected(tmp_path / "out"), wanted, strict=True):
        assert re.search(says, detail), detail


def test_files_whose_names_are_not_utf_8(tmp_path: Path) -> None:
    for name in (b"farm/caf\xe9.png", b"farm/caf\xea.png", b"c\xff/b.png"):
        path = Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture())
    listing = folders(str(tmp_path / "in"))
    ingest(listing, IngestConfig(output=str(tmp_path / "out")))
    assert list(samples(tmp_path / "out")) == [r"farm/caf\xe9.png", r"farm/caf\xea.png"]
    assert [row[:2] for row in rejected(tmp_path / "out")] == [(r"c\xff/b.png", "bad_annotation")]
    assert sorted(listing.classes) == [r"c\xff", "farm"]
