"""The ways people start a job: the command line, and `ray job submit` to a cluster that is already there."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.caption_folder import CaptionFolder
from support.build import write_shards

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# as the README says: without it, `ray start` turns tokens on when the user has one, `ray job submit` does not
TOKENS = os.environ | {"RAY_AUTH_MODE": "token"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def head() -> Iterator[str]:
    """`ray start --head` on this machine; gives the address for jobs."""
    port, dashboard = free_port(), free_port()
    token = [str(BIN / "ray"), "get-auth-token", "--generate"]
    subprocess.run(token, check=True, capture_output=True, env=TOKENS)
    command = [BIN / "ray", "start", "--head", "--block", f"--port={port}", f"--dashboard-port={dashboard}"]
    command += [
        "--num-cpus=8",
        "--dashboard-agent-listen-port=0",
        "--min-worker-port=0",
        "--max-worker-port=0",
    ]
    process = subprocess.Popen(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=TOKENS,
    )
    assert process.stdout is not None
    said = []
    for line in iter(process.stdout.readline, ""):
        said.append(line)
        if "Ray runtime started" in line:
            break
    else:
        pytest.fail("".join(["ray start ended without a cluster:\n", *said]))
    try:
        yield f"http://127.0.0.1:{dashboard}"
    finally:
        # asked to end, the cluster takes half a minute
        for part in [*psutil.Process(process.pid).children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                part.kill()
        process.wait(timeout=60)
        process.stdout.close()


def submit(head: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "ray"), "job", "submit", "--address", head, "--"]
    script = [sys.executable, str(ROOT / "ray_jobs/caption.py"), *arguments]
    return subprocess.run([*command, *script], capture_output=True, text=True, timeout=250, env=TOKENS)


@pytest.mark.docs
def test_a_submitted_job_captions_and_its_status_is_its_exit_code(head: str, tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [12, 9])
    out = str(tmp_path / "captions")
    run = [
        "template",
        "--shards",
        str(tmp_path / "shards/s{0..1}.tar"),
        "--out",
        out,
        "--set",
        "chunk_size=8",
    ]
    done = submit(head, *run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "21 samples in this start" in done.stdout
    assert len(CaptionFolder(out).integrated.done()) == 4
    run[2] = str(tmp_path / "shards/s{0..2}.tar")
    missing = submit(head, *run)
    assert missing.returncode != 0
    assert re.search(r"error: 1 shard is missing below .*: s2\.tar", missing.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["caption", "template", "--out", "{tmp}/c"],
            1,
            "error: template: give --shards (input.shards), what",
        ),
        (["plan", "one-gpu"], 1, "what is to be captioned and --out (output), the folder of the captions"),
        (
            ["caption", "template", "--shards", "{tmp}/none", "--out", "{tmp}/c"],
            1,
            "{tmp}/none, where there is nothing",
        ),
        (
            ["caption", "template", "--shards", "a", "--out", "b", "--set", "chunk_syze=2"],
            1,
            "did you mean 'chunk_size'",
        ),
        (["caption", "template", "--limit", "5", "--sample", "5"], 2, "either --limit or --sample"),
        (
            ["caption", "template", "--shards", "a", "--out", "b", "--retry", "ok"],
            1,
            "--retry 'ok': expected failed or rejected",
        ),
        (["curate", "{tmp}", "--out", "{tmp}/f"], 1, "error: {tmp} holds no run.json"),
        (["inspect", "{tmp}"], 1, "{tmp}; `mpgi ingest auto` says what makes shards"),
        (["ingest", "coco", "a.json", "--out", "b"], 2, "Missing option '--images'"),
        (["ingest", "folders", "{tmp}/none", "--out", "{tmp}/s"], 1, "error: "),
        (["train", "{tmp}", "--out", "{tmp}/m", "--epochs", "1"], 1, "error: "),
        (["train", "{tmp}", "--out", "{tmp}/m"], 1, "give either epochs or steps"),
        (["evaluate", "{tmp}", "--model", "{tmp}/m", "--out", "{tmp}/e"], 1, "error: "),
        (["captoin"], 2, "No such command"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main([text.format(tmp=tmp_path) for text in arguments]) == code
    finally:
        signal.signal(signal.SIGTERM, before)
    error = capsys.readouterr().err
    assert message.format(tmp=tmp_path) in error
    assert "Traceback" not in error


def test_shards_may_be_given_several_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, sizes in (("a", [2, 3]), ("b", [4])):
        write_shards(tmp_path / folder, sizes)
    given = [word for folder in "ab" for word in ("--shards", str(tmp_path / folder))]
    assert main(["plan", "template", *given, "--out", str(tmp_path / "c"), "--samples", "3"]) == 0
    assert "3 shards, 9 samples (counted)" in capsys.readouterr().out


@pytest.mark.docs
def test_the_base_alone_captions(tmp_path: Path) -> None:
    """Without any extra, in an environment of its own: no torch, no model, six texts."""
    python = tmp_path / "venv/bin/python"
    uv = str(BIN / "uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(python.parents[1])], check=True)
    wheel = [
        uv,
        "pip",
        "install",
        "-q",
        "--python",
        str(python),
        "-c",
        str(ROOT / "constraints/base.txt"),
        str(ROOT),
    ]
    subprocess.run(wheel, check=True)
    assert subprocess.run([python, "-c", "import torch"], capture_output=True).returncode != 0
    write_shards(tmp_path / "shards", [5])
    command = [
        python.parent / "mpgi",
        "caption",
        "template",
        "--shards",
        tmp_path / "shards",
        "--out",
        tmp_path / "c",
    ]
    own = os.environ | {"RAY_ADDRESS": "local"}  # not a cluster that runs in another environment
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=tmp_path, env=own, timeout=250
    )
    assert done.returncode == 0, done.stderr
    assert "5 samples in this start" in done.stdout
    assert sum(table.num_rows for table in CaptionFolder(str(tmp_path / "c")).tables()) == 30
