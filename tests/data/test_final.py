"""Final shards that are whole, damaged or of another make: every job lists and reads them alike."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.cli.look import inspect
from mpgi_ray.curate import Curation, curate
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.final import Final, list_shards, read_records, short_id
from mpgi_ray.data.index import IndexRow, publish_index
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tar import read_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate import test_set as sets
from mpgi_ray.evaluate.config import EvaluateConfig
from mpgi_ray.evaluate.job import evaluate
from mpgi_ray.report.shard_view import count_samples, show_shard
from mpgi_ray.train.scan import scan
from support.build import noise, picture, tar
from support.caption_rows import begin

TEXTS = {"objects": "One ship.", "short": "A harbour with one ship."}


def final(number: int) -> tuple[str, dict[str, bytes]]:
    sample = Sample(
        f"k{number}", number, noise(number), "jpg", Annotation(width=32, height=32, split="test"), "n"
    )
    captions = [
        Caption(caption_id=name, sample_id="", shard="s", index=number, key="k", stage="", text=text)
        for name, text in TEXTS.items()
    ]
    for caption, name in zip(captions, TEXTS, strict=True):
        caption.perspective = name
    return sample.sample_id[:24], Final.of("s", sample, captions, "short").fields()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished curation of three shards with four samples each."""
    storage = Storage(str(tmp_path / "final"))
    storage.publish_json("curate.json", {"seed": 0})
    rows = []
    for shard in range(3):
        data = write_members(final(4 * shard + n) for n in range(4))
        storage.publish(f"shard-{shard:06d}.tar", data)
        rows.append(IndexRow(f"shard-{shard:06d}", 4, len(data), ""))
    publish_index(storage, rows)
    return tmp_path / "final"


def learned(shards: str) -> set[str]:
    _, seen = scan(list_shards(shards), "test", {"objects": 1})
    return set(seen.samples)


def compared(shards: str) -> set[str]:
    return {short_id(record.sample_id) for record in sets.TestSet.read(shards, "test").records}


def captioned(shards: str) -> set[str]:
    """As source shards, which are captioned and curated anew."""
    found = find_shards(shards)
    found.require_all()
    entries = [entry for name in found.files for entry in read_shard(found.read(name), name)]
    return {short_id(entry.sample_id) for entry in entries}


@pytest.fixture
def says(tmp_path: Path) -> Callable[[str], str]:
    """The one thing that all jobs say of shards that they cannot take."""
    begin(CaptionFolder(str(tmp_path / "captions")))
    options = {"captions": str(tmp_path / "captions"), "output": str(tmp_path / "out"), "partial": True}
    jobs: list[Callable[[str], object]] = [
        learned,  # which is how training begins, within a Ray session
        lambda shards: evaluate(EvaluateConfig(models=("m",), shards=shards, output=str(tmp_path))),
        lambda shards: curate(Curation(shards=shards, **options)),
        inspect,
    ]

    def say(shards: str) -> str:
        answers = set()
        for job in jobs:
            with pytest.raises(InputError) as error:
                job(shards)
            answers.add(str(error.value))
        (answer,) = answers
        return answer

    return say


def test_every_job_reads_alike_what_another_program_packed(folder: Path) -> None:
    place = str(folder)
    known = learned(place)
    assert len(known) == 12
    zipped, mixed = other_make(folder)
    for spec in (place, f"{place}/*", f"{place}/shard-00000{{0.tar.gz,1.tar,2.tar}}"):
        assert learned(spec) == compared(spec) == captioned(spec) == known
        assert sum(count_samples(spec).values()) == 12
    assert [len(show_shard(str(shard))) for shard in (zipped, mixed)] == [4, 4]
    assert all(record.texts == TEXTS and record.image for record in read_records(list_shards(place)))


def other_make(folder: Path) -> tuple[Path, Path]:
    """One shard zipped, in place of the one that the index lists, and one with its members in any order."""
    plain, mixed = folder / "shard-000000.tar", folder / "shard-000001.tar"
    zipped = plain.with_suffix(".tar.gz")
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    members = [(m.name, m.data) for m in read_members(mixed.read_bytes(), mixed.name)]
    random.Random(1).shuffle(members)
    mixed.write_bytes(tar(*members))
    return zipped, mixed


def test_every_job_says_the_same_of_a_shard_that_is_missing(folder: Path, says: Callable[[str], str]) -> None:
    place = str(folder)
    other_make(folder)
    (folder / "shard-000002.tar").unlink()
    missing = f"1 shard is missing below {place}: shard-000002.tar; bring it back and run the same command"
    specs = place, f"{place}/*.tar*", f"{place}/shard-000002.tar"
    for spec in (*specs, f"{place}/shard-00000{{0.tar.gz,1.tar,2.tar}}"):
        assert says(spec).startswith(missing)
    (folder / "shard-000001.tar").unlink()
    assert says(place).startswith(f"2 shards are missing below {place}: shard-000001.tar, shard-000002.tar; ")


def test_every_job_says_the_same_of_a_shard_that_is_damaged_or_not_in_the_index(
    folder: Path, says: Callable[[str], str]
) -> None:
    shard = folder / "shard-000001.tar"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-512])
    fix = "run the same `mpgi curate` again"
    assert says(str(folder)).startswith(f"{shard} is damaged: it holds {len(whole) - 512} bytes, ")
    assert says(str(folder)).endswith(fix)
    shard.write_bytes(whole)
    (folder / "extra.tar").write_bytes(whole)
    assert says(f"{folder}/*.tar").startswith(f"{folder}/extra.tar is not named by the index.parquet beside")


def test_every_job_says_the_same_of_a_folder_that_is_not_finished(
    folder: Path, says: Callable[[str], str]
) -> None:
    place = str(folder)
    (folder / "index.parquet").unlink()
    unfinished = f"{place} is not finished: run the same `mpgi curate` again first"
    for spec in (place, f"{place}/*.tar", f"{place}/shard-000002.tar"):
        assert says(spec) == unfinished
    with pytest.raises(InputError, match=unfinished):
        list_shards([place])


def test_what_is_not_a_final_sample_is_named(tmp_path: Path) -> None:
    for number, fields in enumerate(({"jpg": b""}, {"json": b"{}"}, {"jpg": b"", "json": b'{"texts": {}}'})):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(write_members([("key", fields)]))
        with pytest.raises(InputError, match=rf"{number}\.tar/key is not a final sample"):
            list(read_records([str(path)], pictures=False))


def told(**fields: Any) -> bytes:
    note = {
        "mpgi": 1,
        "sample_id": "a" * 64,
        "texts": {"short": "A port."},
        "annotation": {"scene": ["port"]},
    }
    return json.dumps(note | fields).encode()


@pytest.mark.parametrize(
    ("note", "says"),
    [
        (b"", "Expecting value"),
        (b'{"a', "Unterminated string"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"null", "found None"),
        (b"{}", "sample_id: Field required"),
        (told(mpgi=2), "mpgi: .*found 2"),
        (told(sample_id=7), "sample_id: .*found 7"),
        (told(texts=["a"]), "texts: .*found"),
        (told(texts={"short": 7}), "texts.short: .*found 7"),
        (told(texts={"short": "\ud83d"}), "half of a character"),
        (told(annotation=None), "annotation: .*found None"),
        (told(annotation={"scene": 3}), "annotation.scene: .*found 3"),
        (told(annotation={"scene": [{}]}), "annotation.scene.0: "),
        (told(annotation={"objects": [{}]}), "annotation.objects.0.label: Field required"),
        (told(annotation={"objects": [{"label": [1]}]}), "annotation.objects.0.label: .*found"),
        (told(annotation={"objects": [{"label": "a"}]}), "annotation.objects.0.box: Field required"),
        (
            told(annotation={"objects": [{"label": "a", "box": ["1", 2, 3, 4]}]}),
            "objects.0.box.0: .*found '1'",
        ),
        (told(annotation={"vocabulary": ["ship"]}), "annotation.vocabulary: .*found"),
        (told(annotation={"captions": "abc"}), "annotation.captions: .*found 'abc'"),
        (told(annotation={"split": 3}), "annotation.split: .*found 3"),
    ],
)
def test_a_sample_that_is_no_final_one_is_one_line(tmp_path: Path, note: bytes, says: str) -> None:
    (tmp_path / "s.tar").write_bytes(tar(("a.jpg", picture()), ("a.json", note)))
    with pytest.raises(InputError, match=rf"s\.tar/a is not a final sample \(.*{says}") as caught:
        list(read_records(list_shards(tmp_path)))
    assert "\n" not in str(caught.value)
