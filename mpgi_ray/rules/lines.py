"""Straight lines in a few marks: one row, parallel rows, a grid; found only where they are clear.

Every mark must belong, or of ten and more all but one in ten. Lines of few marks must be exact, for three
marks are soon on a line by chance; what stands in a line of six or more is no accident.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Band = npt.NDArray[np.intp]  # the indices of the marks on a line
Bands = Sequence[Band]

OFF = 0.5  # farthest from the line, in depths of a mark
PLAIN_DEPTH = 0.7  # of a mark without corners, in units of its size
MANY = 6  # marks on a line that is no accident
OFF_SPACING = {3: 0.05, 4: 0.08, 5: 0.15}  # farthest from a line of few marks, in usual spacings
OFF_LENGTH = 0.05  # and from a line of many, in units of its length
REACH = {3: 3.5, 4: 6.0, 5: 8.0}  # largest usual spacing, in sizes
REACH_MANY = 10.0
UNEVEN_THREE = 2.3  # largest over smallest of two spacings
UNEVEN = 3.0  # largest spacing of few marks over the usual one
HOLE = 0.4  # largest spacing of many marks, in units of the line's length
APART = 2.0  # least gap between two lines, in units of the thicker one
DENSER = 1.5  # largest usual spacing on a line, in distances between lines
BESIDE = 0.5  # least share of the shorter line that lies beside the next one
STRAYS = 10  # of so many marks, one may be on no line
HALF_DEGREE = math.radians(0.5)
EVEN = 1.6  # largest over smallest distance between the lines of a grid
TAKEN = 0.8  # least share of a grid's places that are taken


@dataclass(frozen=True)
class Marks:
    """What may stand in lines.

    Attributes:
        points: middles, (n, 2).
        size: the root of the usual area.
        corners: of all of them, (n, 4, 2); None if they are not known.
    """

    points: Array
    size: float
    corners: Array | None

    def across(self, angle: float) -> Array:
        """How far each middle lies to the side of a line of this direction through the origin, (n,)."""
        across: Array = self.points @ _normals(angle)
        return across

    def depth(self, angle: float) -> float:
        """How far the usual mark reaches across a line of this direction."""
        return float(self._depths(_normals(angle)[:, None])[0])

    def _depths(self, normals: Array) -> Array:
        if self.corners is None:
            return np.full(normals.shape[1], PLAIN_DEPTH * self.size)
        depths: Array = np.median(np.ptp(self.corners @ normals, axis=1), axis=0)
        return depths

    @cached_property
    def banded(self) -> list[tuple[float, Bands]]:
        """For each direction in which the marks fall into bands: the direction in radians, and the bands."""
        found: dict[tuple[bytes, ...], tuple[float, Bands]] = {}
        for rough in self._tried():
            angle = _common_angle(self.points, rough)
            across, gap = self.across(angle), OFF * self.depth(angle)
            bands = _bands(across, gap)
            if all(np.ptp(across[band]) <= 2 * gap for band in bands):
                found.setdefault(tuple(sorted(np.sort(band).tobytes() for band in bands)), (angle, bands))
        return list(found.values())

    def _tried(self) -> Iterator[Bands]:
        """The bands of every whole degree in which they are few, as rows or as a grid's, and thin."""
        angles = np.radians(np.arange(180))
        normals = _normals(angles)
        across, gaps = self.points @ normals, OFF * self._depths(normals)
        steps = np.diff(np.sort(across, axis=0), axis=0)
        parting = steps > gaps
        bands, inner = parting.sum(axis=0) + 1, np.where(parting, 0, steps).sum(axis=0)
        # a band is at most two gaps thick, and a direction at most half a degree off
        thick = 2 * gaps + 2 * HALF_DEGREE * np.ptp(self.points, axis=0).sum()
        most = max(len(self.points) / STRAYS + len(self.points) / 3, math.sqrt(len(self.points) / TAKEN))
        for i in np.flatnonzero((bands <= most) & (inner <= bands * thick)):
            found = _bands(across[:, i], float(gaps[i]))
            if all(across[band[-1], i] - across[band[0], i] <= thick[i] for band in found):
                yield found


@dataclass(frozen=True)
class Lines:
    """Parallel lines.

    Attributes:
        angle: of the lines against the x axis, in degrees.
        count: of lines.
        off: the farthest distance of a mark from its line, in pixels.
        strays: marks on no line.
    """

    angle: float
    count: int
    off: float
    strays: int = 0


def find_rows(marks: Marks) -> Lines | None:
    """One line of three or more marks, or several parallel ones of three or more each."""
    found = [lines for angle, bands in marks.banded if (lines := _rows(marks, bands, angle))]
    return min(found, key=lambda lines: (lines.strays, lines.count, lines.off), default=None)


def find_grid(marks: Marks) -> Lines | None:
    """Rows and columns at right angles: two or more by three or more, evenly apart, nearly all places taken.

    Its `count` is the fewer of rows and columns, its `angle` that of these lines.
    """
    found = [lines for angle, bands in marks.banded if (lines := _grid(marks, bands, angle))]
    return min(found, key=lambda lines: lines.off, default=None)


def _grid(marks: Marks, rows: Bands, angle: float) -> Lines | None:
    turned = angle + math.pi / 2
    columns = _bands(marks.across(turned), OFF * marks.depth(turned))
    places, n = len(rows) * len(columns), len(marks.points)
    if not 2 <= len(rows) <= len(columns) or not max(6, TAKEN * places) <= n <= places:
        return None
    taken = np.zeros(n, dtype=np.intp)
    for bands, step in ((rows, len(columns)), (columns, 1)):
        for i, band in enumerate(bands):
            taken[band] += i * step
    if len(np.unique(taken)) < n:
        return None
    off = 0.0
    for bands, direction in ((rows, angle), (columns, turned)):
        across = marks.across(direction)
        steps = np.diff([across[band].mean() for band in bands])
        off = max(off, *(_off(across[band]) for band in bands))
        clear = off <= min(OFF * marks.depth(direction), OFF_SPACING[5] * steps.min())
        if not clear or steps.max() > min(EVEN * steps.min(), REACH_MANY * marks.size):
            return None
    return Lines(math.degrees(angle), len(rows), off)


def _rows(marks: Marks, bands: Bands, angle: float) -> Lines | None:
    across, along = marks.across(angle), marks.across(angle - math.pi / 2)
    rows = [band for band in bands if len(band) >= 3]
    strays = len(across) - sum(len(row) for row in rows)
    if not rows or STRAYS * strays > len(across) or not all(_is_row(marks, row, angle) for row in rows):
        return None
    usual = max(float(np.median(np.diff(np.sort(along[row])))) for row in rows)
    for a, b in pairwise(rows):
        thicker = max(np.ptp(across[a]), np.ptp(across[b]))
        (a1, a2), (b1, b2) = ((along[row].min(), along[row].max()) for row in (a, b))
        apart = across[b].min() - across[a].max() >= APART * thicker
        beside = min(a2, b2) - max(a1, b1) >= BESIDE * min(a2 - a1, b2 - b1)
        if not (apart and beside) or usual > DENSER * (across[b].mean() - across[a].mean()):
            return None
    return Lines(math.degrees(angle), len(rows), max(_off(across[row]) for row in rows), strays)


def _is_row(marks: Marks, row: Band, angle: float) -> bool:
    """Whether these marks stand on one line, evenly enough, none far from the next."""
    off, n = _off(marks.across(angle)[row]), len(row)
    along = np.sort(marks.across(angle - math.pi / 2)[row])
    spacing, length = np.diff(along), along[-1] - along[0]
    usual = float(np.median(spacing))
    if off > OFF * marks.depth(angle) or usual > REACH.get(n, REACH_MANY) * marks.size:
        return False
    if n >= MANY:
        return bool(off <= OFF_LENGTH * length and spacing.max() <= HOLE * length)
    even = spacing.max() <= (UNEVEN_THREE * spacing.min() if n == 3 else UNEVEN * usual)
    return bool(even and off <= OFF_SPACING[n] * usual)


def _off(across: Array) -> float:
    return float(np.abs(across - across.mean()).max())


def _normals(angles: float | Array) -> Array:
    """Unit vectors across lines of these directions, (2, ...)."""
    return np.stack([-np.sin(angles), np.cos(angles)])


def _bands(across: Array, gap: float) -> Bands:
    """Indices of the marks, in groups between which there is a gap."""
    order = np.argsort(across, kind="stable")
    cuts = (np.flatnonzero(np.diff(across[order]) > gap) + 1).tolist()
    return [order[a:b] for a, b in pairwise((0, *cuts, len(order)))]


def _common_angle(points: Array, bands: Bands) -> float:
    """The direction that fits all bands best: the main axis of points about the middles of their bands."""
    counts = np.array([len(band) for band in bands])
    ordered = points[np.concatenate(bands)]
    middles = np.add.reduceat(ordered, np.cumsum(counts) - counts) / counts[:, None]
    x, y = (ordered - np.repeat(middles, counts, axis=0)).T
    return math.atan2(2 * float(x @ y), float(x @ x - y @ y)) / 2
