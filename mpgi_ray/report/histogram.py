"""Histograms, as numbers that the page's template draws as SVG."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.caption_figures import quantile

_BINS = 24


@dataclass(frozen=True, slots=True)
class Histogram:
    """Texts by a number: their length in words, their coverage in percent, a score.

    Attributes:
        width: values a bar, from ``start + i * width`` for bar ``i``.
        bars: texts in each; the last bar also holds all larger ones.
        values, texts: what to write along the axes; the last of each is the axis's end or below it.
    """

    width: float
    bars: tuple[int, ...]
    values: tuple[float, ...]
    texts: tuple[int, ...]
    start: float = 0


def longest_shown(words: Counter[int]) -> int:
    """The length up to which plots reach: a few runaway texts must not flatten the rest."""
    return max(1, quantile(words, 0.995))


def histogram(counts: Counter[int], largest: int) -> Histogram:
    """Bars for values of 0 to ``largest``."""
    width = math.ceil((largest + 1) / _BINS)
    bars = [0] * math.ceil((largest + 1) / width)
    for value, texts in counts.items():
        bars[min(value, largest) // width] += texts
    return Histogram(width, tuple(bars), ticks(len(bars) * width, 6), ticks(max(bars), 3))


def spread(values: NDArray[np.float64], low: float, high: float) -> Histogram:
    """Bars for values between two bounds; values beyond them are in the first or the last bar."""
    whole = bool((values == np.round(values)).all()) and low == round(low)
    width = math.ceil((high - low + 1) / _BINS) if whole else (high - low) / _BINS or 1.0
    number = math.ceil((high - low + 1) / width) if whole else _BINS
    place = np.clip((np.clip(values, low, high) - low) // width, 0, number - 1).astype(np.int64)
    bars = tuple(np.bincount(place, minlength=number).tolist())
    told = (one for one in marks(low, low + number * width) if not whole or one == round(one))
    return Histogram(width, bars, tuple(told), ticks(max(bars), 3), low)


def marks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round numbers between two bounds, at most ``most`` of them: steps of 1, 2 or 5 times a power of ten."""
    step = next(
        factor * 10.0**power
        for power in range(math.floor(math.log10(high - low)) - 2, 400)
        for factor in (1, 2, 5)
        if (high - low) / (factor * 10.0**power) < most - 1
    )
    first = math.ceil(low / step)
    return tuple(float(f"{at * step:.12g}") for at in range(first, math.floor(high / step) + 1))


def ticks(end: int, most: int) -> tuple[int, ...]:
    """Round numbers from 0 that do not pass ``end``, at most ``most`` of them: steps of 1, 2, 5, 10 …"""
    step = next(
        factor * 10**power for power in range(20) for factor in (1, 2, 5) if end < factor * 10**power * most
    )
    return tuple(range(0, end + 1, step))
