"""The metrics of a job on the endpoint of a Ray node, and the dashboard that shows them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mpgi_ray.runtime.grafana import dashboard
from mpgi_ray.runtime.metrics import JOBS, REWARD, table
from support.build import write_shards

ROOT = Path(__file__).parents[2]


def asked() -> list[str]:
    """All expressions of the dashboard."""
    return [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())]


def test_the_dashboard_asks_for_every_metric_and_for_no_other() -> None:
    defined = {metric.exported for job in JOBS.values() for metric in job}
    assert {re.search(r"ray_mpgi_\w+", text)[0] for text in asked()} == defined  # type: ignore[index]
    board = dashboard()
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in board["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(set(places)) == len(places)
    # in a process of its own: a Ray session of this one may print lines of its workers at any time
    command = [str(Path(sys.executable).with_name("mpgi")), "metrics", "--grafana"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(told) == board


def test_the_page_lists_the_metrics_as_they_are() -> None:
    assert "\n".join(table()) in (ROOT / "docs/watching.md").read_text()


@pytest.mark.slow  # a Ray of its own, and a training on it
def test_a_running_jobs_figures_and_all_that_the_dashboard_asks_for_are_on_the_endpoint(
    tmp_path: Path,
) -> None:
    write_shards(tmp_path / "shards", [6, 5])
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "support.metrics_job", str(tmp_path), str(port)]
    found = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    env = os.environ | {"PYTHONPATH": found, "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    running, ended = told["running"], told["ended"]
    assert 12 <= running["ray_mpgi_texts_total"] < told["rows"]
    assert running["ray_mpgi_chunks_begun_total"] > running["ray_mpgi_chunks_total"]
    assert ended["ray_mpgi_texts_total"] == told["rows"] == 66
    assert ended["ray_mpgi_samples_total"] == 22  # of each stage
    assert ended["ray_mpgi_shards_read_total"] == 2
    assert ended["ray_mpgi_bytes_read_total"] == sum(
        shard.stat().st_size for shard in (tmp_path / "shards").iterdir()
    )
    assert ended["ray_mpgi_engine_starts_total"] == 2
    assert ended["ray_mpgi_tokens_total"] == (7 + 2 + 3) * (11 * 4 + 11)  # four texts, then two in one reply
    assert ended["ray_mpgi_scored_shards_total"] == 2
    assert ended["ray_mpgi_train_steps_total"] == 3
    names = {re.search(r"ray_mpgi_\w+", text)[0] for text in asked()}  # type: ignore[index]
    names -= {metric.exported for metric in REWARD}  # see reward/test_reward_serve.py
    assert names <= set(told["seen"])
