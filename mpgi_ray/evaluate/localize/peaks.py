"""The peaks of a heat map: where it is highest in a wide neighbourhood.

As RS5M (Zhang et al. 2024) finds them, after Yuan et al. 2022: the map is softened by five box filters; a
pixel as high as all around it belongs to a peak, and touching ones are one peak.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BOX = 50  # side of the softening window, pixels
BOX_TIMES = 5
NEIGHBOURHOOD = 1000  # side of the window in which a peak is highest, pixels
LOWEST = 128  # a peak's height in the map before it was softened: at least half of 255


def peaks(heat: NDArray[np.uint8]) -> NDArray[np.intp]:
    """The peaks of a heat map.

    Args:
        heat: (height, width).

    Returns:
        (peaks, 2): x and y of the middle of each, in pixels; none for a map of zeros.
    """
    soft = heat
    for _ in range(BOX_TIMES):
        soft = box_filter(soft, BOX)
    middles = component_middles((soft > 0) & (soft == maximum_filter(soft, NEIGHBOURHOOD)))
    return middles[heat[middles[:, 1], middles[:, 0]] >= LOWEST]


def box_filter(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Mean over a square window, rounded; the picture is mirrored at its border pixels.

    Args:
        picture: (height, width).
        size: side of the window; of an even one the larger half lies before the pixel.
    """
    # sums over a window are differences of running sums, one pixel before the first window included
    sums = np.pad(picture, (size // 2 + 1, size - 1 - size // 2), mode="reflect").astype(np.int32)
    for _ in range(2):  # down y, and once more with the axes exchanged
        running = np.cumsum(sums, axis=0, dtype=np.int32)
        sums = (running[size:] - running[:-size]).T
    return np.rint(sums / size**2).astype(np.uint8)


def maximum_filter(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Maximum over a square window; outside of the picture there is nothing.

    Args:
        picture: (height, width).
        size: side of the window; of an even one the larger half lies before the pixel.
    """
    for _ in range(2):  # along x, and once more with the axes exchanged
        highest = np.pad(picture, ((0, 0), (size // 2, size - 1 - size // 2)))
        width = 1  # of the window so far: two windows side by side make one of twice the width
        while width < size:
            step = min(width, size - width)
            highest = np.maximum(highest[:, :-step], highest[:, step:])
            width += step
        picture = highest.T
    return picture


def component_middles(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The middle of each group of touching pixels, corners included: the mean place, rounded down.

    Args:
        mask: (height, width).

    Returns:
        (groups, 2): x and y.
    """
    # runs of pixels of a row, as places in the flat picture; the empty column keeps rows apart
    stride = mask.shape[1] + 1
    flat = np.pad(mask, ((0, 0), (0, 1))).ravel()
    starts, ends = np.flatnonzero(np.diff(flat, prepend=False, append=False)).reshape(-1, 2).T
    parent = list(range(len(starts)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = run = parent[parent[run]]
        return run

    above = np.searchsorted(ends, starts - stride, side="left")
    beyond = np.searchsorted(starts, ends - stride, side="right")
    for run, (first, last) in enumerate(zip(above.tolist(), beyond.tolist(), strict=True)):
        for touching in range(first, last):
            parent[root(touching)] = root(run)
    _, group = np.unique([root(run) for run in range(len(starts))], return_inverse=True)
    y, x = np.divmod(starts, stride)
    pixels = ends - starts
    sums = np.zeros((group.max(initial=-1) + 1, 3), dtype=np.intp)
    np.add.at(sums, group, np.stack([pixels * (2 * x + pixels - 1) // 2, pixels * y, pixels], axis=1))
    return sums[:, :2] // sums[:, 2:]
