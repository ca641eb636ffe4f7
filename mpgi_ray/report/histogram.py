"""Histograms, as numbers that the page's template draws as SVG."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from mpgi_ray.data.caption_figures import quantile

_BINS = 24


@dataclass(frozen=True, slots=True)
class Histogram:
    """Texts by a whole number: their length in words, their coverage in percent.

    Attributes:
        width: values a bar, from ``i * width`` for bar ``i``.
        bars: texts in each; the last bar also holds all larger ones.
        values, texts: what to write along the axes; the last of each is the axis's end or below it.
    """

    width: int
    bars: tuple[int, ...]
    values: tuple[int, ...]
    texts: tuple[int, ...]


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


def ticks(end: int, most: int) -> tuple[int, ...]:
    """Round numbers from 0 that do not pass ``end``, at most ``most`` of them: steps of 1, 2, 5, 10 …"""
    step = next(
        factor * 10**power for power in range(20) for factor in (1, 2, 5) if end < factor * 10**power * most
    )
    return tuple(range(0, end + 1, step))
