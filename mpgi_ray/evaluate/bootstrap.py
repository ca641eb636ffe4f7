"""Intervals by resampling images: the percentile bootstrap (Efron and Tibshirani 1993).

It shows how a figure would vary over other test images of the same kind. It says nothing about other training
seeds. For retrieval the candidates stay as they are: only the queries are drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[Any]  # float
Statistic: TypeAlias = Callable[[NDArray[Any]], NDArray[Any] | float]


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """A figure and its interval; arrays of the statistic's shape.

    Attributes:
        value: the figure over all images.
        low: the lower end.
        high: the upper end.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def mean(values: Values) -> NDArray[np.floating]:
    """The mean over images."""
    return np.asarray(values.mean(axis=0))


def bootstrap(
    values: Values, statistic: Statistic = mean, *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Percentile interval of a statistic of per-image values.

    Args:
        values: (images, …), one row for each image, e.g. `Retrieval.by_image` or the hits of `ZeroShot`.
        statistic: takes such rows and gives a number or an array of numbers, e.g. `Retrieval.figures`.
        level: share of the resamples inside the interval.

    Raises:
        ValueError: no images, a value that is not finite, or a level outside (0, 1).
    """
    if not len(values) or not np.isfinite(values).all():
        raise ValueError(f"values of shape {values.shape}: expected finite values for at least one image")
    if not 0 < level < 1 or resamples < 1:
        raise ValueError(
            f"level {level}, resamples {resamples}: expected a level in (0, 1) and at least one resample"
        )
    rng = np.random.default_rng(seed)
    drawn = [statistic(values[rng.integers(0, len(values), len(values))]) for _ in range(resamples)]
    low, high = np.quantile(np.asarray(drawn, dtype=np.float64), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Interval(np.asarray(statistic(values), dtype=np.float64), np.asarray(low), np.asarray(high))


def paired_difference(
    ours: Values,
    theirs: Values,
    statistic: Statistic = mean,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Interval of how much larger the statistic is for one model than for another on the same images.

    Each resample draws the same images for both, so what makes an image hard for both cancels out.

    Raises:
        ValueError: as `bootstrap`, or the values are of different images.
    """
    if ours.shape != theirs.shape:
        raise ValueError(f"values of shapes {ours.shape} and {theirs.shape}: expected the same images")

    def difference(both: Values) -> NDArray[np.floating]:
        return np.asarray(np.subtract(statistic(both[:, 0]), statistic(both[:, 1])))

    both = np.stack([ours, theirs], axis=1)
    return bootstrap(both, difference, level=level, resamples=resamples, seed=seed)
