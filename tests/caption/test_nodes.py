"""The caption job on several nodes, while one joins and one leaves."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import ray
from ray.cluster_utils import Cluster

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe, load_recipe
from mpgi_ray.data.caption import TIMINGS
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.connect import connect
from mpgi_ray.engines.settings import EngineSettings
from support.build import write_shards

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SAMPLES = 48
DRIVER = """
import sys
from pathlib import Path
import test_nodes as t
print(t.caption(t.recipe_of(Path(sys.argv[1]), "captions"), connect=t.Starts(Path(sys.argv[1]))))
"""
# each node but the head has room for one replica, and the head for the reading of shards
ONE_EACH = ["generate.engine.cpus=2", "generate.engine.replicas={min: 1, max: 3}", "integrate.engine.cpus=2"]


class Noted:
    """An engine that notes where it starts; the first one of stage 1 answers four times and no more."""

    def __init__(self, engine: Engine, starts: Starts) -> None:
        self.engine, self.answers = engine, 0
        self.kind, self.model, self.revision = engine.kind, engine.model, engine.revision
        self.trusted = engine.trusted
        self.starts, self.first = starts, not starts.nodes("perspectives")
        self.noted = False

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        stage = "integrated" if prompts[0].name == "integrate" else "perspectives"
        if not self.noted:
            self.first = self.first and stage == "perspectives"
            self.starts.note(stage)
            self.noted = True
        self.answers += 1
        if self.first and self.answers > 4:
            await asyncio.Event().wait()  # until its node is gone
        return await self.engine.reply(prompts)

    def close(self) -> None:
        self.engine.close()


class Starts:
    """Connects noted engines; `nodes` are those on which the engines of a stage got to work, in order."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "starts.jsonl"

    def __call__(self, settings: EngineSettings) -> Engine:
        return Noted(connect(settings), self)

    def note(self, stage: str) -> None:
        with self.log.open("a") as file:
            file.write(json.dumps([stage, ray.get_runtime_context().get_node_id()]) + "\n")

    def nodes(self, stage: str) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [node for of, node in map(json.loads, lines) if of == stage]


def recipe_of(folder: Path, output: str) -> Recipe:
    paths = {"input.shards": str(folder / "shards"), "output": str(folder / output)}
    return load_recipe("template", paths, ["chunk_size=2", *ONE_EACH])


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    here = Path(__file__).parent  # workers import the engine above
    found = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", found)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        yield cluster
    finally:
        cluster.shutdown()


def test_a_node_joins_and_one_leaves_and_nothing_is_lost_or_doubled(tmp_path: Path, cluster: Cluster) -> None:
    write_shards(tmp_path / "shards", [SAMPLES // 2] * 2)
    first, second = (cluster.add_node(num_cpus=2) for _ in range(2))
    cluster.wait_for_nodes()
    starts = Starts(tmp_path)
    driver = _start(tmp_path, cluster.address)
    _wait(driver, lambda: bool(starts.nodes("perspectives") and starts.nodes("integrated")))
    nodes = {node.node_id: node for node in (first, second)}
    describes, merges = starts.nodes("perspectives")[0], starts.nodes("integrated")[0]
    assert {describes, merges} == set(nodes)  # the pools lie on different nodes
    joined = cluster.add_node(num_cpus=2)
    _wait(driver, lambda: joined.node_id in starts.nodes("perspectives"))  # the pool has grown
    cluster.remove_node(nodes[describes], allow_graceful=False)  # with chunks that its replica works on
    told, errors = driver.communicate()
    assert driver.returncode == 0, errors
    assert f"samples={SAMPLES}" in told
    assert set(starts.nodes("perspectives")[1:]) == {joined.node_id}
    caption(recipe_of(tmp_path, "alone"))
    assert _records(tmp_path / "captions").equals(_records(tmp_path / "alone"))


def _start(folder: Path, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder)],
        env=os.environ | {"RAY_ADDRESS": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait(driver: subprocess.Popen[str], until: Callable[[], bool]) -> None:
    while not until():
        assert driver.poll() is None, driver.communicate()
        threading.Event().wait(0.05)


def _records(folder: Path) -> pa.Table:
    rows = pa.concat_tables(list(CaptionFolder(str(folder)).tables())).drop_columns(list(TIMINGS))
    return rows.sort_by([(name, "ascending") for name in ("shard", "index", "stage", "perspective")])
