"""The four jobs as commands on one place, local or on S3, and what they wrote compared with a disk's."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.fault_jobs import Fixture

BUCKET = "faults"
JOBS = {"ingest": "ingest", "caption": "fused", "curate": "curate", "train": "train"}  # job: folder
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
    """A command as a process of its own, on the cluster that ``RAY_ADDRESS`` names."""

    def __init__(self, home: Path, name: str, command: list[str], endpoint: str) -> None:
        number = len(list(home.glob("*.out")))
        self._files = [home / f"{number}-{name}.{end}" for end in ("out", "err")]
        tests = Path(__file__).parents[1]
        env = os.environ | {
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
def cluster(endpoint: str) -> Iterator[None]:
    """One Ray for all jobs, since a busy machine takes long to start one; its workers ask this S3 server."""
    import ray

    os.environ |= {"AWS_ENDPOINT_URL": endpoint, "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    ray.init("local", num_cpus=6, include_dashboard=False, log_to_driver=False)
    os.environ["RAY_ADDRESS"] = ray.get_runtime_context().gcs_address
    try:
        yield
    finally:
        ray.shutdown()
        del os.environ["AWS_ENDPOINT_URL"], os.environ["RAY_ADDRESS"]


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
        store(url).mkdir(BUCKET)
        yield url
    finally:
        moto.stop()


def store(url: str) -> Any:
    import s3fs

    return s3fs.S3FileSystem(endpoint_url=url, use_listings_cache=False)


def differences(expected: Fixture, job: str, out: Path) -> Iterator[str]:
    """What a job wrote, fetched to ``out``, that is not as on the disk, in words."""
    if job != "train":
        yield from expected.differences(JOBS[job], out)
        return
    wanted = expected.root / "train"
    for name in ("open_clip_pytorch_model.bin", "open_clip_config.json", "seen.json"):
        if (wanted / name).read_bytes() != (out / name).read_bytes():
            yield f"{name} has other bytes"
    if _steps(wanted) != _steps(out):
        yield "train.jsonl tells of other steps"
    yield from (f"{name} was left" for name in ("steps", "lease.json") if (out / name).exists())


def _steps(folder: Path) -> list[dict[str, Any]]:
    """The logged steps, without their times."""
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in _TIMES} for row in rows]
