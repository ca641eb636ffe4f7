"""Masks from patches: each pixel gets the class whose name lies nearest to the patches around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

UNKNOWN = -1  # in a true mask: the pixel is of no class that is asked about


def segmented(
    patches: NDArray[np.float32], names: NDArray[np.float32], size: tuple[int, int]
) -> NDArray[np.intp]:
    """The class of each pixel, (height, width).

    Similarities of the patches are enlarged to the picture (bilinear), and the largest wins.

    Args:
        patches: unit features of the whole picture, squashed, (rows, columns, dim).
        names: unit features of the classes' names, (classes, dim).
        size: width and height of the picture.
    """
    grids = np.moveaxis(patches @ names.T, 2, 0)
    enlarged = [np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BILINEAR)) for grid in grids]
    found: NDArray[np.intp] = np.stack(enlarged).argmax(axis=0)
    return found


def confusion(said: NDArray[np.intp], true: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """Pixels by true class and by what was said, (classes, classes), without those that are `UNKNOWN`."""
    known = true != UNKNOWN
    pairs = true[known].astype(np.int64) * classes + said[known]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def mean_iou(pixels: NDArray[np.int64]) -> float:
    """The mean over the classes that occur of intersection over union, in per cent.

    Args:
        pixels: as `confusion` counts them, summed over pictures.
    """
    right, occur = pixels.diagonal(), pixels.sum(axis=1)
    union = occur + pixels.sum(axis=0) - right
    return float(100 * (right[occur > 0] / union[occur > 0]).mean())
