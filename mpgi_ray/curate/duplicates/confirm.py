"""Whether the reduced pictures of a candidate are alike, once one of them is turned.

Hashes of smooth pictures meet by chance, and so do correlations: a bright half and a dark one are enough, or
a corner without data, which tiles at the edge of a scene have in common. So no single border may decide.
Each pixel is measured against those around it, in units of their contrast, so that a strong border counts no
more than faint ground; and nowhere may the two differ by more than an encoder changes.
docs/curation.md has the figures, benchmarks/duplicates_found.py makes them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from mpgi_ray.curate.duplicates.phash import SYMMETRIES, turned

WORTH_A_LOOK = 0.5  # correlation below which a candidate is only counted: chance gives most of them
# a copy: JPEG of quality 40 changes the mean of 3 × 3 pixels by up to 4.7 at 64 pixels; the patterns of
# different pictures that are as near as this have a correlation of 0.09 at most
LEAST_PATTERN = 0.35
MOST_DIFFERENT = 6.0  # grey levels
# a copy that was made brighter or duller
LEAST_CORRELATION = 0.85
LEAST_PATTERN_REGRADED = 0.65
MOST_PLAIN = 0.25  # share of one grey: where data are missing, only equal grey levels tell
_AT_ONCE = 2048  # pairs: 8 MiB an array
_AROUND = 5  # pixels a side, whose mean and contrast a pixel is measured by
_NOISE = 1.0  # grey levels: contrast below it does not count in full
Floats = NDArray[np.float32]


class Likeness(NamedTuple):
    """How alike pairs of reduced pictures are; an array each.

    Attributes:
        correlation: Pearson's, of the pixels, from -1 to 1; 0 where one of them is of one grey.
        pattern: that of the pixels against those around them; 0 below `WORTH_A_LOOK`.
        difference: the largest difference between the means of 3 × 3 pixels, in grey levels.
        copies: which pairs are copies.
    """

    correlation: Floats
    pattern: Floats
    difference: Floats
    copies: NDArray[np.bool_]


def likeness(ones: NDArray[np.uint8], others: NDArray[np.uint8], symmetries: NDArray[np.int64]) -> Likeness:
    """How alike pairs of reduced pictures are.

    Args:
        ones, others: of shape (pairs, side, side).
        symmetries: in which symmetry each of the others is compared.
    """
    result = Likeness(*(np.zeros(len(ones), kind) for kind in (np.float32, np.float32, np.float32, bool)))
    for symmetry in range(len(SYMMETRIES)):
        chosen = np.flatnonzero(symmetries == symmetry)
        for start in range(0, len(chosen), _AT_ONCE):
            rows = chosen[start : start + _AT_ONCE]
            one, other = ones[rows], turned(others[rows], symmetry)
            found = _correlation(_centred(one), _centred(other))
            near = found >= WORTH_A_LOOK
            one, other = one[near], other[near]
            alike, difference = _correlation(pattern(one), pattern(other)), _difference(one, other)
            result.correlation[rows], rows = found, rows[near]
            result.pattern[rows], result.difference[rows] = alike, difference
            result.copies[rows] = (difference <= MOST_DIFFERENT) & (alike >= LEAST_PATTERN)
            left = (found[near] >= LEAST_CORRELATION) & (alike >= LEAST_PATTERN_REGRADED)
            left &= ~result.copies[rows]
            result.copies[rows[left]] = _are_regraded(one[left], other[left])
    return result


def pattern(pictures: NDArray[np.uint8]) -> Floats:
    """How each pixel of (n, height, width) stands out from those around it, in units of their contrast."""
    pixels = pictures.astype(np.float32)
    out = pixels - _mean(pixels, _AROUND)
    return np.asarray(out / (np.sqrt(np.maximum(_mean(out * out, _AROUND), 0)) + _NOISE))


def plainness(pictures: NDArray[np.uint8]) -> Floats:
    """The share of the most frequent grey level and its neighbours in each picture of (n, side, side)."""
    count, pixels = len(pictures), pictures.shape[1] * pictures.shape[2]
    places = pictures + 256 * np.arange(count)[:, None, None]
    counts = np.bincount(places.ravel(), minlength=256 * count).reshape(count, 256)
    near = np.pad(counts, ((0, 0), (1, 1)))
    three = near[:, :-2] + near[:, 1:-1] + near[:, 2:]
    return np.asarray(three.max(1, initial=0) / pixels, np.float32)


def _are_regraded(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether pictures are near once both have the mean and the contrast of the duller one."""
    a, b = _centred(one), _centred(other)
    contrasts = [np.sqrt((each * each).mean((1, 2), keepdims=True)) for each in (a, b)]
    duller = np.minimum(*contrasts)
    differ = _difference(a * (duller / contrasts[0]), b * (duller / contrasts[1]))
    plain = np.maximum(plainness(one), plainness(other))
    return np.asarray((differ <= MOST_DIFFERENT) & (plain < MOST_PLAIN))


def _difference(one: NDArray[Any], other: NDArray[Any]) -> Floats:
    """The largest difference between the means of 3 × 3 pixels."""
    differ = _mean(one.astype(np.float32) - other, 3)
    return np.asarray(np.abs(differ).max((1, 2), initial=0))


def _mean(pictures: Floats, side: int) -> Floats:
    return np.asarray(uniform_filter(pictures, size=(1, side, side), mode="nearest"))


def _centred(pictures: NDArray[np.uint8]) -> Floats:
    pixels = pictures.astype(np.float32)
    return np.asarray(pixels - pixels.mean((1, 2), keepdims=True))


def _correlation(a: Floats, b: Floats) -> Floats:
    norm = np.sqrt((a * a).sum((1, 2)) * (b * b).sum((1, 2)))
    nothing: NDArray[Any] = np.zeros(len(a), np.float32)
    return np.asarray(np.divide((a * b).sum((1, 2)), norm, out=nothing, where=norm > 0))
