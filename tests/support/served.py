"""`mpgi reward serve` in a process of its own, and what it is asked."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
DEADLINE = 240.0
_LINE = re.compile(r"(ray_mpgi_reward_\w+)(?:\{.*\})? (\S+)")


@dataclass
class Served:
    process: subprocess.Popen[str]
    port: int
    metrics: int
    run: str

    def ask(self, asked: bytes, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("POST", "/v1/rewards", asked, {"Authorization": "Bearer s3cret"} | headers)
            reply = connection.getresponse()
            data = reply.read()
        finally:
            connection.close()
        return reply.status, json.loads(data) if reply.getheader(
            "content-type"
        ) == "application/json" else data

    def figures(self) -> Counter[str]:
        """The sums of the endpoint's metrics."""
        found: Counter[str] = Counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10) as reply:
            for match in filter(None, map(_LINE.fullmatch, reply.read().decode().splitlines())):
                found[match[1]] += float(match[2])  # type: ignore[assignment]
        return found

    def replica(self) -> psutil.Process:
        """The process that scores."""
        (found,) = (
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if "ray::ServeReplica" in " ".join(child.cmdline())
        )
        return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def serving(run: str) -> Iterator[Served]:
    """The endpoint of a scorer, ended by Ctrl-C."""
    port, metrics = free_port(), free_port()
    found = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    env = os.environ | {"PYTHONPATH": found, "MPGI_REWARD_KEY": "s3cret"}
    command = [sys.executable, "-m", "support.reward_server", run, str(port), str(metrics)]
    process = subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert f"{run} scores at http://127.0.0.1:{port}/v1/rewards" in process.stdout.readline()
    yield Served(process, port, metrics, run)
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE) == 0
