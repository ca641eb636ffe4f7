"""The whole job with real vLLM engines on tiny models: both stages, every placement, an engine that dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from build import write_shards
from engines_fixtures import HostedEngine, tiny_config

from mpgi_ray.data.caption import Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Engine, EngineError, Prompt, Reply
from mpgi_ray.engines.connect import check_picture, connect
from mpgi_ray.engines.settings import EngineConfig, TemplateEngineConfig, VllmEngineConfig
from mpgi_ray.integrate import parse_texts
from mpgi_ray.pipeline import caption
from mpgi_ray.recipe import Recipe

pytestmark = [pytest.mark.usefixtures("ray_cluster"), pytest.mark.timeout(600)]


def _bounded(prompt: Prompt) -> Prompt:
    """The prompt without what only the template engine reads, and with a reply of bounded length."""
    if prompt.schema is None:
        return replace(prompt, facts=None, sampling={"max_tokens": 12, "temperature": 0.0})
    texts = {name: {"type": "string", "maxLength": 60} for name in prompt.schema["required"]}
    schema = {**prompt.schema, "properties": texts}
    return replace(prompt, facts=None, sources={}, schema=schema, sampling={"max_tokens": 600})


class Host:
    """An actor with one engine for all runs of this file: a start takes longer than all the rest."""

    def __init__(self, config: VllmEngineConfig) -> None:
        self.engine = connect(config)

    def about(self) -> tuple[str, str]:
        return self.engine.model, self.engine.revision

    async def reply(self, prompts: list[Prompt]) -> list[Reply]:
        return await self.engine.reply(prompts)

    async def check(self) -> None:
        await check_picture(self.engine)

    def close(self) -> None:
        self.engine.close()


class Guest(HostedEngine):
    """A replica's engine that asks the host's. Random weights write no English: checks are left out."""

    trusted = True

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        replies = await super().reply([_bounded(prompt) for prompt in prompts])
        # prose of random weights ends only where it is cut
        return [
            reply if prompt.schema else replace(reply, finish_reason="stop")
            for prompt, reply in zip(prompts, replies, strict=True)
        ]


def recipe(folder: Path, output: str, **settings: object) -> Recipe:
    values = {"input": {"shards": str(folder / "shards")}, "output": str(folder / output), "chunk_size": 4}
    return Recipe.model_validate(values | settings)


def engine(path: Path, **settings: object) -> dict[str, object]:
    return {"engine": tiny_config(path).model_dump() | {"cpus": 0.2, "images_in_flight": 8, **settings}}


def rows(run: Recipe) -> list[Caption]:
    return [row for table in CaptionFolder(run.output).tables() for row in from_table(table)]


def known(run: Recipe) -> Counter[tuple[str, ...]]:
    """Ids, prompts and models of the records; ids of stage 1 alone, as stage 2's depend on wordings."""
    return Counter(
        (
            c.sample_id,
            c.stage,
            c.perspective,
            c.prompt_hash,
            c.model,
            c.caption_id * (c.stage == "perspective"),
        )
        for c in rows(run)
    )


def test_every_placement_writes_the_same_records(
    tmp_path: Path, hosts: dict[str, object], tiny_mllm: Path, tiny_llm: Path
) -> None:
    write_shards(tmp_path / "shards", [5, 4])
    reader, second = engine(tiny_llm), engine(tiny_mllm) | {"perspectives": ["scene"]}
    alone = recipe(tmp_path, "alone", generate=engine(tiny_mllm), integrate=reader)
    both = {"generate": [engine(tiny_mllm), second], "integrate": reader}
    fused, two = recipe(tmp_path, "fused", **both), recipe(tmp_path, "two", phases="two", **both)
    for run in (alone, fused, two):
        caption(run, connect=Guest)
    assert known(fused) == known(two)
    made, more = rows(alone), rows(fused)
    assert Counter(c.perspective for c in more) == Counter(c.perspective for c in made) + Counter(scene=9)
    stage1 = [c for c in made if c.stage == "perspective"]
    assert {c.caption_id for c in stage1} == {c.caption_id for c in more if c.stage == "perspective"}
    assert Counter(c.status for c in stage1) == {"ok": 36}
    assert all(c.text and c.completion_tokens for c in stage1)
    shared = Counter(c.sample_id for c in stage1 if c.cached_tokens)
    assert min(shared.values()) >= 2, "perspectives of an image share its prefix"
    merged = [parse_texts(c.raw, ["short", "long"]) for c in made if c.perspective == "short"]
    assert len(merged) == 9
    assert all(isinstance(texts, dict) for texts in merged), merged
    assert {c.model for c in made if c.stage == "integrated"} == {str(tiny_llm)}


def test_the_picture_reaches_a_multimodal_model_and_no_other(
    mllm_engine: HostedEngine, llm_engine: HostedEngine
) -> None:
    asyncio.run(check_picture(mllm_engine))
    with pytest.raises(EngineError, match=r"does not (answer|reach)"):
        asyncio.run(check_picture(llm_engine))


class Poisoned:
    """A real engine in a replica; one sample kills its process whenever it is asked about."""

    kind = "vllm"
    trusted = True

    def __init__(self, config: EngineConfig, poison: str, log: Path) -> None:
        assert isinstance(config, VllmEngineConfig)
        before = set(psutil.Process().children(recursive=True))
        self.engine = connect(config)
        self.own = set(psutil.Process().children(recursive=True)) - before
        self.model, self.revision, self.poison = config.model, self.engine.revision, poison
        with log.open("a") as file:
            file.write(" ".join(str(process.pid) for process in self.own) + "\n")

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        if prompts[0].seed == self.poison:
            for process in self.own:
                process.kill()
        replies = await self.engine.reply([_bounded(prompt) for prompt in prompts])
        return [replace(reply, finish_reason="stop") if not reply.error else reply for reply in replies]

    def close(self) -> None:
        self.engine.close()


class Poison:
    def __init__(self, poison: str, log: Path) -> None:
        self.poison, self.log = poison, log

    def __call__(self, config: EngineConfig) -> Engine:
        if isinstance(config, TemplateEngineConfig):
            return connect(config)
        return Poisoned(config, self.poison, self.log)


@pytest.mark.slow
def test_a_sample_that_kills_the_engine_is_set_aside_and_the_rest_is_done(
    tmp_path: Path, tiny_mllm: Path
) -> None:
    write_shards(tmp_path / "shards", [10])
    plain = recipe(tmp_path, "plain")
    caption(plain)
    ids = sorted(
        {c.sample_id for c in rows(plain)},
        key=lambda i: next(c.index for c in rows(plain) if c.sample_id == i),
    )
    run = recipe(tmp_path, "killed", generate=engine(tiny_mllm), max_reject_rate=0.2)
    log = tmp_path / "starts.txt"
    outcome = caption(run, connect=Poison(ids[5], log))
    made = rows(run)
    failed = {
        (c.sample_id, c.status, c.reason.partition(":")[0])
        for c in made
        if c.status != "ok" and c.stage == "perspective"
    }
    assert failed == {(ids[5], "failed", "engine_death")}
    assert Counter(c.status for c in made if c.stage == "perspective") == {"ok": 36, "failed": 4}
    assert outcome.samples == 10
    starts = [list(map(int, line.split())) for line in log.read_text().splitlines()]
    assert len(starts) == 3, "one start, and one after each of the two tries"
    _, alive = psutil.wait_procs(
        [psutil.Process(p) for pids in starts for p in pids if psutil.pid_exists(p)], timeout=60
    )
    assert not alive, "no engine process outlives its run"
