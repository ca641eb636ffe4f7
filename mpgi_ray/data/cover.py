"""From a label mask to what may be said of it: shares of the image and its cells, patches, region boxes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mpgi_ray.data.box import Box
from mpgi_ray.data.sample import Cover

Mask = npt.NDArray[np.uint8]
_Whole = npt.NDArray[np.int64]
MAX_REGIONS = 32  # boxes of a class: more say nothing of where it lies
_LEAST = 1000  # a region has at least one in so many of the picture's pixels


def covers(mask: Mask, names: tuple[str, ...]) -> dict[str, Cover]:
    """The cover of every class that occurs.

    Args:
        mask: (height, width), at least 3 × 3, of indices into ``names``.
        names: the classes.

    Returns:
        Class to cover; the fractions add up to 1. A cell holds the pixels with ⌊3y / height⌋ and
        ⌊3x / width⌋ of its row and column.
    """
    height, width = mask.shape
    rows, columns = np.arange(height) * 3 // height, np.arange(width) * 3 // width
    cells = rows[:, None] * 3 + columns
    counts = np.bincount((cells * len(names) + mask).ravel(), minlength=9 * len(names)).reshape(9, -1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    connected, boxes = patches(mask, len(names)), regions(mask)
    found = {}
    for index in np.flatnonzero(counts.any(axis=0)).tolist():
        a, b, c, d, e, f, g, h, i = shares[:, index].tolist()
        found[names[index]] = Cover(
            fraction=float(counts[:, index].sum() / mask.size),
            cells=(a, b, c, d, e, f, g, h, i),
            patches=int(connected[index]),
            regions=boxes.get(index, ()),
        )
    return found


def patches(mask: Mask, classes: int) -> npt.NDArray[np.int64]:
    """The number of parts of each class, (classes,); pixels of a part touch by a side or a corner."""
    runs = _runs(mask)
    part = _parts(runs)
    owner = np.zeros(part.max() + 1, dtype=np.int64)
    owner[part] = runs.label
    return np.bincount(owner, minlength=classes)


def regions(mask: Mask) -> dict[int, tuple[Box, ...]]:
    """The boxes of each class's regions, largest region first, at most `MAX_REGIONS`.

    A region is a part of a class, its pixels touching by a side or a corner, after a binary opening by one
    pixel (a square of 3 × 3; what lies outside of the picture is of no class): what is narrower than three
    pixels is left out and joins nothing. So is what then has less than 0.1 % of the picture.

    Args:
        mask: (height, width), at least 3 × 3, of indices of classes.
    """
    runs = _runs(mask, _opened(mask))
    part = _parts(runs)
    sizes = np.bincount(part, runs.end - runs.start)
    label = np.zeros(sizes.size, dtype=np.int64)
    label[part] = runs.label
    low, high = np.full((2, sizes.size), max(mask.shape)), np.zeros((2, sizes.size), dtype=np.int64)
    for axis, first, last in ((0, runs.start, runs.end), (1, runs.row, runs.row + 1)):
        np.minimum.at(low[axis], part, first)
        np.maximum.at(high[axis], part, last)
    corners = np.concatenate([low, high]).T.astype(float)
    boxes: dict[int, tuple[Box, ...]] = {}
    for number in np.argsort(-sizes, kind="stable"):  # of two of one size the upper one first
        if sizes[number] * _LEAST < mask.size:
            break
        found = boxes.get(int(label[number]), ())
        if len(found) < MAX_REGIONS:
            boxes[int(label[number])] = (*found, Box(*corners[number].tolist()))
    return boxes


class _Runs(NamedTuple):
    """Runs of pixels of one class in a row, row by row; (runs,) each."""

    row: _Whole
    start: _Whole  # column of the first pixel
    end: _Whole  # column after the last one
    label: Mask
    width: int  # of the mask


def _runs(mask: Mask, kept: npt.NDArray[np.bool_] | None = None) -> _Runs:
    """The runs of a mask, of the kept pixels only."""
    width = mask.shape[1]
    starts = np.ones(mask.shape, dtype=bool)
    starts[:, 1:] = mask[:, 1:] != mask[:, :-1]
    if kept is not None:
        starts[:, 1:] |= kept[:, 1:] != kept[:, :-1]
    first = np.flatnonzero(starts)
    lengths = np.diff(first, append=mask.size)
    if kept is not None:
        own = kept.ravel()[first]
        first, lengths = first[own], lengths[own]
    row, start = np.divmod(first, width)
    return _Runs(row, start, start + lengths, mask.ravel()[first], width)


def _parts(runs: _Runs) -> npt.NDArray[np.int32]:
    """The part that each run belongs to, (runs,): those of one class that touch, by a side or a corner."""
    stride = runs.width + 1  # a column more than there are: the end of a row touches no start of another
    start, end = runs.row * stride + runs.start, runs.row * stride + runs.end
    low = np.searchsorted(end, start + stride)  # the runs of the next row that touch: from here …
    high = np.searchsorted(start, end + stride, side="right")  # … to before here
    upper = np.repeat(np.arange(low.size), high - low)
    lower = np.arange(upper.size) + np.repeat(high - np.cumsum(high - low), high - low)
    alike = runs.label[upper] == runs.label[lower]
    edges = coo_array((np.ones(alike.sum(), dtype=bool), (upper[alike], lower[alike])), (low.size, low.size))
    part: npt.NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return part


def _opened(mask: Mask) -> npt.NDArray[np.bool_]:
    """The pixels that lie in a square of 3 × 3 pixels of their own class: each class opened by one pixel."""
    middle = mask[:, 1:-1]
    across = (middle == mask[:, :-2]) & (middle == mask[:, 2:])
    inner = middle[1:-1]
    core = across[:-2] & across[1:-1] & across[2:] & (inner == middle[:-2]) & (inner == middle[2:])
    tall: npt.NDArray[np.bool_] = np.zeros_like(across)
    opened: npt.NDArray[np.bool_] = np.zeros_like(mask, dtype=bool)
    for shift in (0, 1, 2):
        tall[shift : shift + len(core)] |= core
    for shift in (0, 1, 2):
        opened[:, shift : shift + tall.shape[1]] |= tall
    return opened
