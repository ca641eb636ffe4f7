"""From a label mask to what a caption may say of it: shares of the image and of its cells, and patches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpgi_ray.data.sample import Cover

Mask = npt.NDArray[np.uint8]


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
    connected = patches(mask, len(names))
    found = {}
    for index in np.flatnonzero(counts.any(axis=0)).tolist():
        a, b, c, d, e, f, g, h, i = shares[:, index].tolist()
        fraction = float(counts[:, index].sum() / mask.size)
        found[names[index]] = Cover(
            fraction=fraction, cells=(a, b, c, d, e, f, g, h, i), patches=int(connected[index])
        )
    return found


def patches(mask: Mask, classes: int) -> npt.NDArray[np.int64]:
    """The number of parts of each class, (classes,); pixels of a part touch by a side or a corner.

    Runs of equal pixels in a row are the nodes of a graph, runs that touch in neighbouring rows its
    edges; every run takes over the smallest number it is connected with until nothing changes.
    """
    starts = np.ones(mask.shape, dtype=bool)
    starts[:, 1:] = mask[:, 1:] != mask[:, :-1]
    run = (np.cumsum(starts) - 1).reshape(mask.shape)
    edges = []
    for shift in (-1, 0, 1):  # lower left, below, lower right
        upper = slice(max(0, -shift), mask.shape[1] - max(0, shift))
        lower = slice(max(0, shift), mask.shape[1] + min(0, shift))
        same = mask[:-1, upper] == mask[1:, lower]
        edges.append(np.stack([run[:-1, upper][same], run[1:, lower][same]]))
    a, b = np.concatenate(edges, axis=1)
    fresh = np.ones(a.size, dtype=bool)  # long runs meet in many pixels: keep the first of each
    fresh[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    a, b = a[fresh], b[fresh]
    root = np.arange(run[-1, -1] + 1)
    while True:
        low = np.minimum(root[a], root[b])
        before = root.copy()
        np.minimum.at(root, root[a], low)
        np.minimum.at(root, root[b], low)
        root = root[root]
        if np.array_equal(root, before):
            break
    owners = mask[starts][root == np.arange(root.size)]
    return np.bincount(owners, minlength=classes)
