"""The script of all figures that need a GPU: its form for a CPU, with a part that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).parents[2] / "benchmarks/gpu.sh"
PYTHON = """#!/bin/sh
case "$*" in *score_speed*) echo "there is no scorer" >&2; exit 3;; esac
exec {} "$@"
"""


def test_parts_run_and_one_that_fails_is_told(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(PYTHON.format(sys.executable))
    python.chmod(0o755)
    out = tmp_path / "results"
    command = [str(SCRIPT), "--small", str(out)]
    done = subprocess.run(command, env=os.environ | {"PYTHON": str(python)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == json.loads((out / "summary.json").read_text())
    assert set(told["parts"]) == {"step_clip", "step_coca", "caption_stage1"}
    assert told["failed"] == {"scores": "there is no scorer (exit code 3)"}
    assert all(told["parts"][name]["ratio"] > 0 for name in ("step_clip", "step_coca"))
    assert told["parts"]["caption_stage1"]["samples"] == 8
    assert "scores" in done.stdout.splitlines()[3]
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 2
    assert "a folder that is not there yet" in again.stderr
