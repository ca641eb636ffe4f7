"""The peaks of a heat map: where it is highest in a wide neighbourhood.

As RS5M (Zhang et al. 2024) finds them, after Yuan et al. 2022: the map is softened by five box filters; a
pixel as high as all around it belongs to a peak, and touching pixels are one peak.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
    highest = ndimage.maximum_filter(soft, NEIGHBOURHOOD, mode="constant")
    middles = component_middles((soft > 0) & (soft == highest))
    return middles[heat[middles[:, 1], middles[:, 0]] >= LOWEST]


def box_filter(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Mean over a square window, rounded; the picture is mirrored at its border pixels.

    Args:
        picture: (height, width).
        size: side of the window; if it is even, the larger half lies before the pixel.
    """
    # sums are whole numbers again after each axis: means alone would not round halves as OpenCV does
    sums = picture.astype(np.float64)
    for axis in (0, 1):
        sums = np.rint(size * ndimage.uniform_filter1d(sums, size, axis, mode="mirror"))
    return np.rint(sums / size**2).astype(np.uint8)


def component_middles(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The middle of each group of touching pixels, corners included: the mean place, rounded down.

    Args:
        mask: (height, width).

    Returns:
        (groups, 2): x and y.
    """
    labels, groups = ndimage.label(mask, structure=np.ones((3, 3)))
    middles = ndimage.center_of_mass(mask, labels, range(1, groups + 1))
    return np.asarray(np.floor(middles), np.intp).reshape(-1, 2)[:, ::-1]
