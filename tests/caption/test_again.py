"""Records that are asked for again, and those that are not because another run has them; without Ray."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.caption.plan import plan
from mpgi_ray.caption.plan.reused import Reused
from mpgi_ray.caption.retry import Retry, take_back
from mpgi_ray.caption.run_json import open_run
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.data.storage import Storage
from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.errors import InputError, RecipeError
from support.build import noise, tar, write_shards
from support.caption_runs import recipe, rows, run_stages

OLD = {"generate": {"perspectives": ["objects", "layout", "scene"]}}


class Writer(TemplateEngine):
    """Remembers what it is asked.

    Attributes:
        faults: by prompt and sample, how a reply cannot be used: ``empty`` or ``truncated``.
        once: only the first reply to a question has its fault.
        mark: stands at the end of every text.
    """

    def __init__(
        self, faults: dict[tuple[str, str], str] | None = None, *, once: bool = False, mark: str = ""
    ) -> None:
        super().__init__()
        self.faults, self.once, self.mark = dict(faults or {}), once, mark
        self.asked: list[tuple[str, str]] = []

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        replies = []
        for prompt, reply in zip(prompts, await super().reply(prompts), strict=True):
            asked = prompt.name, prompt.seed
            self.asked.append(asked)
            fault = self.faults.get(asked)
            if self.once:
                self.faults.pop(asked, None)
            text = reply.text if prompt.schema else reply.text + self.mark
            text, reason = ("", "stop") if fault == "empty" else (text, "length" if fault else "stop")
            replies.append(replace(reply, text=text, finish_reason=reason))
        return replies


def told(found: Sequence[Caption]) -> list[Caption]:
    """Without what no two runs share, in the order of the files."""
    return [replace(row, seconds=0.0) for row in found]


def samples(folder: Path) -> list[str]:
    """The ids of all samples, in order."""
    shards = find_shards(str(folder / "shards"))
    entries = [entry for name, file in shards.files.items() for entry in read_shard(shards.read(name), file)]
    return [entry.sample_id for entry in entries if isinstance(entry, Sample)]


def test_retry_asks_for_what_it_names_and_for_the_integrations_of_that_alone(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [6])
    good, run = recipe(tmp_path, "good"), recipe(tmp_path, "captions")
    shards, folder = find_shards(run.input.shards), CaptionFolder(run.output)
    first, second, third, *_ = ids = samples(tmp_path)
    faults = {("scene", first): "truncated", ("objects", third): "empty", ("integrate", second): "empty"}
    for each, engine in ((good, Writer()), (run, Writer(faults))):
        open_run(CaptionFolder(each.output), each, shards)
        run_stages(each, engine)
    before = told(rows(run))
    assert Counter(row.reason for row in before if row.status == "rejected") == {"truncated": 1, "empty": 3}

    assert take_back(Retry.parse("rejected:truncated"), folder, shards) == 1
    engine = Writer()
    run_stages(run, engine)
    assert engine.asked == [("scene", first), ("integrate", first)]
    after = told(rows(run))
    assert [row for row in after if row.sample_id != first] == [
        row for row in before if row.sample_id != first
    ]
    assert take_back(Retry.parse("rejected:truncated"), folder, shards) == 0
    assert take_back(Retry.parse("failed"), folder, shards) == 0

    assert take_back(Retry.parse("rejected"), folder, shards) == 3
    engine = Writer()
    run_stages(run, engine)
    assert sorted(engine.asked) == sorted([("objects", third), ("integrate", third), ("integrate", second)])
    assert told(rows(run)) == told(rows(good))
    assert {row.sample_id for row in rows(run)} == set(ids)


class Killed(Exception):
    """Stands for the end of the process."""


def mortal(monkeypatch: pytest.MonkeyPatch, lives: int) -> None:
    """After so many changes of the folder, the process ends before the next."""
    left = [None] * lives

    def guarded(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*given: Any) -> Any:
            if not left:
                raise Killed
            left.pop()
            return change(*given)

        return changed

    for name in ("publish", "create", "delete"):
        monkeypatch.setattr(Storage, name, guarded(getattr(Storage, name)))


def test_a_retry_that_is_cut_off_loses_nothing_and_is_done_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(tmp_path / "shards", [3])
    run = recipe(tmp_path, "made")
    shards = find_shards(run.input.shards)
    (first, *_) = samples(tmp_path)
    open_run(CaptionFolder(run.output), run, shards)
    run_stages(run, Writer({("scene", first): "empty"}))
    kept = [row for row in told(rows(run)) if row.sample_id != first]
    for lives in range(20):
        again = recipe(tmp_path, f"cut{lives}")
        shutil.copytree(run.output, again.output)
        mortal(monkeypatch, lives)
        ended = False
        with contextlib.suppress(Killed):
            ended = take_back(Retry("rejected"), CaptionFolder(again.output), shards) == 1
        monkeypatch.undo()
        assert [row for row in told(rows(again)) if row.sample_id != first] == kept
        take_back(Retry("rejected"), CaptionFolder(again.output), shards)
        engine = Writer()
        run_stages(again, engine)
        assert engine.asked == [("scene", first), ("integrate", first)]
        assert len({row.caption_id for row in rows(again)}) == len(rows(again)) == 3 * 6
        if ended:
            break
    assert ended
    assert lives > 3


def test_a_picture_that_cannot_be_used_is_tried_again_only_by_its_reason(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(tar(("a.jpg", b"none")))
    run = recipe(tmp_path, "captions")
    shards, folder = find_shards(run.input.shards), CaptionFolder(run.output)
    with pytest.raises(InputError, match=r"holds no run\.json"):
        take_back(Retry("rejected"), folder, shards)
    open_run(folder, run, shards)
    run_stages(run, Writer())
    assert take_back(Retry("rejected"), folder, shards) == 0
    assert take_back(Retry("rejected", "not_an_image"), folder, shards) == 1
    assert not rows(run)
    run_stages(run, Writer())
    assert [row.reason for row in rows(run)] == ["not_an_image"]
    for wrong in ("ok", "retried", "rejected:", "length"):
        with pytest.raises(RecipeError, match="expected failed or rejected"):
            Retry.parse(wrong)


def test_a_further_perspective_costs_one_call_a_sample_and_its_integration(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [5, 2])
    old = recipe(tmp_path, "old", **OLD)
    new = recipe(tmp_path, "new", chunk_size=3, reuse=old.output)
    same = recipe(tmp_path, "same", chunk_size=2, reuse=new.output)
    ids = samples(tmp_path)
    for run in (old, new, same):
        open_run(CaptionFolder(run.output), run, find_shards(run.input.shards))
    run_stages(old, Writer({("scene", ids[1]): "empty"}, once=True, mark=" Old."))
    engine = Writer()
    assert plan(new).reused == Reused(questions=3 * 5, answered=3 * 3)
    run_stages(new, engine)
    assert Counter(engine.asked) == Counter([(name, i) for i in ids for name in ("attributes", "integrate")])
    taken = [row for row in rows(new) if row.perspective in ("objects", "layout", "scene")]
    assert told(taken) == told([row for row in rows(old) if row.stage == "perspective"])
    assert [row.status for row in taken if row.sample_id == ids[1]] == ["ok", "ok", "retried", "ok"]
    assert all(row.text.endswith(" Old.") for row in taken if row.status == "ok")

    engine = Writer()
    assert plan(same).reused == Reused(questions=3 * 5, answered=3 * 5)
    run_stages(same, engine)
    assert engine.asked == []
    assert sorted(map(str, told(rows(same)))) == sorted(map(str, told(rows(new))))


def sample(seed: int) -> list[tuple[str, bytes]]:
    """The members of a sample as `write_shards` makes them."""
    return [("jpg", noise(seed)), ("cls", b"airport")]


@pytest.mark.parametrize("changed", ["revision", "settings", "picture"])
def test_another_question_is_asked(tmp_path: Path, changed: str) -> None:
    write_shards(tmp_path / "shards", [2])
    settings: dict[str, Any] = {"kind": "http", "url": "http://127.0.0.1:9/v1", "model": "m"}
    old = recipe(tmp_path, "old", generate={"engine": settings})
    open_run(CaptionFolder(old.output), old, find_shards(old.input.shards))
    run_stages(old, Writer())
    engine, asked = Writer(), 2 * 5
    if changed == "settings":
        settings["body"] = {"top_k": 5}
        asked = 2 * 4  # stage 2 is as it was, and gets the same texts
    if changed == "revision":
        engine.revision = "another"
    if changed == "picture":
        members = [(f"000{i}.{kind}", data) for i, seed in enumerate((0, 77)) for kind, data in sample(seed)]
        (tmp_path / "shards/s0.tar").write_bytes(tar(*members))
        asked = 5  # the first one is as it was
    new = recipe(tmp_path, "new", generate={"engine": settings}, reuse=old.output)
    open_run(CaptionFolder(new.output), new, find_shards(new.input.shards))
    run_stages(new, engine)
    assert len(engine.asked) == asked
