"""The processes of a start under test: all that were started with its plan, Ray's among them."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from pathlib import Path

import psutil

FILLER = "filler"
PLAN = "MPGI_FAULT"  # the variable that all processes of a start have
_DRIVER = "faults/command.py"
# of Ray Data, made by the first job of a cluster and meant to outlive it
_DETACHED = ("ray::_StatsActor", "ray::_AutoscalingCoordinatorActor", "ray::ActorLocationTracker")
# the programs of its package, workers without a task, and what Ray Train has watch over a training
_RAYS = ("/ray/", "ray::IDLE", "ray::PlacementGroupCleaner", *_DETACHED)
_NAMES = {"kill": _DRIVER, "stop": _DRIVER, "worker": "ray::", "raylet": "raylet/raylet"}


def living(home: str) -> list[psutil.Process]:
    """All processes of starts in this folder, but those that have ended."""
    found = []
    for process in psutil.process_iter():
        try:
            plan = process.environ().get(PLAN)
            if plan and json.loads(plan)["home"] == home and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:  # it ended meanwhile, or is another user's
            continue
    return found


def is_detached(process: psutil.Process) -> bool:
    """Whether it stays for as long as its cluster does."""
    return any(mark in name_of(process) for mark in _DETACHED)


def is_ours(process: psutil.Process) -> bool:
    """Whether it is a driver, an engine or a task of ours, and not one of Ray's own."""
    name = name_of(process)
    return bool(name) and not any(mark in name for mark in _RAYS)


def name_of(process: psutil.Process) -> str:
    """Its command line; empty if it has ended."""
    try:
        return " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return ""


def strike(victim: str, home: str, chance: random.Random | None = None) -> str:
    """Kill one process of a start.

    Args:
        victim: ``kill`` or ``stop`` (SIGTERM) for the driver, ``worker`` for one of Ray's, ``self`` for the
            process that publishes, ``raylet``; ``disk`` fills the disk of the start instead.
        chance: which worker, where there are several; at a publish it is any.

    Returns:
        Who was struck; empty if there is no such process.
    """
    if victim == "disk":
        return fill(Path(home) / "disk")
    if victim == "self":
        os.kill(os.getpid(), signal.SIGKILL)
    found = [process for process in living(home) if _NAMES[victim] in name_of(process)]
    if not found:
        return ""
    chosen = (chance or random).choice(sorted(found, key=lambda process: process.pid))
    told = name_of(chosen)
    chosen.send_signal(signal.SIGTERM if victim == "stop" else signal.SIGKILL)
    return told


def fill(disk: Path) -> str:
    """Fill a small disk to its last byte."""
    with (disk / FILLER).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free)
    return str(disk)
