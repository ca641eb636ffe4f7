"""Ingest, caption, curate and train on an S3 server that answers wrongly: ``make faults-s3``.

The four jobs run once on a local disk, undisturbed, then again and again on S3, through a proxy that lets a
share of the requests meet a fault (`support.faulty_s3`). No job is started twice: each must end well by
itself, and all that the four wrote must be as on the disk. With ``--away`` the store goes away in the middle
of each job instead, and stays away: the job must end with one line in time, and the same command must end
well once the store is back.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.fault_jobs import Fixture
from support.faulty_s3 import FAULTS, FaultyS3, faulty_s3

BUCKET = "faults"
JOBS = {"ingest": "ingest", "caption": "fused", "curate": "curate", "train": "train"}  # job: folder
SHARE = 0.25
KINDS = (*(kind for kind in FAULTS * 5 if kind != "stall"), "stall")  # which costs twenty seconds
IN_TIME_S = 240.0  # two minutes of patience, a last request, and the end of Ray
AWAY_AFTER = {"ingest": 3, "caption": 8, "curate": 5, "train": 9}  # writes of a job, its lease among them
_LIMIT_S = 900.0  # a job that takes longer hangs
_TIMES = ("samples_per_second", "data_wait")


@dataclass(frozen=True)
class Chain:
    """The four jobs on what the one before wrote, all in folders below one place.

    Attributes:
        home: working folder of the processes, which keeps what each start said.
        place: a local folder, or a URL.
        pictures: where the first job reads.
    """

    home: Path
    place: str
    pictures: str

    def command(self, job: str) -> list[str]:
        out = ["--out", f"{self.place}/{JOBS[job]}"]
        if job == "ingest":
            size = ["--shard-size", "8", "--max-reject-rate", "0.5"]
            return ["ingest", "folders", self.pictures, *out, *size]
        if job == "caption":
            shards = ["--shards", f"{self.place}/ingest"]
            return ["caption", "template", *shards, *out, "--set", "chunk_size=2"]
        if job == "curate":
            return ["curate", f"{self.place}/fused", *out, "--shard-size", "6"]
        steps = ["--steps", "8", "--batch", "6", "--set", "save_every=2"]
        return ["train", f"{self.place}/curate", *out, *steps]

    def started(self, job: str, endpoint: str = "") -> Start:
        """Start a job, on the S3 server at ``endpoint`` if one is given."""
        return Start(self.home, job, self.command(job), endpoint)


class Start:
    """A command as a process of its own, with a Ray of its own."""

    def __init__(self, home: Path, name: str, command: list[str], endpoint: str) -> None:
        number = len(list(home.glob("*.out")))
        self._files = [home / f"{number}-{name}.{end}" for end in ("out", "err")]
        tests = Path(__file__).parents[1]
        env = os.environ | {
            "RAY_ADDRESS": "local",
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            "PYTHONPATH": str(tests.parent),
            "AWS_ENDPOINT_URL": endpoint,
        }
        program = [sys.executable, str(tests / "faults/command.py"), *command]
        with self._files[0].open("w") as out, self._files[1].open("w") as err:
            self._process = subprocess.Popen(program, cwd=home, env=env, stdout=out, stderr=err)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def ended(self) -> int | None:
        """Its exit status; None if it hung and had to be ended."""
        try:
            return self._process.wait(_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None

    @property
    def said(self) -> tuple[str, str]:
        """What it wrote to its output, and to its errors."""
        out, err = (file.read_text() for file in self._files)
        return out, err


@contextmanager
def server() -> Iterator[str]:
    """The URL of an S3 server on loopback with an empty bucket."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    url = f"http://{host}:{port}"
    try:
        _store(url).mkdir(BUCKET)
        yield url
    finally:
        moto.stop()


def _store(url: str) -> Any:
    import s3fs

    return s3fs.S3FileSystem(endpoint_url=url, use_listings_cache=False)


class Runs:
    """Chains on one S3 server behind one proxy, each compared with the chain on the disk."""

    def __init__(self, root: Path, pictures: int, upstream: str, proxy: tuple[str, FaultyS3]) -> None:
        self._root, self._upstream, (self._url, self.state) = root, upstream, proxy
        self._expected = Fixture(root / "disk")
        self._expected.root.mkdir()
        self._expected.draw(pictures)
        _store(upstream).put(str(self._expected.pictures), f"{BUCKET}/pictures", recursive=True)
        disk = Chain(root, str(self._expected.root), str(self._expected.pictures))
        for job in JOBS:
            began, start = time.monotonic(), disk.started(job)
            if start.ended() != 0:
                raise SystemExit(f"the undisturbed {job} failed:\n{start.said}")
            print(f"undisturbed {job}: {time.monotonic() - began:.0f} s", flush=True)

    def faulty(self, number: int) -> list[str]:
        """The four jobs with faults; what is wrong, in words."""
        chain, wrong = self._chain(f"faults-{number}"), []
        for job in JOBS:
            before, began = self.state.faults.copy(), time.monotonic()
            self.state.share, self.state.kinds = SHARE, KINDS
            start = chain.started(job, self._url)
            code = start.ended()
            self.state.share = 0.0
            met = self.state.faults - before
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(met.items()))
            print(f"run {number}, {job}: {time.monotonic() - began:.0f} s, {told}", flush=True)
            if code != 0:
                return [f"{job} ended with {code}: {start.said[1][-600:]}"]
            wrong += [f"{job} showed a traceback"] if "Traceback" in "".join(start.said) else []
            wrong += [f"{job}: {line}" for line in self._differences(chain, job)]
        return wrong

    def away(self) -> list[str]:
        """The store goes away in the middle of each job; what is wrong, in words."""
        chain, wrong = self._chain("away"), []
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
            lines = [line for line in err.splitlines() if line.startswith("error: ")]
            print(f"{job}, the store away: ended with {code} after {took:.0f} s: {lines[-1:]}", flush=True)
            if code != 1 or len(lines) != 1 or "Traceback" in out + err:
                wrong.append(f"{job} ended with {code}: {(out + err)[-900:]}")
            if took > IN_TIME_S:
                wrong.append(f"{job} took {took:.0f} s to end")
            again = chain.started(job, self._url)
            if (code := again.ended()) != 0:
                return [*wrong, f"{job}, started again, ended with {code}: {again.said[1][-600:]}"]
            wrong += [f"{job}: {line}" for line in self._differences(chain, job)]
        return wrong

    def _chain(self, name: str) -> Chain:
        home = self._root / name
        home.mkdir()
        return Chain(home, f"s3://{BUCKET}/{name}", f"s3://{BUCKET}/pictures")

    def _differences(self, chain: Chain, job: str) -> Iterator[str]:
        """What a job wrote that is not as on the disk, in words."""
        out = chain.home / JOBS[job]
        _store(self._upstream).get(f"{chain.place}/{JOBS[job]}", str(out), recursive=True)
        if job != "train":
            yield from self._expected.differences(JOBS[job], out)
            return
        wanted = self._expected.root / "train"
        for name in ("open_clip_pytorch_model.bin", "open_clip_config.json", "seen.json"):
            if (wanted / name).read_bytes() != (out / name).read_bytes():
                yield f"{name} has other bytes"
        if _steps(wanted) != _steps(out):
            yield "train.jsonl tells of other steps"
        yield from (f"{name} was left" for name in ("steps", ".ray", "lease.json") if (out / name).exists())


def _steps(folder: Path) -> list[dict[str, Any]]:
    """The logged steps, without their times."""
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in _TIMES} for row in rows]


def hit_by(faults: int, seed: int, *, pictures: int, away: bool = False) -> tuple[Counter[str], list[str]]:
    """Chains until so many faults have happened, telling each.

    Returns:
        The faults of each kind, and what is wrong; what the starts said is kept then.
    """
    root, wrong = Path(tempfile.mkdtemp(prefix="faults-s3-")), []
    with server() as upstream, faulty_s3(upstream, seed) as proxy:
        runs, number = Runs(root, pictures, upstream, proxy), 0
        if away:
            wrong += runs.away()
        while not away and not wrong and sum(runs.state.faults.values()) < faults:
            wrong += runs.faulty(number)
            number += 1
        met = runs.state.faults
    for line in wrong:
        print(f"    {line}; see {root}", flush=True)
    if not wrong:
        shutil.rmtree(root)
    return met, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1000, help="how many at least")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=90)
    parser.add_argument("--away", action="store_true", help="a store that goes away within each job")
    given = parser.parse_args()
    met, wrong = hit_by(given.faults, given.seed, pictures=given.pictures, away=given.away)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(met.items()))
    print(f"{sum(met.values())} faults ({kinds}); {len(JOBS)} jobs each run; {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
