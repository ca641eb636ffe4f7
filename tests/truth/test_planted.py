"""Errors that are planted in true texts: an oracle over the original annotation says which are false."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))


def test_errors_about_generated_scenes_are_found() -> None:
    from planted import Result, judge
    from planted_sources import scenes

    result = Result()
    judge("scenes", scenes(range(200, 220), seed=3), result)
    assert not result.alarms + result.oracle_alarms
    assert result.planted.total() > 1500
    assert result.share() >= 0.98, result.misses


def test_errors_about_real_pictures_are_found(data_dir: Path) -> None:
    """Of boxes also as those of a source that labels exhaustively, where numbers are exact."""
    from planted import Result, judge
    from planted_sources import BOXED, FORMATS, MASKED, called_complete, real

    result = Result()
    for name in (*BOXED, *MASKED, *FORMATS):
        pictures = list(real(data_dir, name, 2))
        judge(name, pictures, result, seed=1)
        if name in BOXED:
            judge(f"{name}+", [called_complete(*one) for one in pictures], result, seed=1)
    assert not result.alarms + result.oracle_alarms
    assert result.planted.total() > 400
    assert result.share() >= 0.98, result.misses
