"""Straight lines in a few points: one row, parallel rows, a grid. Every point must belong, or nothing is found.

Distances are in units of the objects' size (the root of the usual area): a line is clear where nothing
stands off it by more than half an object and a fraction of the spacing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

OFF_SIZE = 0.5  # farthest from the line, in sizes
OFF_SPACING = {3: 0.1, 4: 0.15}  # and in spacings, by the number on the line
OFF_SPACING_MANY = 0.2
REACH = {3: 5.0, 4: 7.0}  # largest usual spacing, in sizes, by the number on the line
REACH_MANY = 9.0
UNEVEN_THREE = 2.3  # largest over smallest of two spacings
UNEVEN = 3.0  # largest spacing over the usual one; the smallest is at least a third of it
APART = 2.0  # least gap between two lines, in units of the wider one
DENSER = 1.5  # largest usual spacing on a line, in distances between lines
BESIDE = 0.5  # least share of the shorter line that lies beside the next one
EVEN = 1.6  # largest over smallest distance between the lines of a grid
FILLED = 0.8  # least share of a grid's places that are taken


@dataclass(frozen=True)
class Lines:
    """Parallel lines that hold all points.

    Attributes:
        angle: of the lines against the x axis, in degrees.
        count: of lines.
        off: the farthest distance of a point from its line, in pixels.
    """

    angle: float
    count: int
    off: float


def find_rows(points: Array, size: float) -> Lines | None:
    """One line of three or more, or several parallel ones of three or more each."""
    found = [
        lines
        for angle, bands in _banded(points, size)
        if len(points) >= 3 * len(bands) and (lines := _rows(points, bands, angle, size))
    ]
    return min(found, key=lambda lines: (lines.count, lines.off), default=None)


def find_grid(points: Array, size: float) -> Lines | None:
    """Rows and columns at right angles: two or more by three or more, evenly apart, nearly all places taken.

    Its `count` is the fewer of rows and columns, its `angle` that of these lines.
    """
    found = []
    if len(points) < 6:
        return None
    for angle, rows in _banded(points, size):
        columns = _bands(_across(points, angle + math.pi / 2), OFF_SIZE * size)
        if 2 <= len(rows) <= len(columns) and len(columns) >= 3 and _full(rows, columns):
            off = max(_spread(points, rows, angle), _spread(points, columns, angle + math.pi / 2))
            steps = [*_steps(points, rows, angle), *_steps(points, columns, angle + math.pi / 2)]
            even = all(
                max(s) <= EVEN * min(s)
                for s in (_steps(points, rows, angle), _steps(points, columns, angle + math.pi / 2))
            )
            if (
                even
                and off <= min(OFF_SIZE * size, OFF_SPACING_MANY * min(steps))
                and max(steps) <= REACH_MANY * size
            ):
                found.append(Lines(math.degrees(angle), len(rows), off))
    return min(found, key=lambda lines: (lines.off, lines.count), default=None)


def _banded(points: Array, size: float) -> list[tuple[float, list[Array]]]:
    """For each direction in which the points fall into lines: the direction, refined, and their indices."""
    found: dict[tuple[tuple[int, ...], ...], tuple[float, list[Array]]] = {}
    for degrees in range(180):
        rough = _bands(_across(points, math.radians(degrees)), OFF_SIZE * size)
        if len(rough) > len(points) / 2:
            continue
        angle = _common_angle(points, rough)
        bands = _bands(_across(points, angle), OFF_SIZE * size)
        if _spread(points, bands, angle) <= OFF_SIZE * size:
            found.setdefault(tuple(sorted(tuple(sorted(b.tolist())) for b in bands)), (angle, bands))
    return list(found.values())


def _across(points: Array, angle: float) -> Array:
    """The distance of each point from a line of this direction through the origin."""
    across: Array = points @ np.array([-math.sin(angle), math.cos(angle)])
    return across


def _bands(across: Array, gap: float) -> list[Array]:
    """Indices of the points, in groups between which there is a gap."""
    order = np.argsort(across, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(across[order]) > gap) + 1)


def _common_angle(points: Array, bands: list[Array]) -> float:
    """The direction that fits the lines best, all together."""
    centred = np.concatenate([points[b] - points[b].mean(axis=0) for b in bands])
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return math.atan2(vectors[1, 1], vectors[0, 1])


def _spread(points: Array, bands: list[Array], angle: float) -> float:
    across = _across(points, angle)
    return max(float(np.abs(across[b] - across[b].mean()).max()) for b in bands)


def _steps(points: Array, bands: list[Array], angle: float) -> list[float]:
    across = _across(points, angle)
    steps: list[float] = np.diff([float(across[b].mean()) for b in bands]).tolist()
    return steps


def _full(rows: list[Array], columns: list[Array]) -> bool:
    """Whether no place of a grid is taken twice, and nearly all are taken."""
    cells = np.array([[len(np.intersect1d(r, c)) for c in columns] for r in rows])
    return bool(cells.max() == 1 and cells.sum() >= FILLED * cells.size)


def _rows(points: Array, bands: list[Array], angle: float, size: float) -> Lines | None:
    across, along = _across(points, angle), _across(points, angle - math.pi / 2)
    usual = []
    for band in bands:
        spacing = np.diff(np.sort(along[band]))
        if (
            len(band) < 3
            or not _even(spacing)
            or np.median(spacing) > REACH.get(len(band), REACH_MANY) * size
        ):
            return None
        usual.append(float(np.median(spacing)))
        off = float(np.abs(across[band] - across[band].mean()).max())
        if off > OFF_SPACING.get(len(band), OFF_SPACING_MANY) * usual[-1]:
            return None
    for a, b in zip(bands, bands[1:], strict=False):
        gap = float(across[b].min() - across[a].max())
        wider = max(float(np.ptp(across[a])), float(np.ptp(across[b])))
        (a1, a2), (b1, b2) = ((float(along[x].min()), float(along[x].max())) for x in (a, b))
        beside = min(a2, b2) - max(a1, b1) >= BESIDE * min(a2 - a1, b2 - b1)
        if (
            gap < APART * wider
            or not beside
            or max(usual) > DENSER * float(across[b].mean() - across[a].mean())
        ):
            return None
    return Lines(math.degrees(angle), len(bands), _spread(points, bands, angle))


def _even(spacing: Array) -> bool:
    if len(spacing) == 2:
        return bool(spacing.max() <= UNEVEN_THREE * spacing.min())
    usual = float(np.median(spacing))
    return bool(spacing.max() <= UNEVEN * usual and spacing.min() >= usual / UNEVEN)
