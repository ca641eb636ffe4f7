"""How a driver ends: asked to, asked twice, out of time, and without Ray's head."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from mpgi_ray.cli.exits import code_of
from mpgi_ray.errors import ResourceError
from mpgi_ray.runtime import head

STOPS = """
import os, signal, sys, threading
from mpgi_ray.errors import StoppedError
from mpgi_ray.runtime.stopping import Stop
told = threading.Event()
stop = Stop(float(sys.argv[1]), told.set)
try:
    with stop.listening():
        for name in sys.argv[2:]:
            os.kill(os.getpid(), getattr(signal, name))
        told.wait()
        if sys.argv[1] == "0.01":
            threading.Event().wait()  # the grace ends this
        stop.check()
except StoppedError as error:
    print(error)
    sys.exit(error.code)
"""


@pytest.mark.parametrize(
    ("grace", "signals", "said"),
    [
        ("60", ["SIGTERM"], "stopped by SIGTERM: what is published stays"),
        ("60", ["SIGINT"], "stopped by SIGINT"),
        ("0.01", ["SIGTERM"], "stopped by SIGTERM"),
        ("60", ["SIGINT", "SIGTERM"], ""),  # the second one waits for nothing
    ],
)
def test_a_driver_that_is_asked_to_stop(grace: str, signals: list[str], said: str) -> None:
    ended = subprocess.run([sys.executable, "-c", STOPS, grace, *signals], capture_output=True, text=True)
    assert ended.returncode == 128 + getattr(signal, signals[-1])
    assert said in ended.stdout
    assert bool(ended.stdout) == bool(said)


HEADLESS = """
import socket, threading
from mpgi_ray.runtime import head
head._WAIT = 0.02
server = socket.create_server(("127.0.0.1", 0))
with head.watched("127.0.0.1:%d" % server.getsockname()[1]):
    server.close()
    threading.Event().wait()
"""


def test_a_head_that_is_gone_or_was_never_there_is_one_line() -> None:
    ended = subprocess.run([sys.executable, "-c", HEADLESS], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: Ray's head at 127.0.0.1:")
    assert ended.stderr.count("\n") == 1
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        head.require_reachable(address)
    with pytest.raises(ResourceError, match=rf"nobody answers at RAY_ADDRESS {address} .*ray start --head"):
        head.require_reachable(address)
    head.require_reachable("auto")


def test_a_stop_that_rays_own_handler_takes_is_a_stop(capsys: pytest.CaptureFixture[str]) -> None:
    def ends() -> None:
        sys.exit(signal.SIGTERM)  # as Ray's handler does, while Ray starts

    assert code_of(ends) == 143
    assert "stopped (SIGTERM)" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="3"):
        code_of(lambda: sys.exit(3))
