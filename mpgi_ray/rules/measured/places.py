"""Where a mask lies in its picture, and how its parts lie together: with wide margins, or not at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
_IN_HALF, _IN_CORNER, _IN_CELL = 0.85, 0.8, 0.75  # of the mask's pixels that must lie there
_AT_CORNER = 0.4  # of its pixels that lie in the corner's own cell of the 3×3 grid
_MOST_SIDE = 0.7  # of a third along a side
_HALVES = ("left half", "right half", "upper half", "lower half")


def place_of(mask: Mask) -> tuple[str | None, float]:
    """The place that holds most of a mask, and how much of it; (None, 0) if no place is clear.

    One of `PLACES`, ``left half`` …, or ``everywhere``.
    """
    ys, xs = np.nonzero(mask)
    y, x = (ys + 0.5) / mask.shape[0], (xs + 0.5) / mask.shape[1]
    centre = float(((abs(x - 0.5) < 0.25) & (abs(y - 0.5) < 0.25)).mean())
    if centre >= _IN_CELL:
        return "centre", centre
    left, upper = x < 0.5, y < 0.5
    corners = {
        "upper left": left & upper,
        "upper right": ~left & upper,
        "lower left": left & ~upper,
        "lower right": ~left & ~upper,
    }
    for name, inside in corners.items():
        third = mask.shape[0] // 3
        row = slice(None, third) if "upper" in name else slice(-third, None)
        column = slice(None, third) if "left" in name else slice(-third, None)
        if inside.mean() >= _IN_CORNER and mask[row, column].sum() >= _AT_CORNER * mask.sum():
            return name, float(inside.mean())
    sides = {"left": x < 1 / 3, "right": x > 2 / 3, "top": y < 1 / 3, "bottom": y > 2 / 3}
    for name, inside in sides.items():
        if inside.mean() >= _MOST_SIDE and mask.mean() < 0.3:
            return name, float(inside.mean())
    for name, inside in zip(_HALVES, (left, ~left, upper, ~upper), strict=True):
        if inside.mean() >= _IN_HALF:
            return name, float(inside.mean())
    cells = np.histogram2d(y, x, bins=3, range=((0, 1), (0, 1)))[0] / max(1, len(x))
    if cells.min() >= 0.045 and cells.max() <= 0.24:
        return "everywhere", 1.0
    return None, 0.0


def direction_of(mask: Mask) -> str | None:
    """The direction of a narrow band that crosses the picture, as `Region.direction`; None if it is none."""
    height, width = mask.shape
    ys, xs = np.nonzero(mask)
    if len(xs) < 3:
        return None
    spread = np.linalg.eigh(np.cov(np.stack([xs / width, ys / height])))
    (short, long), vectors = np.sqrt(np.maximum(spread[0], 1e-9)), spread[1]
    if long < 3.2 * short or short > 0.1:  # wide or short: an area
        return None
    across, down = abs(vectors[0, 1]), abs(vectors[1, 1])
    angle = np.degrees(np.arctan2(down, across))
    ends = mask[:, 0].any(), mask[:, -1].any(), mask[0].any(), mask[-1].any()
    if angle <= 25 and ends[0] and ends[1]:
        return "left to right"
    if angle >= 65 and ends[2] and ends[3]:
        return "top to bottom"
    if 30 <= angle <= 60 and np.ptp(xs) >= 0.8 * (width - 1) and np.ptp(ys) >= 0.8 * (height - 1):
        falls = vectors[0, 1] * vectors[1, 1] > 0
        return "upper left to lower right" if falls else "lower left to upper right"
    return None


def is_frame(mask: Mask) -> bool:
    """Whether a mask lies along all four borders of the picture and leaves the middle free."""
    height, width = mask.shape
    inner = mask[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    borders = mask[0].mean(), mask[-1].mean(), mask[:, 0].mean(), mask[:, -1].mean()
    return bool(inner.mean() <= 0.1 and min(borders) >= 0.6)
