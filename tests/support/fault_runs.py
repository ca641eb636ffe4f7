"""Kills, full disks and damaged files against jobs that are started again: ``make faults FAULTS=40 SEED=0``.

Every run takes one job through three faults, one of them its driver's, then starts the same command until it
ends well, and compares with an undisturbed job. Half of the runs have a Ray of their own, the others work on
one that outlives them, where workers of a driver that was killed may still publish. What a run does is drawn
from seed and number alone; moments that are seconds, not publishes, depend on the machine, too.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from support.fault_jobs import BEFORE, CAPTION, JOBS, Fixture
from support.faults import Fault, draw
from support.processes import is_detached, is_ours, living, name_of
from support.starts import Disk, Start

PICTURES = 36
GONE_S, RAY_GONE_S = 10.0, 90.0  # until no process of ours lives, and none of Ray's
TRIES = 3  # undisturbed starts until one ends well: on a busy machine Ray may not start in time


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=40, help="how many, three a run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=int, help="this run of the seed alone")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # small disks are unmounted
    runs = range(-(-given.faults // 3)) if given.run is None else [given.run]
    with shared_cluster() as cluster:
        passed, failed = hit_by(runs, given.seed, cluster)
    return 1 if failed or not passed else 0


@contextmanager
def shared_cluster() -> Iterator[str]:
    """The address of a Ray on this machine."""
    import ray

    ray.init("local", num_cpus=8, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield str(ray.get_runtime_context().gcs_address)
    finally:
        ray.shutdown()


def hit_by(runs: Iterable[int], seed: int, cluster: str) -> tuple[int, int]:
    """Carry the runs out, telling each; the folders of those that fail are kept.

    Args:
        cluster: address of the Ray that runs share.

    Returns:
        How many faults passed and failed: those of a run together.
    """
    root = Path(tempfile.mkdtemp(prefix="faults-"))
    jobs = {number: job_of(seed, number) for number in runs}
    fixture, costs = made(root / "fixture", set(jobs.values()), cluster)
    passed = failed = struck = 0
    for number, job in jobs.items():
        home = root / f"{seed}-{number}"
        began = time.monotonic()
        chance = random.Random(f"{seed}/{number}")
        shared = job != "ingest" and is_shared(seed, number)
        faults = draw(chance, job, costs[fixture.made(job).name], shared=shared)
        hits, wrong = disturbed(fixture, job, faults, home, chance, cluster if shared else "local")
        struck += hits
        told = f"seed {seed}, run {number}, {job}{' on the shared Ray' if shared else ''}: "
        told += "; ".join(" and ".join(map(str, start)) for start in faults)
        told += f" ({hits} hit, {time.monotonic() - began:.0f} s)"
        print(f"{'FAILED' if wrong else 'passed'} {told}", flush=True)
        for line in wrong:
            print(f"    {line}")
        if wrong:
            failed += sum(map(len, faults))
            print(f"    see {home}; again: make faults SEED={seed} RUN={number}", flush=True)
        else:
            passed += sum(map(len, faults))
            shutil.rmtree(home)
    if not failed:
        shutil.rmtree(root)
    print(f"{struck} of {passed + failed} faults struck; the starts of the others ended before")
    print(f"{passed} passed, {failed} failed")
    return passed, failed


def job_of(seed: int, number: int) -> str:
    """The job of a run: all in turn, in an order that the seed chooses."""
    return random.Random(seed).sample(JOBS, len(JOBS))[number % len(JOBS)]


def is_shared(seed: int, number: int) -> bool:
    """Whether a run works on the shared Ray: every second run of each job does."""
    return (seed + number // len(JOBS) + JOBS.index(job_of(seed, number))) % 2 == 0


def made(root: Path, jobs: set[str], cluster: str) -> tuple[Fixture, dict[str, tuple[int, float]]]:
    """The pictures and the undisturbed jobs that these need, and of each its publishes and seconds."""
    fixture = Fixture(root)
    fixture.draw(PICTURES)
    costs = {}
    needed = {made for job in jobs for made in (*BEFORE[job], "fused" if job in CAPTION else job)}
    for job in sorted(needed, key=JOBS.index):
        out = fixture.made(job)
        began = time.monotonic()
        start = Start(root, out, fixture.commands(job, out)[0], cluster=cluster)
        if start.ended() != 0:
            raise SystemExit(f"the undisturbed job failed:\n{start.said}")
        costs[job] = start.publishes, time.monotonic() - began
        print(f"undisturbed {job}: {costs[job][0]} publishes, {costs[job][1]:.0f} s", flush=True)
    return fixture, costs


def disturbed(
    fixture: Fixture, job: str, faults: list[list[Fault]], home: Path, chance: random.Random, cluster: str
) -> tuple[int, list[str]]:
    """One job through its faults to its end: how many faults hit, and what is wrong afterwards.

    Args:
        faults: of each start; damage comes between two of them, alone.
    """
    home.mkdir(parents=True)
    wrong: list[str] = []
    with Disk(home, small=any(fault.kind == "disk" for start in faults for fault in start)) as disk:
        out = disk.folder / "out"
        begin = partial(Start, home, out, cluster=cluster, sampling=job == "sampled")
        left, hits = fixture.commands(job, out), 0
        for befallen in faults:
            if befallen[0].kind == "damage":
                hits += befallen[0].damage(out, home, chance)
                continue
            start = begin(left[0], befallen)
            hits += sum(fault.strike(start, chance) for fault in befallen)
            wrong += start.wrong_at_its_end()
            disk.empty()
            if start.ended() == 0 and len(left) > 1:
                del left[0]
        for command in left:
            for _ in range(TRIES):
                start = begin(command)
                if start.ended() == 0:
                    break
            else:
                wrong.append(f"{TRIES} undisturbed starts failed, the last one: {start.said[-300:]}")
        wrong += left_alive(str(home), shared=cluster != "local")
        wrong += fixture.differences(job, out)
        if wrong:
            disk.keep()
    return hits, wrong


def left_alive(home: str, *, shared: bool) -> list[str]:
    """The processes of a run that outlive its end for too long, in words."""
    ended = time.monotonic()
    while alive := [process for process in living(home) if not (shared and is_detached(process))]:
        passed = time.monotonic() - ended
        late = [process for process in alive if passed > (GONE_S if is_ours(process) else RAY_GONE_S)]
        if late:
            return [f"{name_of(process)} lives {passed:.0f} s after the end" for process in late]
        time.sleep(0.5)
    return []


if __name__ == "__main__":
    sys.exit(main())
