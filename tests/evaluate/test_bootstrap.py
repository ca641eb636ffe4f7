"""Intervals: how often they hold the truth, what they do with pairs, and that a seed fixes them."""

from __future__ import annotations

import numpy as np
import pytest

from mpgi_ray.evaluate.bootstrap import bootstrap, paired_difference


def test_the_interval_holds_the_true_mean_about_as_often_as_its_level_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        interval = bootstrap(rng.exponential(2.0, 60), level=0.9, resamples=300, seed=seed)
        held += bool(interval.low <= 2.0 <= interval.high)
    assert 165 <= held <= 192  # of 200, at level 0.9; skewed values lose a little


def test_the_width_is_that_of_the_standard_error() -> None:
    hits = np.r_[np.ones(300), np.zeros(700)]
    interval = bootstrap(hits, resamples=4000)
    assert interval.value == pytest.approx(0.3)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * np.sqrt(0.3 * 0.7 / 1000), rel=0.06)


def test_any_statistic_of_rows_and_several_at_once() -> None:
    values = np.random.default_rng(0).normal(size=(200, 2)) + np.array([0, 5])
    interval = bootstrap(values, lambda rows: np.median(rows, axis=0))
    assert interval.value == pytest.approx(np.median(values, axis=0))
    assert interval.low.shape == (2,)
    assert (interval.low <= interval.value).all()
    assert (interval.value <= interval.high).all()
    ratio = bootstrap(values, lambda rows: float(rows[:, 0].sum() / rows[:, 1].sum()))
    assert ratio.low < ratio.value == pytest.approx(values[:, 0].sum() / values[:, 1].sum())


def test_a_seed_fixes_the_interval() -> None:
    values = np.random.default_rng(0).normal(size=50)
    first, again, other = (bootstrap(values, resamples=50, seed=seed) for seed in (1, 1, 2))
    assert (first.low, first.high) == (again.low, again.high)
    assert (first.low, first.high) != (other.low, other.high)


def test_pairs_tell_models_apart_that_single_intervals_do_not() -> None:
    rng = np.random.default_rng(0)
    difficulty = rng.normal(size=300)
    theirs = difficulty + 0.1 * rng.normal(size=300)
    ours = difficulty + 0.05 + 0.1 * rng.normal(size=300)
    assert bootstrap(ours).low < bootstrap(theirs).high  # alone they overlap
    difference = paired_difference(ours, theirs)
    assert 0 < difference.low < difference.value == pytest.approx((ours - theirs).mean())
    same = paired_difference(ours, ours, np.median)
    assert (same.low, same.value, same.high) == (0, 0, 0)


@pytest.mark.parametrize("values", [np.empty(0), np.array([1.0, np.nan])])
def test_values_without_an_interval_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite"):
        bootstrap(values)


def test_values_of_different_images_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="the same images"):
        paired_difference(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="level 95"):
        bootstrap(np.ones(3), level=95)
