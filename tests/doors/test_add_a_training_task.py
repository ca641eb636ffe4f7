"""A training task, added as the page says: any workers and parts learn the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from support.added_task import RUNS, STEPS
from support.scratch_package import run_in, scratch_package

TOLERANCE = 2e-5  # of parameters that moved by some 1e-3: what float32 sums in another order differ by


def test_an_added_task_learns_the_same_on_any_workers_in_any_parts(tmp_path: Path) -> None:
    package = scratch_package(tmp_path / "package", "add-a-training-task.md")
    runs = tmp_path / "runs"
    runs.mkdir()
    run_in(package, "-m", "support.added_task", str(runs))
    (expected, first, weights), *others = (torch.load(runs / f"{w}-{p}.pt") for w, p in RUNS)
    assert len(expected) == STEPS + 1
    assert all(step["scenes"] > 0 for step in expected[:-1])
    assert expected[-1]["scenes"] == 0  # a step without a scene
    assert max((weights[name] - first[name]).abs().max() for name in weights) > 2e-3
    for (workers, parts), (losses, _, found) in zip(RUNS[1:], others, strict=True):
        for step, (one, other) in enumerate(zip(expected, losses, strict=True)):
            assert other == pytest.approx(one, abs=1e-4), (workers, parts, step)
        for name, value in weights.items():
            assert (found[name] - value).abs().max() < TOLERANCE, (workers, parts, name)
