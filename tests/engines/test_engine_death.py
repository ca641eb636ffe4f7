"""A real engine that dies in the middle of a caption job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mpgi_ray.caption.job import caption
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.connect import connect
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.template.settings import TemplateSettings
from mpgi_ray.engines.vllm.settings import VllmSettings
from support.build import write_shards
from support.caption_runs import recipe, rows
from support.engines_fixtures import bounded, tiny_config

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("ray_cluster"), pytest.mark.timeout(600)]


class Poisoned:
    """A real engine in a replica; one sample kills its process whenever it is asked about."""

    kind = "vllm"
    trusted = True

    def __init__(self, config: EngineSettings, poison: str, log: Path) -> None:
        assert isinstance(config, VllmSettings)
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
        replies = await self.engine.reply([bounded(prompt) for prompt in prompts])
        return [replace(reply, finish_reason="stop") if not reply.fault else reply for reply in replies]

    def close(self) -> None:
        self.engine.close()


class Poison:
    def __init__(self, poison: str, log: Path) -> None:
        self.poison, self.log = poison, log

    def __call__(self, config: EngineSettings) -> Engine:
        if isinstance(config, TemplateSettings):
            return connect(config)
        return Poisoned(config, self.poison, self.log)


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
    generate = {"engine": tiny_config(tiny_mllm).model_dump() | {"cpus": 0.2, "images_in_flight": 8}}
    run = recipe(tmp_path, "killed", generate=generate, max_reject_rate=0.2)
    log = tmp_path / "starts.txt"
    outcome = caption(run, connect=Poison(ids[5], log))
    made = [c for c in rows(run) if c.reason != "empty"]  # random weights may answer with spaces
    failed = {
        (c.sample_id, c.status, c.reason) for c in made if c.status != "ok" and c.stage == "perspective"
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
