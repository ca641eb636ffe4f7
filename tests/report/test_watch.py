"""The status of a caption job that runs, is killed and goes on to its end, by its output alone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mpgi_ray.data.caption_folder import RUN
from mpgi_ray.data.events import events_of
from mpgi_ray.data.storage import Storage
from mpgi_ray.report.activity import State
from mpgi_ray.report.kinds import Kind
from mpgi_ray.report.watch import Watched, watch
from support.build import write_shards

ROOT = Path(__file__).parents[2]
JOB = """
import sys
from pathlib import Path
from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from support.metrics_job import Start
shards, out, sign = sys.argv[1:]
recipe = load_recipe("template", {"input.shards": shards, "output": out}, ["chunk_size=4"])
caption(recipe, connect=Start(Path(sign)))
"""


def done(told: Watched) -> int:
    return told.works[-1].done


@pytest.mark.slow  # two starts of Ray
def test_a_job_is_running_then_crashed_then_finished(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [6, 5])
    out, sign = tmp_path / "captions", tmp_path / "go"
    found = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    own = {"PYTHONPATH": found, "RAY_ADDRESS": "local", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    command = [sys.executable, "-c", JOB, *map(str, (tmp_path / "shards", out, sign))]
    job = subprocess.Popen(command, env=os.environ | own, stderr=subprocess.PIPE, text=True)
    try:
        # its engine answers for one chunk, then waits for the sign
        while not (out / RUN).exists() or done(watch(str(out), Kind.CAPTIONS)) == 0:
            assert job.poll() is None, job.stderr and job.stderr.read()
            threading.Event().wait(0.2)
        running = watch(str(out), Kind.CAPTIONS)
    finally:
        job.kill()
        said = job.communicate()[1]
    assert "waiting for Ray to start" in said
    assert "waiting for the template engine to load" in said
    assert " of 2 replicas ready" in said
    assert running.state is State.RUNNING
    assert (done(running), running.works[-1].left) == (1, 3)
    assert running.last_name.startswith("integrated/")
    assert f"process {job.pid}" in running.holder
    crashed = watch(str(out), Kind.CAPTIONS)
    assert crashed.state is State.CRASHED
    assert crashed.lines()[0].startswith(f"{out}: a caption folder, crashed: last activity ")
    assert crashed.lines()[0].endswith(" ago, lease stale")
    sign.touch()
    ended = subprocess.run(command, env=os.environ | own, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    finished = watch(str(out), Kind.CAPTIONS)
    assert finished.state is State.FINISHED
    assert (done(finished), finished.works[-1].left, finished.holder) == (4, 0, "")
    assert finished.rejects is not None
    assert (finished.rejects.number, finished.rejects.of) == (0, 11)
    killed, whole = events_of(Storage(str(out))).values()
    assert [event["event"] for event in killed] == ["started", "ray_ready", "pass"]
    assert [event["event"] for event in whole] == ["started", "ray_ready", "pass", "ended"]
    assert (whole[-1]["chunks"], whole[-1]["problem"]) == (3, "")
