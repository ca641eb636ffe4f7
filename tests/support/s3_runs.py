"""Ingest, caption, curate and train on an S3 server that answers wrongly: ``make faults-s3``.

The four jobs run once on a local disk, undisturbed, then again and again on S3, through a proxy that lets a
share of the requests meet a fault (`support.faulty_s3`). No job is started twice: each must end well by
itself, and what it wrote must be as on the disk. With ``--away`` the store goes away within each job
instead, and stays away: the job must end with one line in time, and the same command must end well once the
store is back.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from support.fault_jobs import Fixture
from support.faulty_s3 import FAULTS, FaultyS3, faulty_s3
from support.s3_jobs import BUCKET, JOBS, Chain, cluster, differences, server, store

SHARE = 0.25
KINDS = (*(kind for kind in FAULTS * 5 if kind != "stall"), "stall")  # which costs twenty seconds
IN_TIME_S = 240.0  # two minutes of patience, a last request, and the end of Ray
AWAY_AFTER = {"ingest": 3, "caption": 8, "curate": 5, "train": 9}  # writes of a job, its lease among them


class Runs:
    """Chains of jobs on one S3 server behind one proxy, each compared with the chain on the disk.

    Attributes:
        passed, failed: how many jobs.
    """

    def __init__(self, root: Path, pictures: int, upstream: str, proxy: tuple[str, FaultyS3]) -> None:
        self._root, self._upstream, (self._url, self.state) = root, upstream, proxy
        self.passed = self.failed = 0
        self._expected = Fixture(root / "disk")
        self._expected.root.mkdir()
        self._expected.draw(pictures)
        store(upstream).put(str(self._expected.pictures), f"{BUCKET}/pictures", recursive=True)
        disk = Chain(root, str(self._expected.root), str(self._expected.pictures))
        for job in JOBS:
            began, start = time.monotonic(), disk.started(job)
            if start.ended() != 0:
                raise SystemExit(f"the undisturbed {job} failed:\n{start.said}")
            print(f"undisturbed {job}: {time.monotonic() - began:.0f} s", flush=True)

    def faulty(self, number: int) -> None:
        """The four jobs, each with faults; one that fails ends the chain."""
        chain = self._chain(f"faults-{number}")
        for job in JOBS:
            before, began = self.state.faults.copy(), time.monotonic()
            self.state.share, self.state.kinds = SHARE, KINDS
            start = chain.started(job, self._url)
            code = start.ended()
            self.state.share = 0.0
            met = self.state.faults - before
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(met.items()))
            said = "".join(start.said)
            wrong = ["it shows a traceback"] if "Traceback" in said else []
            wrong += [f"it ended with {code}: {said[-600:]}"] if code else self._differences(chain, job)
            if not self._judged(f"run {number}, {job}: {time.monotonic() - began:.0f} s, {told}", wrong):
                return

    def away(self) -> None:
        """The four jobs, in each of which the store goes away, and comes back once the job has ended."""
        chain = self._chain("away")
        for number, (job, writes) in enumerate(AWAY_AFTER.items()):
            at = self.state.writes + writes
            start = chain.started(job, self._url)
            while start.runs and self.state.writes < at:
                time.sleep(0.02)
            began = time.monotonic()
            if number % 2:
                self.state.share, self.state.kinds = 1.0, ("reset_before",)
            else:
                self.state.refusal = 503, "ServiceUnavailable"
            code = start.ended()
            took = time.monotonic() - began
            self.state.share, self.state.refusal = 0.0, None
            out, err = start.said
            told = [line for line in err.splitlines() if line.startswith("error: ")]
            wrong = [] if took <= IN_TIME_S else [f"it took {took:.0f} s to end"]
            if code != 1 or len(told) != 1 or "Traceback" in out + err:
                wrong.append(f"it ended with {code}: {(out + err)[-900:]}")
            again = chain.started(job, self._url)
            if (code := again.ended()) != 0:
                wrong.append(f"started again, it ended with {code}: {again.said[1][-600:]}")
            else:
                wrong += self._differences(chain, job)
            self._judged(f"{job}, the store away: ended after {took:.0f} s with {told}", wrong)
            if code != 0:
                return

    def _judged(self, told: str, wrong: list[str]) -> bool:
        print("\n    ".join([f"{'FAILED' if wrong else 'passed'} {told}", *wrong]), flush=True)
        self.passed += not wrong
        self.failed += bool(wrong)
        return not wrong

    def _chain(self, name: str) -> Chain:
        home = self._root / name
        home.mkdir()
        return Chain(home, f"s3://{BUCKET}/{name}", f"s3://{BUCKET}/pictures")

    def _differences(self, chain: Chain, job: str) -> list[str]:
        out = chain.home / JOBS[job]
        store(self._upstream).get(f"{chain.place}/{JOBS[job]}", str(out), recursive=True)
        return list(differences(self._expected, job, out))


def hit_by(faults: int, seed: int, *, pictures: int, away: bool = False) -> tuple[int, int, int]:
    """Chains until so many faults have happened, or one in which the store goes away, telling each job.

    Returns:
        How many faults happened, and how many jobs passed and failed; what they said is kept then.
    """
    root = Path(tempfile.mkdtemp(prefix="faults-s3-"))
    with server() as upstream, faulty_s3(upstream, seed) as proxy, cluster(proxy[0]):
        runs, number = Runs(root, pictures, upstream, proxy), 0
        if away:
            runs.away()
        while not away and not runs.failed and sum(runs.state.faults.values()) < faults:
            runs.faulty(number)
            number += 1
    met = runs.state.faults
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(met.items()))
    if runs.failed:
        print(f"see {root}")
    else:
        shutil.rmtree(root)
    print(f"{met.total()} faults ({kinds}); {runs.passed} passed, {runs.failed} failed", flush=True)
    return met.total(), runs.passed, runs.failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1000, help="how many at least")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=160)
    parser.add_argument("--away", action="store_true", help="a store that goes away within each job")
    given = parser.parse_args()
    _, passed, failed = hit_by(given.faults, given.seed, pictures=given.pictures, away=given.away)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
