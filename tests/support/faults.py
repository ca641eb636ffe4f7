"""What befalls a job, drawn from a seed."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from pathlib import Path

from support.fault_jobs import CAPTION
from support.processes import is_ours, living, strike
from support.starts import Disk, Start

DRIVER = ("kill", "stop")
OTHERS = ("worker", "self", "raylet", "disk", "damage")
MOMENTS = ("before", "after", "during")
_INGEST = ("disk", "damage")  # it has no workers


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: ``kill``, ``stop``, ``worker``, ``self``, ``raylet`` and ``disk`` strike while a start works
            (`support.processes.strike`); ``damage`` cuts or deletes a file between two starts.
        at, moment: the publish at which it strikes, and where in it; 0 for a time instead.
        after: seconds from the start, if ``at`` is 0.
    """

    kind: str
    at: int = 0
    moment: str = ""
    after: float = 0.0

    def __str__(self) -> str:
        if self.kind == "damage":
            return self.kind
        when = f"{self.moment} publish {self.at}" if self.at else f"after {self.after:.1f} s"
        return f"{self.kind} {when}"

    def strike(self, start: Start, chance: random.Random) -> bool:
        """Wait for its moment and strike; the hook strikes by itself where it is a publish."""
        if self.at:
            start.ended()
            return start.publishes >= self.at
        until = time.monotonic() + self.after
        while time.monotonic() < until and start.runs:
            time.sleep(0.05)
        if not start.runs:
            return False
        return bool(strike(self.kind, start.home, chance))

    def damage(self, out: Path, home: Path, chance: random.Random) -> bool:
        """Cut or delete one published part, shard or checkpoint, once nobody works there any more."""
        until = time.monotonic() + 90
        while any(map(is_ours, living(str(home)))) and time.monotonic() < until:
            time.sleep(0.5)
        parts = (file for folder in out.glob("*") for file in folder.rglob("*.parquet"))
        files = [*out.glob("*.tar"), *(file for file in parts if "-of-" in file.name)]
        files = sorted([*files, *out.glob("steps/*/*"), *out.glob("open_clip*")])
        if not files:
            return False
        file = chance.choice(files)
        if chance.random() < 0.5:
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        return True


def draw(chance: random.Random, job: str, cost: tuple[int, float], *, shared: bool) -> list[list[Fault]]:
    """Three faults of a run, start by start; one of them is the driver's, and damage is never the first.

    Args:
        cost: publishes and seconds of the undisturbed job.
        shared: the cluster outlives the job: its raylet is left alone.
    """
    others = list(_INGEST if job == "ingest" else OTHERS)
    if shared:
        others = [kind for kind in others if kind != "raylet"]
    if not Disk.is_possible():
        others.remove("disk")
    kinds = [chance.choice(DRIVER), *(chance.choice(others) for _ in range(2))]
    chance.shuffle(kinds)
    while kinds[0] == "damage":
        kinds.append(kinds.pop(0))
    # half a file may only be left by a publisher that dies: in an ingest that is the driver
    cut = ("self", "kill") if job == "ingest" else ("self",)
    # training begins with publishes of its driver alone
    last, seconds = max(1, cost[0] // (2 if job == "train" else 3)), cost[1]
    faults = [_drawn(chance, kind, MOMENTS if kind in cut else MOMENTS[:2], last, seconds) for kind in kinds]
    return together(faults, outlived=("worker", "self") if job in CAPTION else ("worker",))


def together(faults: list[Fault], outlived: tuple[str, ...]) -> list[list[Fault]]:
    """What befalls each start, in order: one that a start outlives comes with the next, earlier in it.

    Args:
        outlived: kinds that do not end the start.
    """
    starts: list[list[Fault]] = []
    goes_on = False
    for fault in faults:
        if goes_on and fault.at:
            starts[-1].append(replace(fault, at=starts[-1][-1].at + fault.at))
        else:
            starts.append([fault])
        goes_on = fault.at > 0 and fault.kind in outlived
    return starts


def _drawn(chance: random.Random, kind: str, moments: tuple[str, ...], last: int, seconds: float) -> Fault:
    if kind == "damage":
        return Fault(kind)
    if kind in ("self", "disk") or chance.random() < 0.7:
        return Fault(kind, at=chance.randint(1, last), moment=chance.choice(moments))
    return Fault(kind, after=chance.uniform(0.1, 0.8) * seconds)
