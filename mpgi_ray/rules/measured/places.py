"""Where a mask lies in its picture, and how its parts lie together: with wide margins, or not at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
_IN_HALF, _IN_CORNER, _IN_CELL = 0.85, 0.8, 0.75  # of the mask's pixels that must lie there
_MOST_SIDE = 0.7  # of a third along a side
_OFF_MIDDLE = 0.12  # of the picture's sides: a mask's middle is at least so far off in a corner
_ALONG = 0.2  # and at most so far off along a side
_LARGE = 0.3  # of the picture: a mask as large reaches beyond a side
_TENDS, _CENTRAL = 0.78, 0.6  # of a mask in a half or in the middle quarter, which are not its place
_MIXED = 0.04, 0.2  # of a mask in each of nine cells
_ALONG_BORDER = 0.6  # of a border that a band along it covers
_TILES = 12  # along a side; halves, thirds and quarters are whole numbers of them
_MIDDLES = (np.arange(_TILES) + 0.5) / _TILES
_HALVES = ("left half", "right half", "top half", "bottom half")


def place_of(mask: Mask) -> tuple[str | None, float]:
    """The place that holds most of a mask, and how much of it; (None, 0) if no place is clear.

    The sides of the mask are multiples of 12.
    One of `PLACES`, ``left half`` …, or ``everywhere``.
    """
    tiles = _tiles(mask)
    share = float(tiles.mean())
    if not share:
        return None, 0.0
    tiles /= tiles.sum()
    rows, columns = tiles.sum(axis=1), tiles.sum(axis=0)
    y, x = float(rows @ _MIDDLES), float(columns @ _MIDDLES)
    half, third, quarter = _TILES // 2, _TILES // 3, _TILES // 4
    centre = float(tiles[quarter:-quarter, quarter:-quarter].sum())
    if centre >= _IN_CELL:
        return "centre", centre
    if min(abs(x - 0.5), abs(y - 0.5)) >= _OFF_MIDDLE:
        vertical, upper = ("upper", slice(half)) if y < 0.5 else ("lower", slice(half, None))
        horizontal, left = ("left", slice(half)) if x < 0.5 else ("right", slice(half, None))
        corner = float(tiles[upper, left].sum())
        if corner >= _IN_CORNER:
            return f"{vertical} {horizontal}", corner
    sides = {
        "left": (columns[:third], y),
        "right": (columns[-third:], y),
        "top": (rows[:third], x),
        "bottom": (rows[-third:], x),
    }
    for name, (inside, along) in sides.items():
        if inside.sum() >= _MOST_SIDE and abs(along - 0.5) <= _ALONG and share < _LARGE:
            return name, float(inside.sum())
    for name, inside in zip(_HALVES, (columns[:half], columns[half:], rows[:half], rows[half:]), strict=True):
        if inside.sum() >= _IN_HALF:
            return name, float(inside.sum())
    cells = _cells(tiles)
    if cells.min() >= 0.045 and cells.max() <= 0.24:
        return "everywhere", 1.0
    return None, 0.0


def _tiles(mask: Mask) -> npt.NDArray[np.float64]:
    height, width = mask.shape
    tiles: npt.NDArray[np.float64] = mask.reshape(_TILES, height // _TILES, _TILES, width // _TILES).mean(
        axis=(1, 3)
    )
    return tiles


def _cells(tiles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    third = _TILES // 3
    cells: npt.NDArray[np.float64] = tiles.reshape(3, third, 3, third).sum(axis=(1, 3))
    return cells


def tendency_of(mask: Mask, raw: Mask) -> str | None:
    """What is true of where most of a mask lies, though it has no place; None if nothing is.

    A half, ``central part``, or ``everywhere``.

    Args:
        raw: all pixels that have its tone, of which the same must be true.
    """
    half, quarter = _TILES // 2, _TILES // 4
    parts, cells = [], []
    for seen in (mask, raw):
        tiles = _tiles(seen)
        tiles /= max(float(tiles.sum()), 1e-9)
        sides = tiles[:, :half], tiles[:, half:], tiles[:half], tiles[half:]
        centre = tiles[quarter:-quarter, quarter:-quarter].sum()
        parts.append(np.array([*(side.sum() / _TENDS for side in sides), centre / _CENTRAL]))
        cells.append(_cells(tiles))
    least = np.minimum(parts[0], parts[1])  # 1 where just enough of both lies there
    if least.max() >= 1:
        return (*_HALVES, "central part")[int(least.argmax())]
    mixed = all(one.min() >= _MIXED[0] and one.max() <= _MIXED[1] for one in cells)
    return "everywhere" if mixed else None


def side_of(band: Mask, direction: str) -> tuple[str | None, float]:
    """The side along whose border a straight band runs, and how much lies in that third; else (None, 0)."""
    height, width = band.shape
    match direction:
        case "left to right":
            sides = {"top": (band[0], band[: height // 3]), "bottom": (band[-1], band[-(height // 3) :])}
        case "top to bottom":
            sides = {
                "left": (band[:, 0], band[:, : width // 3]),
                "right": (band[:, -1], band[:, -(width // 3) :]),
            }
        case _:
            return None, 0.0
    for name, (border, third) in sides.items():
        if border.mean() >= _ALONG_BORDER and third.sum() >= _IN_CELL * band.sum():
            return name, float(third.sum() / band.sum())
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
        falls = bool(vectors[0, 1] * vectors[1, 1] > 0)
        begins, leaves = (ends[2], ends[3]) if falls else (ends[3], ends[2])  # besides left and right
        if not ((ends[0] or begins) and (ends[1] or leaves)):
            return None
        return "upper left to lower right" if falls else "lower left to upper right"
    return None


def is_frame(mask: Mask) -> bool:
    """Whether a mask lies along all four borders of the picture and leaves the middle free."""
    height, width = mask.shape
    inner = mask[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    borders = mask[0].mean(), mask[-1].mean(), mask[:, 0].mean(), mask[:, -1].mean()
    return bool(inner.mean() <= 0.1 and min(borders) >= 0.6)
