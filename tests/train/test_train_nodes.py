"""Training over several nodes, one of which is lost in mid-run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from ray.cluster_utils import Cluster

from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.run_folder import newest
from mpgi_ray.train.tracking import read_log
from support.shapes import write_shapes

DRIVER = """
import sys
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.trainer import train
print(train(TrainConfig.model_validate_json(sys.argv[1])))
"""
OTHER = """
import sys, threading
import ray
ray.init(sys.argv[1], log_to_driver=False)
held = [ray.remote(num_cpus=2)(threading.Event).remote() for _ in range(2)]
ray.get([event.is_set.remote() for event in held])
print("held", flush=True)
threading.Event().wait()
"""


pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_workers_that_do_not_get_their_nodes_end_the_run(tmp_path: Path) -> None:
    shapes = write_shapes(tmp_path / "shapes", 40)
    large = TrainConfig(
        shards=str(shapes),
        output=str(tmp_path / "run"),
        texts={"objects": 1.0},
        steps=2,
        batch=32,
        workers=2,
        cpus=2,
        restarts=0,
        readers=1,
    )
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        for _ in range(3):
            cluster.add_node(num_cpus=2)
        cluster.wait_for_nodes()
        other = subprocess.Popen([sys.executable, "-c", OTHER, cluster.address], stdout=subprocess.PIPE)
        assert other.stdout
        assert other.stdout.readline()
        patience = {"RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "10"}
        driver = _start(large, {"RAY_ADDRESS": cluster.address} | patience)
        _, errors = driver.communicate()
        assert driver.returncode
        other.kill()
        other.communicate()
        assert "ResourceError: 2 workers that hold {'CPU': 2.0} each did not get to work" in errors
    finally:
        cluster.shutdown()


def test_a_lost_node_costs_nothing_but_time(tmp_path: Path) -> None:
    shapes = write_shapes(tmp_path / "shapes", 200)
    alone = TrainConfig(
        shards=str(shapes),
        output=str(tmp_path / "alone"),
        texts={"objects": 1.0, "layout": 1.0},
        context=32,
        model="small-coca",
        steps=24,
        batch=32,
        save_every=8,
        readers=1,
    )
    run = alone.model_copy(update={"output": str(tmp_path / "run"), "workers": 2, "cpus": 3})
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        # room for one worker each: two of them train, the third stands in
        nodes = [cluster.add_node(num_cpus=4) for _ in range(3)]
        cluster.wait_for_nodes()
        driver = _start(run, {"RAY_ADDRESS": cluster.address})
        while (newest(run.output) or 0) < 8:
            assert driver.poll() is None, driver.communicate()
            threading.Event().wait(0.05)
        at_work = [node for node in nodes if _trains(node)]
        assert len(at_work) == 2
        cluster.remove_node(at_work[0], allow_graceful=False)
        told, errors = driver.communicate()
        assert driver.returncode == 0, errors
        assert "new=24" in told
    finally:
        cluster.shutdown()
    undisturbed = _start(alone, {"RAY_ADDRESS": "local"})
    _, errors = undisturbed.communicate()
    assert undisturbed.returncode == 0, errors
    expected, losses = ([line["losses"] for line in read_log(c.output)] for c in (alone, run))
    assert len(losses) == 24
    assert losses == [pytest.approx(step, rel=1e-3) for step in expected]


def _start(config: TrainConfig, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DRIVER, config.model_dump_json()]
    env = os.environ | environment
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _trains(node: object) -> bool:
    raylet = node.all_processes["raylet"][0].process  # type: ignore[attr-defined]
    below = psutil.Process(raylet.pid).children(recursive=True)
    return any("RayTrainWorker" in " ".join(process.cmdline()) for process in below)
