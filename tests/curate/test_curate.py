"""Curation: everything is accounted for, the order is global, every reader can read the result."""

from __future__ import annotations

import csv
import io
import json
import random
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.todo import Pilot
from mpgi_ray.config import parse
from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.select import read_choice
from mpgi_ray.data.final import list_shards
from mpgi_ray.data.place import bucket_of, place_of
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, OutputError, RecipeError, UnfinishedError
from mpgi_ray.ingest import IngestConfig, ingest, manifest
from mpgi_ray.train.scan import scan
from support.build import noise, picture, tar, write_shards
from support.caption_here import caption_here
from support.ingested import put

pytestmark = pytest.mark.usefixtures("ray_cluster")


def run(folder: Path, pilot: Pilot | None = None) -> str:
    output = str(folder / "captions")
    values = {
        "input": {"shards": str(folder / "shards")},
        "output": output,
        "chunk_size": 16,
        "max_reject_rate": 1,
    }
    caption_here(Recipe.model_validate(values), pilot)
    return output


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> str:
    """Captions of 25 pictures, which no test changes."""
    folder = tmp_path_factory.mktemp("captioned")
    write_shards(folder / "shards", [25])
    return run(folder)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def records(folder: Path) -> list[dict[str, bytes]]:
    """All samples of final shards, by a plain tar loop, in order."""
    samples: dict[str, dict[str, bytes]] = {}
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                key, _, suffix = member.name.partition(".")
                file = archive.extractfile(member)
                assert file is not None
                samples.setdefault(key, {})[suffix] = file.read()
    return list(samples.values())


def test_counts_add_up_and_every_reader_reads_the_result(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [30, 31])
    bad = tar(
        ("a.jpg", b""),
        ("b.jpg", noise(1, 64)[:-1500]),
        ("c.txt", b""),
        ("d.jpg", picture("red")),
    )
    (tmp_path / "shards/x.tar").write_bytes(bad)
    captions, out = run(tmp_path), tmp_path / "final"
    summary = curate(Curation(captions=captions, output=str(out), shard_size=20))
    assert summary.samples_in == 65
    assert summary.dropped == {"broken_image": 1, "empty_image": 1, "missing_image": 1}
    dropped = pq.read_table(out / "dropped.parquet").to_pylist()
    assert [tuple(row.values()) for row in dropped] == [
        ("x", 0, "a", "empty_image"),
        ("x", 1, "b", "broken_image"),
        ("x", 2, "c", "missing_image"),
    ]
    assert (summary.kept, summary.texts) == (62, 62 * 6)
    assert summary.shards == 4
    assert pq.read_table(out / "index.parquet")["samples"].to_pylist() == [
        len(records_of(path)) for path in sorted(out.glob("*.tar"))
    ]
    urls = [str(path) for path in sorted(out.glob("*.tar"))]
    seen = list(webdataset.WebDataset(urls, shardshuffle=False).decode("pil").to_tuple("jpg", "json", "txt"))
    assert len(seen) == 62
    assert all(record["texts"]["short"] == text and len(record["texts"]) == 6 for _, record, text in seen)
    with (out / "captions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 62 * 6
    names = {f"{path.stem}/{key}.jpg" for path in out.glob("*.tar") for key in records_of(path)}
    assert {row["filepath"] for row in rows} == names
    assert all(row["caption"] for row in rows)


def records_of(shard: Path) -> set[str]:
    with tarfile.open(shard) as archive:
        return {name.partition(".")[0] for name in archive.getnames()}


def test_the_same_bytes_twice_and_nothing_to_do_the_third_time(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [25, 20])
    captions = run(tmp_path)
    for name in ("one", "two"):
        curate(Curation(captions=captions, output=str(tmp_path / name), shard_size=10))
    files = sorted(
        path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()
    )
    assert [str(f) for f in files][:4] == ["README.md", "captions.csv", "card.json", "curate.json"]
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    assert curate(Curation(captions=captions, output=str(tmp_path / "one"), shard_size=10)).nothing_to_do
    with pytest.raises(OutputError, match="made with other settings: seed was 0, is 1"):
        curate(Curation(captions=captions, output=str(tmp_path / "one"), shard_size=10, seed=1))
    for part in (tmp_path / "captions").rglob("s1-*.parquet"):
        part.unlink()
    shard = tmp_path / "shards/s1.tar"
    shard.write_bytes(shard.read_bytes().replace(b"airport", b"seaport"))
    run(tmp_path)
    with pytest.raises(OutputError, match="made with other settings: captions was"):
        curate(Curation(captions=captions, output=str(tmp_path / "one"), shard_size=10))


class Killed(BaseException):
    """What ends a job without any of its own words."""


def killed(config: Curation, method: str, name: str) -> None:
    """A curation that ends where it would call this method of `Storage` with this name."""
    original = getattr(Storage, method)

    def fatal(self: Storage, called: str, *rest: Any) -> Any:
        if called == name:
            raise Killed
        return original(self, called, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, method, fatal)
        with pytest.raises(Killed):
            curate(config)


def content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize("gone", ["shard-000001.tar", "captions.csv", "index.parquet"])
def test_a_finished_job_whose_file_was_deleted_makes_it_again(
    tmp_path: Path, captioned: str, gone: str
) -> None:
    out = tmp_path / "final"
    config = Curation(captions=captioned, output=str(out), shard_size=10)
    summary, whole = curate(config), content(out)
    (out / gone).unlink()
    assert curate(config) == summary
    assert content(out) == whole


def test_a_job_killed_at_its_end_finishes_and_leaves_no_work_behind(tmp_path: Path, captioned: str) -> None:
    captions, out = captioned, tmp_path / "final"
    summary = curate(Curation(captions=captions, output=str(tmp_path / "whole"), shard_size=10))
    whole = content(tmp_path / "whole")
    config = Curation(captions=captions, output=str(out), shard_size=10)
    killed(config, "publish", "summary.json")
    (out / "shard-000000.tar").unlink()
    killed(config, "delete", "")  # between the summary and the end of the work
    assert content(out).items() > whole.items()
    assert curate(config) == replace(summary, nothing_to_do=True)
    assert content(out) == whole


def test_what_a_half_deleted_work_folder_says_is_done_is_not_believed(tmp_path: Path, captioned: str) -> None:
    out = tmp_path / "final"
    config = Curation(captions=captioned, output=str(out), shard_size=10)
    killed(config, "delete", "")
    whole = {name: data for name, data in content(out).items() if not name.startswith(".work")}
    for spill in (out / ".work").glob("*.run"):
        spill.unlink()
    (out / "shard-000000.tar").unlink()
    curate(config)
    assert content(out) == whole


def test_the_order_is_global_and_depends_on_the_seed(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [60, 60])  # source shards come class by class
    captions = run(tmp_path)
    orders = {}
    for seed in (0, 1):
        out = tmp_path / f"final{seed}"
        curate(Curation(captions=captions, output=str(out), shard_size=30, seed=seed))
        found = [json.loads(sample["json"]) for sample in records(out)]
        orders[seed] = [(r["shard"], r["index"]) for r in found]
        places = [place_of(r["sample_id"], seed) for r in found]
        assert places == sorted(places)
        assert 15 <= sum(shard == "s0" for shard, _ in orders[seed][:60]) <= 45
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_class_ordered_and_shuffled_sources_give_the_same_training_data(tmp_path: Path) -> None:
    members = [
        [(f"{name}{i:02d}.jpg", noise(100 * k + i)), (f"{name}{i:02d}.cls", name.encode())]
        for k, name in enumerate(("airport", "beach", "forest"))
        for i in range(20)
    ]
    sequences = []
    for order in ("ordered", "shuffled"):
        if order == "shuffled":
            random.Random(0).shuffle(members)
        folder = tmp_path / order
        (folder / "shards").mkdir(parents=True)
        for k in range(3):
            shard = tar(*(m for sample in members[20 * k : 20 * k + 20] for m in sample))
            (folder / f"shards/{k}.tar").write_bytes(shard)
        curate(Curation(captions=run(folder), output=str(folder / "final"), shard_size=15))
        sequences.append(
            [(s["jpg"], s["txt"], json.loads(s["json"])["texts"]) for s in records(folder / "final")]
        )
    assert sequences[0] == sequences[1]


def test_unusual_pictures_survive_as_8_bit_rgb(tmp_path: Path) -> None:
    ramp = np.linspace(100, 9000, 32 * 24).reshape(24, 32)
    rgb = Image.fromarray(np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8))
    jpeg = encoded(rgb, "JPEG")
    pictures = {
        "deep16.png": encoded(Image.fromarray(ramp.astype(np.uint16)), "PNG"),
        "deep16too.tif": encoded(Image.fromarray(ramp.astype(np.uint16) + 1), "TIFF"),
        "cmyk.jpg": encoded(rgb.convert("CMYK"), "JPEG"),
        "palette.png": encoded(rgb.quantize(16), "PNG"),
        "alpha.png": encoded(rgb.convert("RGBA"), "PNG"),
        "plain.jpeg": jpeg,
        "grey.png": encoded(rgb.convert("L"), "PNG"),
        "flat.tif": encoded(rgb, "TIFF"),
    }
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(tar(*pictures.items()))
    out = tmp_path / "final"
    summary = curate(Curation(captions=run(tmp_path), output=str(out)))
    assert (summary.samples_in, summary.kept) == (8, 8)
    for sample in records(out):
        record = json.loads(sample["json"])
        (suffix,) = sample.keys() - {"json", "txt"}
        image = Image.open(io.BytesIO(sample[suffix]))
        assert (image.mode, image.size) in (("RGB", (32, 24)), ("L", (32, 24)))
        source = record["name"]
        if source in ("plain", "grey") and "converted" not in record:
            assert sample[suffix] in (jpeg, pictures["grey.png"])  # untouched
        if source.startswith("deep"):
            grey = np.asarray(image.convert("L"), dtype=float).ravel()
            assert grey.std() > 60  # the ramp is still a ramp, not clipped to white
            assert (np.diff(grey) >= 0).all()


def test_unfinished_captions_are_refused_unless_asked_for(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [30, 20])
    captions = run(tmp_path, Pilot(20))
    with pytest.raises(InputError, match=r"2 of 2 shards are not fully captioned \(s0, s1\)"):
        curate(Curation(captions=captions, output=str(tmp_path / "final")))
    summary = curate(Curation(captions=captions, output=str(tmp_path / "final"), partial=True))
    assert (summary.samples_in, summary.kept, summary.dropped) == (50, 20, {"not_captioned": 30})


def test_an_unreadable_shard_is_named_and_the_others_are_published(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [12])
    (tmp_path / "shards/short.tar").write_bytes(tar(("a.jpg", picture()))[:600])
    with pytest.raises(UnfinishedError, match=r"short\.tar is cut off inside"):
        run(tmp_path)
    captions, out = str(tmp_path / "captions"), tmp_path / "final"
    with pytest.raises(InputError, match=r"1 of 2 shards are not fully captioned \(short\)"):
        curate(Curation(captions=captions, output=str(out)))
    summary = curate(Curation(captions=captions, output=str(out), partial=True))
    assert summary.unreadable_shards == ("short",)
    assert json.loads((out / "summary.json").read_text())["unreadable_shards"] == ["short"]
    assert (summary.samples_in, summary.kept, summary.dropped) == (12, 12, {})
    assert len(records(out)) == 12


def test_repeated_pictures_are_all_kept_under_keys_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    same = picture("#335577", (40, 40))
    for name in ("a", "b"):
        (tmp_path / f"shards/{name}.tar").write_bytes(
            tar(("1.jpg", same), ("2.jpg", same), ("3.jpg", picture("white")))
        )
    summary = curate(Curation(captions=run(tmp_path), output=str(tmp_path / "final"), shard_size=2))
    assert summary.kept == 6
    keys = Counter(key for path in (tmp_path / "final").glob("*.tar") for key in records_of(path))
    assert len(keys) == 6
    assert set(keys.values()) == {1}


@given(st.text(max_size=40), st.integers(0, 5), st.integers(1, 5000))
def test_buckets_cut_the_order_into_ranges(sample_id: str, seed: int, buckets: int) -> None:
    place = place_of(sample_id, seed)
    bucket = bucket_of(place, buckets)
    assert 0 <= bucket < buckets
    assert bucket * 2**64 // buckets <= place + 1
    assert place < (bucket + 1) * 2**64 / buckets * (1 + 1e-12)


def test_the_captions_of_an_earlier_version_give_the_same_final_shards(tmp_path: Path) -> None:
    before = Path(__file__).parents[1] / "fixtures/folders-0.1.0"
    parts = {"captions": str(before / "captions"), "shards": str(before / "shards"), "shard_size": 2}
    curate(Curation(output=str(tmp_path), **parts))
    for name in ("shard-000000.tar", "shard-000001.tar", "captions.csv"):
        assert (tmp_path / name).read_bytes() == (before / "final" / name).read_bytes()


def test_texts_are_chosen_and_peoples_captions_are_one_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = [
        (f"{i:02d}.{field}", data)
        for i in range(12)
        for field, data in (
            ("jpg", noise(i)),
            ("cls", b"hoverport"),
            ("txt", f"A hovercraft.\nPier {i}, seen from above.".encode()),
        )
    ]
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(tar(*members))
    captions, out = run(tmp_path), tmp_path / "final"
    assert 'texts say: a scene labelled "hoverport" (12 samples)' in capsys.readouterr().err
    everything = curate(Curation(captions=captions, output=str(tmp_path / "all")))
    assert everything.texts == 12 * 6  # in captions.csv: people's are learned only where they are named
    assert list(everything.telling) == [
        "objects",
        "layout",
        "scene",
        "attributes",
        "short",
        "long",
        "captions",
    ]
    config = Curation(captions=captions, output=str(out), texts=("long", "captions"))
    summary = curate(config)
    assert (summary.kept, summary.texts) == (12, 12 * 3)
    assert summary.telling == {name: everything.telling[name] for name in ("long", "captions")}
    assert (summary.telling["captions"].texts, summary.telling["captions"].own) == (24, 0.5)
    for sample in records(out):
        record = json.loads(sample["json"])
        assert record["texts"] == {"long": sample["txt"].decode()}
        assert len(record["annotation"]["captions"]) == 2
        assert [row["perspective"] for row in record["captions"]] == ["long"]
    assert curate(config) == replace(summary, nothing_to_do=True)
    with pytest.raises(OutputError, match="made with other settings: texts was"):
        curate(config.model_copy(update={"texts": ("long",)}))
    curate(Curation(captions=captions, output=str(tmp_path / "own"), texts=("long",)))
    assert all("captions" not in json.loads(s["json"])["annotation"] for s in records(tmp_path / "own"))
    people = curate(Curation(captions=captions, output=str(tmp_path / "people"), texts=("captions", "long")))
    assert (people.kept, people.texts) == (12, 12 * 3)
    assert {sample["txt"] for sample in records(tmp_path / "people")} == {b"A hovercraft."}
    for wrong, said in ((("lng",), "did you mean 'long'"), (("long", "long"), "expected names, each once")):
        with pytest.raises(RecipeError, match=said):
            curate(config.model_copy(update={"texts": wrong}))


@pytest.mark.parametrize("listed", [True, False])
def test_captions_that_came_with_shards_are_curated_alone(tmp_path: Path, listed: bool) -> None:
    told = {f"{i}.png": [f"Pier {i}, {i} boats.", "A pier, from above."] for i in range(9)} | {"none.png": []}
    shards, out = tmp_path / "shards", tmp_path / "final"
    if listed:  # our own, with an index
        put(tmp_path, {name: noise(i) for i, name in enumerate(told)})
        lines = (json.dumps({"image": name, "captions": texts}) for name, texts in told.items())
        put(tmp_path, {"m.jsonl": "\n".join(lines)})
        ingest(manifest(str(tmp_path / "m.jsonl")), IngestConfig(output=str(shards), shard_size=4))
        fields = ShardFields()
    else:  # those of another program, as RS5M has them
        parts = enumerate(told.items())
        members = [
            (f"{name[:-4]}.{field}", data)
            for i, (name, texts) in parts
            for field, data in (("img_content", noise(i)), ("caption", "\n".join(texts).encode()))
        ]
        put(tmp_path, {"shards/a.tar": tar(*members[:8]), "shards/b.tar": tar(*members[8:])})
        fields = ShardFields(image="img_content", captions="caption")
    config = Curation(shards=str(shards), output=str(out), fields=fields, shard_size=5)
    summary = curate(config)
    assert (summary.samples_in, summary.kept, summary.texts) == (10, 9, 18)
    assert summary.dropped == {"no_captions_text": 1}
    assert summary.telling["captions"].own == 0.5
    found = {sample["txt"].decode(): json.loads(sample["json"]) for sample in records(out)}
    assert found.keys() == {texts[0] for texts in told.values() if texts}
    for first, record in found.items():
        assert (record["texts"], record["captions"]) == ({}, [])
        assert record["annotation"]["captions"] == [first, "A pier, from above."]
    rows = list(csv.reader((out / "captions.csv").open()))[1:]
    assert sorted(text for _, text in rows) == sorted(text for texts in told.values() for text in texts)
    source, _ = scan(list_shards(out), None, {"captions": 1.0})  # which is how training begins
    assert (sum(source.counts), dict(source.texts)) == (9, {"captions": 1.0})
    assert curate(config) == replace(summary, nothing_to_do=True)
    asked = {"output": str(tmp_path / "few"), "filters": (read_choice("min_words:text=captions,words=5"),)}
    assert curate(config.model_copy(update=asked)).dropped["short_captions_text"] == 9


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "neither captions nor shards"),
        ({"shards": "s", "partial": True}, "partial is a setting of caption runs"),
        ({"captions": "c", "fields": {"image": "png"}}, "fields stand in the recipe of the caption run"),
    ],
)
def test_settings_that_do_not_go_together(values: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        parse(Curation, {"output": "o"} | values, "mpgi curate")
