"""One start of a command under test, and the disk that it writes to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from support.processes import FILLER, PLAN, living

if TYPE_CHECKING:
    from support.faults import Fault

TESTS = Path(__file__).parents[1]
LIMIT_S = 900  # a start that takes longer hangs
_CODES: dict[str, tuple[int, ...]] = {
    "kill": (0, -signal.SIGKILL),
    "self": (0, 1, -signal.SIGKILL),
    "stop": (0, 128 + signal.SIGTERM, -signal.SIGTERM),  # the last before Python has begun to listen
}
_SIZE = 64 << 20  # of a small disk


class Start:
    """A command as a process of its own, in ``home``.

    Args:
        cluster: address of the Ray to work on; ``local`` for one of its own.
    """

    def __init__(
        self,
        home: Path,
        out: Path,
        command: list[str],
        faults: Sequence[Fault] = (),
        *,
        cluster: str,
        sampling: bool = False,
    ) -> None:
        self.home, number = str(home), len(list(home.glob("*.log")))
        self._log, self._counter = home / f"{number}.log", home / f"{number}.publishes"
        self._hung, self._faults = False, faults
        strikes = {fault.at: (fault.moment, fault.kind) for fault in faults if fault.at}
        plan = {"output": str(out), "counter": str(self._counter), "home": self.home, "strikes": strikes}
        found = [TESTS / "faults/hook", TESTS, TESTS.parent]
        for_workers = {"PYTHONPATH": os.pathsep.join(map(str, found)), PLAN: json.dumps(plan)}
        env = os.environ | for_workers | {"RAY_ADDRESS": cluster, "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
        if cluster != "local":  # its workers do not inherit: told as `ray job submit` does it
            env["RAY_JOB_CONFIG_JSON_ENV_VAR"] = json.dumps({"runtime_env": {"env_vars": for_workers}})
        if sampling:
            env["MPGI_SAMPLING"] = "1"
        with self._log.open("w") as log:
            log.write(f"{'; '.join(map(str, faults))}, on {cluster}: {' '.join(command)}\n")
            log.flush()
            program = [sys.executable, str(TESTS / "faults/command.py"), *command]
            self._process = subprocess.Popen(program, cwd=home, env=env, stdout=log, stderr=log)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def ended(self) -> int | None:
        """Its exit status; None if it hung and had to be ended."""
        if not self._hung:
            try:
                return self._process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self._hung = True
                for process in living(self.home):
                    process.kill()
                self._process.wait()
        return None

    @property
    def publishes(self) -> int:
        return self._counter.stat().st_size if self._counter.exists() else 0

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wrong_at_its_end(self) -> list[str]:
        """What is wrong with how it ended, in words."""
        told, code, wrong = "; ".join(map(str, self._faults)), self.ended(), []
        allowed = {code for fault in self._faults for code in _CODES.get(fault.kind, (0, 1))}
        too_busy = code == 1 and "error: Ray did not start" in self.said  # the machine: no fault came to it
        if code not in allowed and not too_busy:
            wrong.append(f"{told}: ended with {code}: {self.said[-500:]}")
        if "Traceback" in self.said:
            wrong.append(f"{told}: {self._log} holds a traceback")
        return wrong


class Disk:
    """A folder below ``home``, on a small disk of its own if asked for, which can be filled."""

    def __init__(self, home: Path, *, small: bool) -> None:
        self.folder, self._small = home / "disk", small

    def __enter__(self) -> Self:
        self.folder.mkdir()
        if self._small:
            _mount(self.folder)
        return self

    def __exit__(self, *_: object) -> None:
        if self._small:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def empty(self) -> None:
        """Make room again, if a fault filled it."""
        (self.folder / FILLER).unlink(missing_ok=True)

    def keep(self) -> None:
        """Let what it holds outlive it."""
        if self._small:
            shutil.copytree(self.folder, self.folder.with_name("kept"))

    @staticmethod
    @cache
    def is_possible() -> bool:
        """Whether this machine lets a test mount a small disk."""
        return os.geteuid() == 0 and shutil.which("mount") is not None


def _mount(folder: Path) -> None:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "none", str(folder)]
    subprocess.run(command, check=True)
