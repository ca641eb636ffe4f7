"""What a start of the caption job does about published parts that are not what they say they are."""

from __future__ import annotations

import asyncio
import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mpgi_ray.caption import stages
from mpgi_ray.caption.chunks import read_chunks
from mpgi_ray.caption.mended import mended
from mpgi_ray.caption.outcome import Outcome, concluded
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.run_json import open_run
from mpgi_ray.caption.stages import described_work
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.caption.todo import left_to_do
from mpgi_ray.data import ledger
from mpgi_ray.data.caption import digests_of, from_table, to_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.caption_metrics import metrics
from mpgi_ray.data.index import IndexRow, publish_index
from mpgi_ray.data.ledger import LEDGER, figures_of, survey
from mpgi_ray.data.parts import ChunkId, Parts
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.storage import Storage
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.errors import InputError
from support.build import write_shards
from support.caption_runs import recipe, rows

FIRST, SECOND = ChunkId("s0", 0, 2), ChunkId("s0", 1, 2)


def work_off(run: Recipe, *, merge: bool = True) -> None:
    """Caption what is left to do, by two models for stage 1."""
    folder, templates, engine = CaptionFolder(run.output), read_templates(run), TemplateEngine()

    async def chunks() -> None:
        for task in left_to_do(run, find_shards(run.input.shards), folder, None):
            for row in read_chunks(task):
                work = pickle.loads(row["work"])
                for place in range(2):
                    work = await stages.Describe(run, templates, place, engine, 2, lambda _: None).chunk(work)
                if merge:
                    await stages.Merge(run, templates, engine, 2, lambda _: None).chunk(work)

    asyncio.run(chunks())


@pytest.fixture
def run(tmp_path: Path) -> Recipe:
    write_shards(tmp_path / "shards", [6])
    models = [{"perspectives": ["objects", "layout"]}, {"perspectives": ["scene", "attributes"]}]
    run = recipe(tmp_path, "captions", generate=models)
    open_run(CaptionFolder(run.output), run, find_shards(run.input.shards))
    return run


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def of_another_chunk(file: Path) -> None:
    file.write_bytes(file.with_name(SECOND.file_name).read_bytes())


def with_other_texts(file: Path) -> None:
    parts = Parts(Storage(str(file.parent)))
    part = parts.read(FIRST)
    assert part is not None
    parts.remove(FIRST)
    table = to_table([replace(row, text=f"{row.text} Indeed.") for row in from_table(part.rows)])
    parts.publish(FIRST, replace(part, rows=table, digests=digests_of(from_table(table))))


STAGE1, STAGE1B, STAGE2 = (
    f"{name}/{FIRST.file_name}" for name in ("perspectives", "perspectives-2", "integrated")
)


@pytest.mark.parametrize(
    ("name", "harm", "gone", "said"),
    [
        (STAGE2, truncated, [STAGE2], "is not a whole Parquet file"),
        (STAGE1, truncated, [STAGE1, STAGE2], "its texts of stage 1 are missing or damaged"),
        (STAGE1B, Path.unlink, [STAGE1B, STAGE2], "its texts of stage 1 are missing or damaged"),
        (STAGE1B, of_another_chunk, [STAGE1B, STAGE2], "holds the captions of s0-00001-of-00002"),
        (STAGE1B, with_other_texts, [STAGE2], "4 of its samples were made from other texts of stage 1"),
    ],
)
def test_a_part_that_cannot_be_used_is_named_and_made_again(
    run: Recipe,
    name: str,
    harm: Callable[[Path], None],
    gone: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work_off(run)
    folder, before = CaptionFolder(run.output), rows(run)
    mended(folder)
    assert not capsys.readouterr().err
    whole = set(folder.storage.list(".parquet"))
    harm(Path(run.output) / name)
    mended(folder)
    assert whole - set(folder.storage.list(".parquet")) == set(gone)
    told = capsys.readouterr().err
    assert said in told
    assert all(name in told for name in {*gone} - {STAGE1B})
    (task,) = left_to_do(run, find_shards(run.input.shards), folder, None)
    assert task.done == {SECOND.index}
    work_off(run)
    mended(folder)
    assert not capsys.readouterr().err
    if harm is not with_other_texts:  # those are a whole part, and stay
        assert [replace(row, seconds=0) for row in rows(run)] == [replace(row, seconds=0) for row in before]


def test_a_file_that_cannot_be_read_is_not_taken_for_a_damaged_one(run: Recipe) -> None:
    work_off(run)
    file = Path(run.output) / STAGE2
    file.unlink()
    file.mkdir()
    (file / "x.parquet").symlink_to("x.parquet")
    with pytest.raises(InputError, match="cannot list"):
        mended(CaptionFolder(run.output))


def test_files_that_the_ledger_knows_are_not_opened(run: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    work_off(run)
    folder = CaptionFolder(run.output)
    found = concluded(folder, Outcome(samples=6, new=6, seconds=1.0), None)
    assert (found.read, sum(entry.samples for entry in found.merged())) == (2, 6)
    told = folder.storage.read_json("metrics.json")
    monkeypatch.setattr(ledger, "_look", lambda *_: pytest.fail("a part was opened"))
    again = survey(CaptionFolder(run.output))
    assert (again.read, again.entries) == (0, found.entries)
    assert metrics(figures_of(again.merged()), folder.log()) == told
    monkeypatch.undo()
    for harm in (truncated, Path.unlink):
        harm(Path(run.output) / LEDGER)
        assert survey(folder).entries == found.entries
    (Path(run.output) / STAGE2).touch()  # another time: perhaps another content
    concluded(folder, Outcome(), None)
    assert survey(folder).read == 0


@pytest.mark.parametrize("samples", [6, 9])
def test_a_shard_that_changed_between_the_phases_is_refused(
    run: Recipe, tmp_path: Path, samples: int
) -> None:
    work_off(run, merge=False)
    folder = CaptionFolder(run.output)
    write_shards(tmp_path / "shards", [samples + 1])
    (task,) = left_to_do(run, find_shards(run.input.shards), folder, None)
    (first, *_) = read_chunks(task)
    with pytest.raises(InputError, match="shard s0 changed after its images were described: put the old"):
        described_work(pickle.loads(first["work"]), run)
    assert not folder.integrated.done()


def test_a_shard_of_the_right_size_and_other_bytes_is_not_captioned(run: Recipe) -> None:
    shards = find_shards(run.input.shards)
    data = bytearray(shards.read("s0"))
    told = IndexRow("s0", 6, len(data), hashlib.sha256(data).hexdigest())
    publish_index(shards.root, [told])
    tasks = left_to_do(run, find_shards(run.input.shards), CaptionFolder(run.output), None)
    assert not any(row["unreadable"] for task in tasks for row in read_chunks(task))
    data[600] ^= 1
    shards.root.publish("s0.tar", bytes(data))
    tasks = left_to_do(run, find_shards(run.input.shards), CaptionFolder(run.output), None)
    (row,) = (row for task in tasks for row in read_chunks(task))
    assert "s0.tar is damaged: its sha256 is not the one that its index.parquet tells" in row["unreadable"]
