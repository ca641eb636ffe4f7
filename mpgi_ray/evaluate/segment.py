"""Masks from patches: each pixel gets the class whose name lies nearest to the patches around it.

Large pictures are cut into equal windows first, of at most twice the side that the model sees, so that a
patch covers no more than twice its own side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.evaluate.regions import NAME
from mpgi_ray.models.embed import Model
from mpgi_ray.models.patch_tokens import Last

UNKNOWN = -1  # in a true mask: the pixel is of no class that is asked about


class Masks(Protocol):
    """Pictures with the class of each of their pixels."""

    @property
    def path(self) -> str:
        """Where they lie."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called."""

    def __iter__(self) -> Iterator[tuple[Image.Image, NDArray[np.int16]]]:
        """Pictures, 8-bit RGB, and places in ``names`` or `UNKNOWN`, (height, width)."""


def segment(model: Model, masks: Masks, last: Last) -> NDArray[np.int64]:
    """Pixels of each picture by true class and by what the model says, (pictures, classes, classes).

    Raises:
        RecipeError: the model's tower has no patches to take.
    """
    names = model.texts([NAME.format(name) for name in masks.names])
    found = []
    for picture, mask in masks:
        parts = list(windows(picture, mask, 2 * model.side))
        squashed = (part.resize((model.side,) * 2, Image.Resampling.BICUBIC) for part, _ in parts)
        pixels = np.zeros((len(names),) * 2, np.int64)
        for (part, true), patches in zip(parts, model.patches(squashed, last), strict=True):
            pixels += confusion(segmented(patches, names, part.size), true, len(names))
        found.append(pixels)
    return np.stack(found)


def windows(
    picture: Image.Image, mask: NDArray[np.int16], side: int
) -> Iterator[tuple[Image.Image, NDArray[np.int16]]]:
    """Equal parts of a picture and its mask, of at most ``side`` pixels each way."""
    width, height = picture.size
    columns, rows = math.ceil(width / side), math.ceil(height / side)
    for row in range(rows):
        for column in range(columns):
            x1, x2 = column * width // columns, (column + 1) * width // columns
            y1, y2 = row * height // rows, (row + 1) * height // rows
            yield picture.crop((x1, y1, x2, y2)), mask[y1:y2, x1:x2]


def by_chance(pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """As ``pixels``, what to expect of one who draws the class of each pixel evenly."""
    occur = pixels.sum(axis=2, keepdims=True)
    return np.broadcast_to(occur / pixels.shape[1], pixels.shape)


def always_the_largest(pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """As ``pixels``, of one who says the class with the most pixels of all pictures everywhere."""
    occur = pixels.sum(axis=2)
    said = np.zeros_like(pixels)
    said[:, :, occur.sum(axis=0).argmax()] = occur
    return said


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


def figures(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """Mean IoU and the share of pixels that are right, in per cent, over pictures, all or drawn ones.

    Args:
        pixels: (pictures, classes, classes).
    """
    summed = pixels.sum(axis=0)
    return np.array([mean_iou(summed), 100 * summed.diagonal().sum() / summed.sum()])
