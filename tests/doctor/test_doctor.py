"""What would stop a job is found before it is started, and said with what mends it."""

from __future__ import annotations

import json
import resource
import socket
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from mpgi_ray.cli import main
from mpgi_ray.doctor.finding import State
from mpgi_ray.doctor.machine import cluster, open_files, shared_memory
from mpgi_ray.doctor.packages import of_extra, requirements
from mpgi_ray.doctor.places import storage


def test_packages_by_extra() -> None:
    lines = ["numpy>=2", "nothing-like-it; sys_platform == 'never'", 'torch>=2; extra == "train"']
    found = requirements(lines, ["train", "geo"])
    assert {extra: [one.name for one in needed] for extra, needed in found.items()} == {
        "": ["numpy"],
        "train": ["torch"],
    }
    assert of_extra("", [Requirement("numpy>=1")]).state is State.OK
    old = of_extra("train", [Requirement("numpy>=999")])
    assert (old.state, old.fix) == (State.WRONG, "pip install 'mpgi-ray[train]'")
    assert "(expected >=999)" in old.told
    gone = [Requirement("no-such-package-of-ours")]
    assert of_extra("geo", gone).state is State.ABSENT
    assert of_extra("", gone).state is State.WRONG


def test_limits_of_the_machine() -> None:
    gib = 1 << 30
    assert shared_memory(8 * gib, 24 * gib).state is State.OK
    small = shared_memory(gib // 16, 24 * gib)
    assert (small.state, small.told) == (State.WRONG, "/dev/shm has 0.1 GiB")
    assert "--shm-size=7g" in small.fix
    assert open_files(1024).fix == "ulimit -n 65536"
    assert open_files(resource.RLIM_INFINITY).state is State.OK


def test_a_cluster_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpgi_ray.runtime.head._WAIT", 0.1)
    with socket.socket() as taken:  # bound and not listening: nobody answers
        taken.bind(("127.0.0.1", 0))
        found = cluster(f"127.0.0.1:{taken.getsockname()[1]}")
    assert found.state is State.WRONG
    assert "nobody answers" in found.told
    assert "ray start --head" in found.fix
    assert cluster(None).state is State.OK


def test_folders(tmp_path: Path) -> None:
    assert storage(str(tmp_path)).state is State.OK
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    assert storage(str(tmp_path / "file")).state is State.WRONG


def test_the_command_ends_with_1_if_something_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["doctor", str(tmp_path / "file"), "--json"]) == 1
    found = {one["about"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["Python"]["state"] == "ok"
    assert found[str(tmp_path / "file")]["state"] == "wrong"
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mpgi_ray 0.")
