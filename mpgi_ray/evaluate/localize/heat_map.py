"""The heat map of a text over a large picture, from how similar the text is to the picture's tiles.

As RS5M (Zhang et al. 2024) does it, after Yuan et al. 2022, "Learning to Evaluate Performance of Multi-modal
Semantic Localization": tiles of three sizes, each size in two passes half a tile apart; the mean similarity
of the tiles over a pixel, stretched to 0 … 255; a median filter.

The mean is constant between the edges of the tiles. So it is kept as a small grid of cells, and the median
counts cells by how much of the window they fill.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

STEPS = (256, 512, 768)  # sides of the tiles, pixels
MEDIAN = 251  # side of the window, pixels
JPEG_QUALITY = 95

Tiles: TypeAlias = NDArray[np.intp]  # (tiles, 4): left, top, right, bottom in pixels


def tiles(width: int, height: int) -> Tiles:
    """The distinct tiles of a picture; each pixel lies in three of them or more.

    A tile beyond the border is moved back inside, and one larger than the picture is cut down to it. A model
    sees a tile scaled to 256×256 (bicubic), then by its own transform.
    """
    boxes = [
        (left, top, min(left + step, width), min(top + step, height))
        for step in STEPS
        for offset in (0, step // 2)
        for top in _starts(height, step, offset)
        for left in _starts(width, step, offset)
    ]
    return np.unique(np.array(boxes, dtype=np.intp).reshape(-1, 4), axis=0)


def heat_map(similarity: NDArray[np.floating], boxes: Tiles, *, jpeg: bool = False) -> NDArray[np.uint8]:
    """The heat map of a text.

    Args:
        similarity: (tiles,), the cosine of the text and each tile.
        boxes: the tiles, those of `tiles`.
        jpeg: write the map to JPEG and read it back, which changes it a little: the published figures were
            taken from such maps.

    Returns:
        (height, width), 0 where the text fits least and 255 where it fits best, before the median; all 0
        if it fits everywhere alike.

    Raises:
        ValueError: shapes do not fit, a similarity is not finite, or the tiles do not cover the picture.
    """
    if similarity.shape != (len(boxes),) or not np.isfinite(similarity).all():
        raise ValueError(
            f"similarity of shape {similarity.shape}: expected {len(boxes)} finite values, one for each tile"
        )
    columns, rows = np.unique(boxes[:, [0, 2]]), np.unique(boxes[:, [1, 3]])
    left, right = np.searchsorted(columns, boxes[:, [0, 2]]).T
    top, bottom = np.searchsorted(rows, boxes[:, [1, 3]]).T
    total = np.zeros((len(rows) - 1, len(columns) - 1))
    count = np.zeros_like(total)
    over = similarity.astype(np.float64) - similarity.min()  # equal ones thus stay equal in every mean
    for value, x1, y1, x2, y2 in zip(over, left, top, right, bottom, strict=True):
        total[y1:y2, x1:x2] += value
        count[y1:y2, x1:x2] += 1
    if not count.all():
        raise ValueError(
            f"{len(boxes)} tiles leave a part of the picture uncovered: expected those of `tiles`"
        )
    blurred = median_of_cells(_stretched(total / count), rows, columns, MEDIAN)
    return _through_jpeg(blurred) if jpeg else blurred


def median_of_cells(
    cells: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp], size: int
) -> NDArray[np.uint8]:
    """The exact median filter of a picture that is made of rectangular cells.

    Beyond the border the picture goes on with its border pixels.

    Args:
        cells: (m, n), the value of each cell.
        rows: (m + 1,), the edges between rows of cells in pixels, from 0.
        columns: (n + 1,), the same for columns.
        size: side of the window in pixels, odd.

    Returns:
        (rows[-1], columns[-1]).
    """
    result = np.empty((rows[-1], columns[-1]), dtype=np.uint8)
    across = list(_spans(columns, size))
    for ys, cell_ys, down in _spans(rows, size):
        for xs, cell_xs, along in across:
            part = cells[cell_ys, cell_xs]
            values = np.unique(part)
            # how many values have at most half of the window at or below them
            passed = sum(
                (down @ (part <= value) @ along.T <= size**2 // 2).astype(np.intp) for value in values
            )
            result[ys, xs] = values[passed]
    return result


def _starts(side: int, step: int, offset: int) -> list[int]:
    return [max(0, min(start, side - step)) for start in range(offset, side, step)]


def _stretched(mean: NDArray[np.float64]) -> NDArray[np.uint8]:
    mean = mean - mean.min()
    highest = mean.max()
    return (255 * (mean / highest)).astype(np.uint8) if highest > 0 else np.zeros(mean.shape, np.uint8)


def _spans(edges: NDArray[np.intp], size: int) -> Iterator[tuple[slice, slice, NDArray[np.float32]]]:
    """Runs of window positions that touch the same cells, along one axis.

    Yields:
        The positions, the cells, and how many of the window's pixels lie in each: (positions, cells).
    """
    half = size // 2
    lower, upper = edges[:-1].copy(), edges[1:].copy()
    lower[0], upper[-1] = -half, edges[-1] + half  # the border pixels go on
    at = np.arange(edges[-1])[:, None]
    overlap = np.minimum(at + half + 1, upper) - np.maximum(at - half, lower)
    first = np.searchsorted(upper, at[:, 0] - half, side="right")
    last = np.searchsorted(lower, at[:, 0] + half, side="right")
    for run in np.split(at[:, 0], 1 + np.flatnonzero(np.diff(first) | np.diff(last))):
        cells = slice(first[run[0]], last[run[0]])
        yield slice(run[0], run[-1] + 1), cells, overlap[run, cells].astype(np.float32)


def _through_jpeg(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(stream))
