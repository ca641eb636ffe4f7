"""Two drivers at once on one folder: ``python -m support.two_drivers --times 10 --trainings 3 --seed 0``.

The second one starts when the first one's lease is there, after a delay that the seed draws; an ingest, which
is over too soon, is suspended meanwhile. Where the first has ended before the second looks, the pair is tried
again. The second must be refused in one line that names the first; the first must end well, and what it
wrote be what an undisturbed job writes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mpgi_ray.data.lease import LEASE
from mpgi_ray.models.model_folder import read_log
from support.fault_jobs import Fixture
from support.fault_runs import PICTURES
from support.starts import LIMIT_S

JOBS = ("ingest", "fused", "curate", "train")
_STEPS = 30
_TRIES = 5  # of a pair that did not overlap


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="of ingest, caption and curate each")
    parser.add_argument("--trainings", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=JOBS)
    given = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="two-"))
    pairs, failed = Pairs(root), 0
    for job in given.jobs:
        times = given.trainings if job == "train" else given.times
        wrong = [pairs.run(job, random.Random(f"{given.seed}/{job}/{n}"), n) for n in range(times)]
        for number, lines in enumerate(wrong):
            for line in lines:
                print(f"    {job}, pair {number}: {line}", flush=True)
        passed = wrong.count([])
        failed += times - passed
        print(f"{job}: {passed} of {times} times the second was refused and the first finished", flush=True)
    if not failed:
        shutil.rmtree(root)
    return 1 if failed else 0


class Pairs:
    """Pairs of drivers, whose folders lie below ``root`` and are kept if something is wrong."""

    def __init__(self, root: Path) -> None:
        self.root, self.fixture = root, Fixture(root / "fixture")
        self.fixture.draw(PICTURES)

    def run(self, job: str, chance: random.Random, number: int) -> list[str]:
        """What is wrong with one pair, in words."""
        command = self._command(job, self._undisturbed(job))
        for _ in range(_TRIES):
            out = self.root / f"{job}-{number}"
            shutil.rmtree(out, ignore_errors=True)
            first = _start(self._command(job, out))
            until = time.monotonic() + LIMIT_S
            while not (out / LEASE).exists() and first.poll() is None and time.monotonic() < until:
                time.sleep(0.01)
            if job == "ingest":
                first.send_signal(signal.SIGSTOP)
            else:
                time.sleep(chance.random() / 2)
            second = _start(self._command(job, out))
            said, code = second.communicate()[1].strip(), second.returncode
            first.send_signal(signal.SIGCONT)
            if code == 0:  # the first one had ended: these two did not meet
                first.communicate(timeout=LIMIT_S)
                continue
            told = first.communicate(timeout=LIMIT_S)[1]
            return [*_wrong(first, told, code, said), *self._differences(job, out)]
        return [f"{_TRIES} pairs of {' '.join(command)} did not overlap"]

    def _undisturbed(self, job: str) -> Path:
        """What one driver alone writes, made once."""
        out = self.root / "train" if job == "train" else self.fixture.made(job)
        if not out.exists():
            for needed in {"fused": ["ingest"], "curate": ["fused"], "train": ["curate"]}.get(job, []):
                self._undisturbed(needed)
            alone = _start(self._command(job, out))
            said = alone.communicate()[1]
            if alone.returncode != 0:
                raise SystemExit(f"the undisturbed {job} failed: {said}")
        return out

    def _command(self, job: str, out: Path) -> list[str]:
        if job != "train":
            return self.fixture.commands(job, out)[0]
        run = ["train", str(self.fixture.made("curate")), "--out", str(out), "--steps", str(_STEPS)]
        return [*run, "--batch", "8", "--set", "save_every=10", "--set", "context=32", "--set", "readers=1"]

    def _differences(self, job: str, out: Path) -> list[str]:
        if job != "train":
            return list(self.fixture.differences(job, out))
        losses = [[step["losses"] for step in read_log(str(o))] for o in (self._undisturbed(job), out)]
        left = sorted({LEASE, "stop-asked", ".ray", "steps"} & {path.name for path in out.iterdir()})
        return [f"{name} was left" for name in left] + _other_losses(*map(_rounded, losses))


def _rounded(steps: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    return [{name: round(loss, 2) for name, loss in step.items()} for step in steps]


def _other_losses(expected: Sequence[object], found: Sequence[object]) -> list[str]:
    return [] if expected == found else [f"{len(found)} steps with other losses than {len(expected)} alone"]


def _wrong(first: subprocess.Popen[str], told: str, code: int, said: str) -> list[str]:
    wrong = []
    if first.returncode != 0:
        wrong.append(f"the first ended with {first.returncode}: {told[-300:]}")
    *begun, last = said.splitlines() or [""]  # a command says first what it begins on
    if code != 1 or len(begun) > 1 or f"(process {first.pid}, since" not in last:
        wrong.append(f"the second ended with {code}: {said[-500:]}")
    return wrong


def _start(command: list[str]) -> subprocess.Popen[str]:
    env = os.environ | {"RAY_ADDRESS": "local", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    program = [sys.executable, "-m", "mpgi_ray", *command]
    pipe = subprocess.PIPE
    return subprocess.Popen(program, env=env, stdout=subprocess.DEVNULL, stderr=pipe, text=True)


if __name__ == "__main__":
    sys.exit(main())
