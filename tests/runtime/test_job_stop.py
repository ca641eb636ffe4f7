"""`ray job submit`, `stop` and `submit` again, with the line of the README on a head of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpgi_ray.data.caption_folder import CaptionFolder
from support.build import write_shards

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
RAY = str(Path(sys.executable).with_name("ray"))


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Head:
    """A head that runs in the foreground, so that it ends with its process."""

    def __init__(self, home: str) -> None:
        gcs, board, agent = free_ports(3)
        found = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._env = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        self._env |= {"PATH": found, "PYTHONPATH": str(ROOT), "RAY_JOB_STOP_WAIT_TIME_S": "240"}
        self._env["RAY_raylet_start_wait_time_s"] = "300"  # a busy machine takes longer than the usual 30
        self._env |= {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "RAY_AUTH_MODE": "token"}
        self._env["RAY_AUTH_TOKEN"] = uuid.uuid4().hex * 2  # as `ray get-auth-token --generate` leaves one
        self.address = f"http://127.0.0.1:{board}"
        options = [f"--port={gcs}", f"--dashboard-port={board}", f"--dashboard-agent-listen-port={agent}"]
        start = [RAY, "start", "--head", "--num-cpus", "8", "--block", f"--temp-dir={home}", *options]
        said = Path(home, "head.log")
        with said.open("w") as log:
            self._process = subprocess.Popen(start, env=self._env, stdout=log, stderr=log)
        while "Ray runtime started" not in said.read_text():
            assert self._process.poll() is None, said.read_text()
            threading.Event().wait(0.2)

    def job(self, *words: str) -> str:
        """What ``ray job`` says."""
        command = [RAY, "job", words[0], "--address", self.address, *words[1:]]
        ended = subprocess.run(command, env=self._env, cwd=ROOT, capture_output=True, text=True)
        return ended.stdout + ended.stderr

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def head() -> Iterator[Head]:
    home = tempfile.mkdtemp(prefix="ray-")  # a short name: sockets lie below it
    started = Head(home)
    yield started
    started.end()
    shutil.rmtree(home, ignore_errors=True)


def test_a_job_that_is_stopped_goes_on_when_it_is_submitted_again(head: Head, tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [300, 300])
    out = CaptionFolder(str(tmp_path / "captions"))
    entry = ["--working-dir", ".", "--", "python", "ray_jobs/caption.py", "template"]
    entry += ["--shards", str(tmp_path / "shards"), "--out", str(tmp_path / "captions")]
    entry += ["--set", "chunk_size=2", "--grace", "200"]
    said = head.job("submit", "--no-wait", "--submission-id", "first", *entry)
    assert "'first' submitted successfully" in said, said
    while not out.integrated.done():
        said = head.job("status", "first")
        assert "PENDING" in said or "RUNNING" in said, said + head.job("logs", "first")
    head.job("stop", "first")  # waits until it has
    said = head.job("logs", "first")
    assert "stopped by SIGTERM: what is published stays; " in said, said
    assert " of 2 shards are left; the same command goes on from there" in said
    before = out.integrated.done()
    assert 0 < len(before) < 300
    assert not {"lease.json", "stop-asked"} & set(out.storage.list(""))
    said = head.job("submit", "--submission-id", "second", *entry)
    assert "'second' succeeded" in said, said
    assert len(out.integrated.done()) == 300
    rows = [row for table in out.tables() for row in table.to_pylist()]
    assert len(rows) == len({row["caption_id"] for row in rows}) == 600 * 6
