"""Whose folder an output is; files of ours that are damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mpgi_ray.curate.summary import CurateSummary, read_summary
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.claim import Claim, claim
from mpgi_ray.data.index import INDEX, IndexRow, publish_index, read_index
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.models.model_folder import Seen, read_log, seen_by
from mpgi_ray.train.run_folder import open_run
from support.caption_rows import begin


def test_a_folder_is_new_then_continued_then_finished_and_never_another_job_s(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "out"))
    settings = {"seed": 0, "size": 10, "later": None}

    def ask(**changes: object) -> Claim:
        return claim(storage, "curate", settings | changes, last=("captions.csv", INDEX))

    assert ask() is Claim.NEW
    assert ask() is Claim.CONTINUED
    publish_index(storage, [IndexRow("a", 1, 3, ""), IndexRow("b", 0, 0, "")])
    storage.publish("captions.csv", b"")
    storage.publish("a.tar", b"abc")
    assert ask() is Claim.CONTINUED  # the index lists a shard that is gone
    storage.publish("b.tar", b"")
    assert ask() is Claim.FINISHED
    assert ask(new=None) is Claim.FINISHED  # a setting that an earlier version did not have
    with pytest.raises(OutputError, match="made with other settings: seed was 0, is 1; set it as it was"):
        ask(size=11, seed=1)
    storage.delete("curate.json")
    with pytest.raises(OutputError, match=r"holds a\.tar and no curate\.json: choose an empty folder"):
        ask()


def caption_run(folder: Path) -> object:
    return CaptionFolder(str(folder)).run_record()


def caption_log(folder: Path) -> object:
    return CaptionFolder(str(folder)).log()


def curation(folder: Path) -> object:
    return claim(Storage(str(folder)), "curate", {}, last=())


def part(folder: Path) -> object:
    return CaptionFolder(str(folder)).stage2.read(ChunkId("s", 0, 1))


def part_hash(folder: Path) -> object:
    return CaptionFolder(str(folder)).integrated.shard_sha256(ChunkId("s", 0, 1))


@pytest.mark.parametrize(
    ("name", "read", "said"),
    [
        ("run.json", caption_run, r"run\.json is not valid JSON"),
        ("log.jsonl", caption_log, r"log\.jsonl, line 1 is not valid JSON"),
        ("seen.json", lambda folder: seen_by(str(folder)), r"seen\.json is not valid JSON"),
        ("train.jsonl", lambda folder: read_log(str(folder)), r"train\.jsonl, line 1 is not valid JSON"),
        ("curate.json", curation, r"curate\.json is not valid JSON"),
        ("index.parquet", lambda folder: find_shards(str(folder)), r"index\.parquet is not a whole Parquet"),
        ("integrated/s-00000-of-00001.parquet", part, r"integrated/s-.* is not a whole Parquet file"),
        ("integrated/s-00000-of-00001.parquet", part_hash, r"integrated/s-.* is not a whole Parquet file"),
    ],
)
def test_a_damaged_file_is_one_error_that_names_it(
    name: str, read: Callable[[Path], Any], said: str, tmp_path: Path
) -> None:
    Storage(str(tmp_path)).publish(name, b'{"a": \xff\n{}\n')
    with pytest.raises(InputError, match=said):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "key", "read"),
    [
        *(("run.json", key, caption_run) for key in ("recipe", "stage1", "texts", "prompts", "shards")),
        ("seen.json", "classes", lambda folder: seen_by(str(folder))),
        ("summary.json", "kept", lambda folder: read_summary(Storage(str(folder)))),
    ],
)
def test_a_record_without_a_key_that_is_read_is_one_error_that_names_both(
    name: str, key: str, read: Callable[[Path], Any], tmp_path: Path
) -> None:
    storage = Storage(str(tmp_path))
    begin(CaptionFolder(storage.url))
    storage.publish_json("seen.json", asdict(Seen()))
    storage.publish_json("summary.json", CurateSummary(0, 0, {}, 0, 0, 0).record())
    read(tmp_path)
    whole = storage.read_json(name)
    for wrong in ({k: v for k, v in whole.items() if k != key}, whole | {key: [0]}):
        storage.publish_json(name, wrong)
        with pytest.raises(InputError, match=rf"{name} is damaged or not of `mpgi \w+` \({key}[.:]"):
            read(tmp_path)
    storage.publish_json(name, {})
    with pytest.raises(InputError, match=rf"{name} is damaged or not of `mpgi \w+` "):
        read(tmp_path)


def test_a_run_record_without_the_place_of_its_shards_is_named(tmp_path: Path) -> None:
    begin(CaptionFolder(str(tmp_path)), recipe={})
    with pytest.raises(InputError, match=r"\(recipe\.input: Field required\): restore it, or caption into"):
        caption_run(tmp_path)


def test_a_training_run_whose_record_holds_no_recipe_is_not_gone_on_with(tmp_path: Path) -> None:
    for wrong in ({}, {"recipe": []}):
        Storage(str(tmp_path)).publish_json("run.json", wrong)
        with pytest.raises(InputError, match=r"run\.json holds no recipe: restore it, or choose another"):
            open_run(str(tmp_path), {"lr": 1}, "", Seen(), 0)


def test_a_truncated_table_and_one_of_other_columns_are_named(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    publish_index(storage, [IndexRow("a", 1, 3, "")])
    whole = storage.read(INDEX)
    for end in (0, 4, len(whole) // 2, len(whole) - 1):
        storage.publish(INDEX, whole[:end])
        with pytest.raises(InputError, match=r"index\.parquet is not a whole Parquet file"):
            read_index(storage)
    storage.publish("integrated/s-00000-of-00001.parquet", whole)
    with pytest.raises(InputError, match=r"integrated/s-.*\.parquet does not hold captions"):
        part(tmp_path)
    publish_table(storage, INDEX, pa.table({"shard": ["a"]}))
    with pytest.raises(InputError, match=r"index\.parquet has no column samples"):
        read_index(storage)


def test_the_last_line_of_a_log_may_be_unfinished(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes(b'{"step": 1}\n{"step": 2, "lo')
    assert read_log(str(tmp_path)) == [{"step": 1}]


@pytest.mark.parametrize("name", ["open_clip_pytorch_model.bin", "steps/mine.txt", ".ray/mine.txt"])
def test_a_new_run_touches_nothing_that_lies_where_it_would_write(tmp_path: Path, name: str) -> None:
    storage = Storage(str(tmp_path))
    storage.publish(name, b"mine")
    with pytest.raises(OutputError, match=rf"holds {name} and no run\.json: choose an empty folder"):
        open_run(storage.url, {"lr": 1}, "train-1", Seen(), 0)
    assert storage.list("") == [name]
