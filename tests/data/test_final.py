"""Final shards that are whole, damaged or of another make: every job lists and reads them alike."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.data.caption import Caption
from mpgi_ray.data.final import Final, list_shards, read_records
from mpgi_ray.data.index import IndexRow, publish_index
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tar import read_members, write_members
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate import test_set as sets
from mpgi_ray.report.shard_view import count_samples
from mpgi_ray.train.source import scan
from support.build import noise, tar

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


def train(folder: str) -> set[str]:
    _, seen = scan(list_shards(folder), "test", {"objects": 1})
    return set(seen.samples)


def evaluate(folder: str) -> set[str]:
    return {record.sample_id[:16] for record in sets.TestSet.read(folder, "test").records}


def curate(folder: str) -> set[str]:
    """As source shards, which are captioned and curated anew."""
    shards = find_shards(folder)
    shards.require_all()
    entries = [entry for name in shards.files for entry in read_shard(shards.read(name), name)]
    return {entry.sample_id[:16] for entry in entries}


JOBS: dict[str, Callable[[str], Any]] = {
    "train": train,
    "evaluate": evaluate,
    "curate": curate,
    "inspect": count_samples,
}


def said(folder: str) -> Iterator[tuple[str, str]]:
    """What each job says is wrong."""
    for name, job in JOBS.items():
        with pytest.raises(InputError) as error:
            job(folder)
        yield name, str(error.value)


def same_answer(folder: str) -> str:
    """The one thing that all jobs say."""
    (answer,) = {answer for _, answer in said(folder)}
    return answer


def test_every_job_says_the_same_of_a_set_that_is_not_whole_or_of_another_make(folder: Path) -> None:
    place = str(folder)
    known = train(place)
    assert len(known) == 12

    zipped = folder / "shard-000000.tar"  # stands in place of the shard that the index lists
    zipped.with_suffix(".tar.gz").write_bytes(gzip.compress(zipped.read_bytes()))
    zipped.unlink()
    mixed = folder / "shard-000001.tar"
    members = read_members(mixed.read_bytes(), mixed.name)
    random.Random(1).shuffle(members)
    mixed.write_bytes(tar(*members))
    for spec in (place, f"{place}/*", f"{place}/shard-00000{{0.tar.gz,1.tar,2.tar}}"):
        assert train(spec) == evaluate(spec) == curate(spec) == known
        assert sum(count_samples(spec).values()) == 12
    assert all(record.texts == TEXTS and record.image for record in read_records(list_shards(place)))

    lost = folder / "shard-000002.tar"
    data = lost.read_bytes()
    lost.unlink()
    missing = f"1 of the shards are missing below {place}: shard-000002.tar; bring them back"
    for spec in (place, f"{place}/*.tar*", f"{place}/shard-00000{{0.tar.gz,1.tar,2.tar}}"):
        assert same_answer(spec).startswith(missing)

    lost.write_bytes(data)
    (folder / "index.parquet").unlink()
    unfinished = f"{place} is not finished: run the same `mpgi curate` again first"
    for spec in (place, f"{place}/*.tar", f"{place}/shard-000002.tar", [place]):
        with pytest.raises(InputError, match=unfinished):
            list_shards(spec)
    assert same_answer(place) == unfinished


def test_what_is_not_a_final_sample_is_named(tmp_path: Path) -> None:
    for number, fields in enumerate(({"jpg": b""}, {"json": b"{}"}, {"jpg": b"", "json": b'{"texts": {}}'})):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(write_members([("key", fields)]))
        with pytest.raises(InputError, match=rf"{number}\.tar/key is not a final sample"):
            list(read_records([str(path)], pictures=False))
