"""Cells of windows: which are hidden, where they lie, and which of two windows show the same place."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.sample import Box

Numbers = NDArray[np.float64]


def hidden(
    chance: np.random.Generator | np.random.RandomState, cells: int, share: float
) -> NDArray[np.bool_]:
    """Which of a grid's cells are hidden, (cells, cells): as many each time, the share of all rounded up."""
    mask = np.zeros(cells**2, bool)
    mask[chance.permutation(cells**2)[: math.ceil(cells**2 * share)]] = True
    return mask.reshape(cells, cells)


def centres(window: Box, cells: int, *, mirrored: bool = False) -> Numbers:
    """Where the middles of a window's cells lie, row by row: y and x in the window's units, (cells², 2).

    Args:
        mirrored: left and right of the window have changed places.
    """
    steps = (np.arange(cells) + 0.5) / cells
    down = window.y1 + steps * (window.y2 - window.y1)
    across = window.x1 + steps * (window.x2 - window.x1)
    if mirrored:
        across = across[::-1]
    return np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1).reshape(-1, 2)


def nearest(own: Numbers, others: Numbers, number: int) -> NDArray[np.int64]:
    """The cells that have another one nearest to them, and which one that is, (2, number); in the order of
    cells.

    Args:
        own, others: places of cells, (cells, 2), in the same units.
        number: how many cells are kept, at most all.
    """
    apart = np.linalg.norm(own[:, None] - others[None], axis=-1)
    kept = np.sort(apart.min(axis=1).argsort(kind="stable")[:number])
    return np.stack([kept, apart[kept].argmin(axis=1)])
