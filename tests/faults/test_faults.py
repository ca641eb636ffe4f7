"""The harness on two jobs, and that it sees what it looks for; all jobs and faults are in `make faults`."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import ray

from mpgi_ray.caption.run_json import open_run
from mpgi_ray.data.caption import from_table, to_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.shard_list import find_shards
from support.build import write_shards
from support.caption_runs import recipe, run_stages
from support.fault_jobs import Fixture
from support.fault_runs import disturbed, hit_by, job_of, made
from support.faults import Fault
from support.sampling import Sampling


def test_an_ingest_that_meets_three_faults_ends_as_an_undisturbed_one() -> None:
    number = next(number for number in range(100) if job_of(0, number) == "ingest")
    assert hit_by([number], seed=0, cluster="local") == (3, 0)


KILLS = [
    [Fault("worker", 2, "before"), Fault("self", 5, "during"), Fault("kill", 7, "after")],
    [Fault("self", 2, "after"), Fault("worker", 4, "after"), Fault("stop", 6, "before")],
]


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.parametrize("starts", [KILLS[:1], pytest.param(KILLS, marks=pytest.mark.slow)])
def test_kills_on_one_cluster_lose_and_double_nothing(tmp_path: Path, starts: list[list[Fault]]) -> None:
    cluster = ray.get_runtime_context().gcs_address
    fixture, _ = made(tmp_path / "fixture", {"sampled"}, cluster)
    hits, wrong = disturbed(fixture, "sampled", starts, tmp_path / "run", random.Random(0), cluster)
    assert (hits, wrong) == (3 * len(starts), [])


def test_lost_foreign_and_left_files_are_seen(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [4])
    fixture, run = Fixture(tmp_path), recipe(tmp_path, "fused", chunk_size=2)
    folder, out = CaptionFolder(run.output), tmp_path / "fused"
    open_run(folder, run, find_shards(run.input.shards))
    run_stages(run, Sampling())
    assert not list(fixture.differences("sampled", out))

    chunk, (stage1,) = folder.chunks()[0], folder.stage1
    part = stage1.read(chunk)
    assert part is not None
    others = [replace(row, text=f"{row.text} And a pier.") for row in from_table(part.rows)]
    stage1.full.remove(chunk)
    stage1.full.publish(chunk, replace(part, rows=to_table(others)))
    (out / "lease.json").write_text("{}")
    (out / ".run.json.0123abcd.tmp").write_text("{")
    left, lease, foreign = fixture.differences("sampled", out)
    assert left.endswith("tmp was left")
    assert lease.endswith("lease.json was left")
    assert foreign.endswith("was integrated from other texts than are published")
