"""Both stages in one process, without Ray: what becomes of odd samples and of changed settings."""

from __future__ import annotations

import asyncio
import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import count, groupby
from pathlib import Path

import pytest

from mpgi_ray import rules
from mpgi_ray.caption import facts as job_facts
from mpgi_ray.caption import stages as job_stages
from mpgi_ray.caption.chunks import read_chunks
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.run_json import open_run
from mpgi_ray.caption.todo import left_to_do
from mpgi_ray.data.caption import Caption, digest, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.sample import Annotation
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.stop_flag import StopFlag, Stopping
from mpgi_ray.engines.base import EngineError, Prompt, Reply
from mpgi_ray.engines.http.engine import HttpEngine
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.errors import OutputError
from mpgi_ray.rules import Facts
from support.build import noise, tar, write_shards
from support.caption_runs import recipe, rows, run_stages
from support.endpoint import Answer, Endpoint, Request, completion


class Speechless(TemplateEngine):
    """Gives no text at all for one sample's integration."""

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        replies = await super().reply(prompts)
        muted = prompts[0].name == "integrate" and prompts[0].facts.scenes == ("mute",)
        return [replace(reply, text=None) for reply in replies] if muted else replies


def test_a_sample_like_no_other_is_refused_in_either_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("airport", "odd", "mute", "beach")
    members = [((f"{n}.jpg", noise(i)), (f"{n}.cls", n.encode())) for i, n in enumerate(names)]
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(tar(*(m for pair in members for m in pair)))

    def gather(annotation: Annotation, **limits: int) -> Facts:
        if annotation.scene == ("odd",):
            raise ZeroDivisionError("no ground")
        return rules.gather(annotation, **limits)

    monkeypatch.setattr(job_facts, "gather", gather)
    run = recipe(tmp_path, "captions")
    shards, folder = find_shards(run.input.shards), CaptionFolder(run.output)
    open_run(folder, run, shards)
    run_stages(run, Speechless())
    made = rows(run)
    rejected = {c.key: c.why for c in made if c.status == "rejected"}
    assert rejected["odd"] == "rule_error: ZeroDivisionError: no ground"
    assert rejected["mute"].startswith("rule_error: AttributeError: ")
    good = Counter(c.key for c in made if c.status == "ok")
    assert good == {"airport": 6, "mute": 4, "beach": 6}
    assert len(made) == good.total() + len(rejected)
    assert not left_to_do(run, shards, folder, None)


def test_a_start_that_published_nothing_binds_no_other_recipe(tmp_path: Path) -> None:
    """Such as one of a model that needs GPUs, on a machine that has none."""
    write_shards(tmp_path / "shards", [3])
    two = recipe(tmp_path, "captions", chunk_size=2, generate=[{}, {"perspectives": ["scene"]}])
    run, other = recipe(tmp_path, "captions"), recipe(tmp_path, "captions", chunk_size=3)
    shards = find_shards(run.input.shards)
    open_run(CaptionFolder(run.output), two, shards)
    open_run(folder := CaptionFolder(run.output), run, shards)
    assert folder.run_record()["recipe"] == run.model_dump(mode="json")
    run_stages(run, TemplateEngine(), merge=False)
    with pytest.raises(OutputError, match=r"made with other settings: chunk_size was "):
        open_run(CaptionFolder(run.output), other, shards)


def test_captions_are_not_laid_among_shards(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [3])
    run = recipe(tmp_path, "shards")
    with pytest.raises(OutputError, match=r"shards holds \S+\.tar and no run\.json: .*choose another"):
        open_run(CaptionFolder(run.output), run, find_shards(run.input.shards))


def test_stage_2_may_change_until_it_has_published_something(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [3])
    run = recipe(tmp_path, "captions")
    other = recipe(tmp_path, "captions", integrate={"sampling": {"temperature": 0.5}})
    shards, folder = find_shards(run.input.shards), CaptionFolder(run.output)
    open_run(folder, run, shards)
    run_stages(run, TemplateEngine(), merge=False)
    open_run(folder, other, shards)
    assert folder.run_record()["identity"]["integrate.sampling.temperature"] == 0.5
    open_run(folder, run, shards)
    run_stages(run, TemplateEngine())
    with pytest.raises(OutputError, match=r"made with other settings: integrate\.sampling"):
        open_run(folder, other, shards)


class Mortal(TemplateEngine):
    """Answers so many prompts, each time with another text, and then fails for good."""

    def __init__(self, lives: int = 10**9) -> None:
        super().__init__()
        self.lives, self.asked = lives, 0

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        answered: list[Reply | None] = []
        for prompt in prompts:
            if self.asked == self.lives:
                answered.append(None)
                continue
            self.asked += 1
            (reply,) = await super().reply([prompt])
            varied = reply.text.replace('"short": "', f'"short": "{self.asked} ')
            answered.append(replace(reply, text=varied if prompt.schema else f"{reply.text} {self.asked}."))
        if None in answered:
            raise EngineError("it is gone", answered)
        return [reply for reply in answered if reply]


@pytest.mark.parametrize("lives", [0, 1, 5, 11, 13])
def test_what_was_answered_before_an_engine_failed_is_not_asked_again(tmp_path: Path, lives: int) -> None:
    write_shards(tmp_path / "shards", [3])  # three images of four perspectives, and an integration each
    run = recipe(tmp_path, "captions", chunk_size=2)
    open_run(CaptionFolder(run.output), run, find_shards(run.input.shards))
    first, second = Mortal(lives), Mortal()
    with pytest.raises(EngineError, match="it is gone"):
        run_stages(run, first)
    kept = {c.caption_id: c.text for c in rows(run)}
    run_stages(run, second)
    assert first.asked + second.asked == 15
    made = {c.caption_id: c.text for c in rows(run)}
    assert len(made) == 18
    assert made.items() >= kept.items()


def test_of_two_drivers_the_later_works_on_what_the_first_published(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [3])
    run = recipe(tmp_path, "captions")
    shards, folder = find_shards(run.input.shards), CaptionFolder(run.output)
    templates = open_run(folder, run, shards).templates
    (task,) = left_to_do(run, shards, folder, None)
    (row,) = read_chunks(task)

    async def race() -> list[Caption]:
        engines = [Mortal(), Mortal(), Mortal()]
        works = [pickle.loads(row["work"]) for _ in engines]
        described = await asyncio.gather(
            *(
                job_stages.Describe(run, templates, 0, engine, 1, lambda _: None).chunk(work)
                for engine, work in zip(engines, works, strict=True)
            )
        )
        merged = await asyncio.gather(
            *(
                job_stages.Merge(run, templates, engine, 1, lambda _: None).chunk(work)
                for engine, work in zip(engines, reversed(described), strict=True)
            )
        )
        assert len({tuple((c.caption_id, c.text) for c in work.perspectives) for work in merged}) == 1
        return list(merged[0].perspectives)

    made = asyncio.run(race())
    assert sorted(made, key=id_of) == sorted(rows(run), key=id_of)
    chunk = pickle.loads(row["work"]).chunk
    stage1, stage2 = folder.stage1[0].full.read(chunk), folder.stage2.full.read(chunk)
    assert stage1 is not None
    assert stage2 is not None
    texts = groupby(sorted(from_table(stage1.rows), key=lambda c: c.index), key=lambda c: c.index)
    assert stage2.sources == {index: digest(group) for index, group in texts}


def id_of(caption: Caption) -> str:
    return caption.caption_id


SEEN = "The image shows a river that bends between green fields, and a narrow road crosses it on a bridge."


@pytest.mark.parametrize("answers", [1, 150, 437])
def test_an_endpoint_that_dies_for_good_costs_no_answer(tmp_path: Path, answers: int) -> None:
    """Of 480 questions so many are answered, the others never; then another endpoint answers."""
    write_shards(tmp_path / "shards", [120])
    run = recipe(tmp_path, "captions", chunk_size=50)
    open_run(CaptionFolder(run.output), run, find_shards(run.input.shards))
    given = count()

    def dying(request: Request) -> Answer:
        return completion(SEEN) if next(given) < answers else Answer(reset=True)

    with Endpoint(dying) as first, pytest.raises(EngineError, match="does not answer"):
        described_by(run, first.url)
    assert described(run) == {"ok": answers}
    with Endpoint(lambda _: completion(SEEN)) as second:
        described_by(run, second.url)
    assert len(second.requests) == 480 - answers
    assert described(run) == {"ok": 480}


def described(run: Recipe) -> Counter[str]:
    """What is published of stage 1, whole chunks and pieces, by status."""
    (stage,) = CaptionFolder(run.output).stage1
    parts = [stage.read(chunk) for chunk in stage.full.done() | stage.pilot.done()]
    return Counter(c.status for part in parts if part for c in from_table(part.rows))


def described_by(run: Recipe, url: str) -> None:
    async def at_once(_: float) -> None:
        """Waits between tries are not waited for."""

    engine = HttpEngine(HttpSettings(kind="http", model="m", url=url, tries=2), sleep=at_once)
    try:
        run_stages(run, engine, merge=False, at_once=8)
    finally:
        engine.close()


def test_a_run_that_is_stopped_publishes_what_was_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpgi_ray.data.stop_flag._LOOKS", 0.0)
    write_shards(tmp_path / "shards", [6])
    run = recipe(tmp_path, "captions", chunk_size=6)
    folder = CaptionFolder(run.output)
    open_run(folder, run, find_shards(run.input.shards))

    class Asked(Mortal):
        """The stop comes while the second image is described."""

        async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
            if self.asked == 4:
                StopFlag(folder.storage).set()
            return await super().reply(prompts)

    first, second = Asked(), Mortal()
    with pytest.raises(Stopping):
        run_stages(run, first, at_once=1)
    assert first.asked == 8
    assert described(run) == {"ok": 8}
    StopFlag(folder.storage).clear()
    run_stages(run, second)
    assert second.asked == 30 - 8
