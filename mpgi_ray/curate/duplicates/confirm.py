"""Whether the reduced pictures of a candidate are alike, once one of them is turned.

Hashes of smooth pictures meet by chance: of 9,000 different windows of aerial pictures 695 pairs came within
ten bits, and 18 of these had a correlation above 0.85 (a bright half and a dark one). What tells such pairs
apart are their edges: none of them had an edge correlation above 0.56.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.phash import SYMMETRIES, turned

LEAST_CORRELATION = 0.85
LEAST_EDGES = 0.65
WORTH_A_LOOK = 0.5  # correlation below which a candidate is only counted: chance gives most of them
_AT_ONCE = 2048  # pairs: 8 MiB an array


def likeness(
    ones: NDArray[np.uint8], others: NDArray[np.uint8], symmetries: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How alike pairs of reduced pictures are, from -1 to 1; 0 where one of them is of one grey.

    Args:
        ones, others: of shape (pairs, side, side).
        symmetries: in which symmetry each of the others is compared.

    Returns:
        Pearson's correlation of the pixels, and that of the differences between neighbours.
    """
    pixels, edges = np.zeros(len(ones), np.float32), np.zeros(len(ones), np.float32)
    for symmetry in range(len(SYMMETRIES)):
        chosen = np.flatnonzero(symmetries == symmetry)
        for start in range(0, len(chosen), _AT_ONCE):
            rows = chosen[start : start + _AT_ONCE]
            one, other = ones[rows].astype(np.float32), turned(others[rows], symmetry).astype(np.float32)
            pixels[rows] = _correlation(one.reshape(len(rows), -1), other.reshape(len(rows), -1))
            edges[rows] = _correlation(_edges(one), _edges(other), centred=True)
    return pixels, edges


def alike(pixels: NDArray[Any], edges: NDArray[Any]) -> NDArray[np.bool_]:
    """Which pairs are copies."""
    return (pixels >= LEAST_CORRELATION) & (edges >= LEAST_EDGES)


def _edges(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    both = np.diff(pictures, axis=1), np.diff(pictures, axis=2)
    return np.concatenate([one.reshape(len(pictures), -1) for one in both], axis=1)


def _correlation(
    a: NDArray[np.float32], b: NDArray[np.float32], centred: bool = False
) -> NDArray[np.float32]:
    if not centred:
        a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    norm = np.sqrt((a * a).sum(1) * (b * b).sum(1))
    result: NDArray[np.float32] = np.divide(
        (a * b).sum(1), norm, out=np.zeros(len(a), np.float32), where=norm > 0
    )
    return result
