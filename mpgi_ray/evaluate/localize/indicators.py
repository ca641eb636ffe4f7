"""Semantic localization: does the heat map of a text point at the regions that the text is about?

The indicators of Yuan et al. 2022, "Learning to Evaluate Performance of Multi-modal Semantic Localization"
(AIR-SLT), with the constants of their code, which RS5M (Zhang et al. 2024) uses too. The figures are those of
that code except in two cases: here a map that is the same everywhere has no peaks and no salient area, and
their code divides by zero; here ground that two regions share belongs to both, and there to neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.localize.peaks import peaks

WEIGHTS = (0.4, 0.35, 0.25)  # of Rsu, 1 - Ras and Rda in Rmi
REACH = 1.5  # a region's radius, in mean distances of its corners

Polygon: TypeAlias = Sequence[tuple[float, float]]  # x, y in pixels


@dataclass(frozen=True, slots=True)
class Localization:
    """How well a heat map finds its regions; each from 0 to 1.

    Attributes:
        rsu: salient area, how much of the heat lies in the regions; higher is better.
        ras: attention shift, how far the peaks are from the regions' middles; lower is better.
        rda: discrete attention, whether each region has one peak; higher is better.
    """

    rsu: float
    ras: float
    rda: float

    @property
    def rmi(self) -> float:
        """The mean indicator; higher is better."""
        return float(np.dot(WEIGHTS, (self.rsu, 1 - self.ras, self.rda)))

    def row(self) -> dict[str, float]:
        """The figures of a results table, rounded to four decimals as published ones are."""
        figures = {"rsu": self.rsu, "ras": self.ras, "rda": self.rda, "rmi": self.rmi}
        return {name: round(value, 4) for name, value in figures.items()}


@dataclass(frozen=True, slots=True)
class Region:
    """The circle around a region in which a peak counts, in whole pixels."""

    x: int
    y: int
    radius: int

    @classmethod
    def around(cls, polygon: Polygon) -> Region:
        """Middle: the mean of the corners. Radius: 1.5 times their mean distance from it, at least 1."""
        corners = np.asarray(polygon, dtype=np.float64)
        middle = np.trunc(corners.mean(axis=0))
        radius = REACH * np.linalg.norm(corners - middle, axis=1).mean()
        return cls(int(middle[0]), int(middle[1]), max(1, int(radius)))

    def near(self, points: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of the points (n, 2) that lie within the radius."""
        return points[_distances(points, (self.x, self.y)) <= self.radius]


def localize(heat: NDArray[np.uint8], polygons: Sequence[Polygon]) -> Localization:
    """The indicators of a heat map.

    Args:
        heat: (height, width), from `heat_map`.
        polygons: the outlines of the regions that the text is about, x and y in pixels.

    Raises:
        InputError: as `region_mask`.
    """
    mask = region_mask(polygons, heat.shape)
    found = peaks(heat)
    regions = [Region.around(polygon) for polygon in polygons]
    return Localization(
        salient_area(heat, mask), attention_shift(found, regions), discrete_attention(found, regions)
    )


def region_mask(polygons: Sequence[Polygon], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The pixels of the regions, their outlines included.

    Args:
        polygons: x and y in pixels.
        shape: height and width of the picture.

    Raises:
        InputError: no regions, one with fewer than three corners, or none that lies in the picture.
    """
    if not polygons or any(len(polygon) < 3 for polygon in polygons):
        corners = [len(polygon) for polygon in polygons]
        raise InputError(
            f"regions with {corners} corners: expected at least one region, with three or more corners each"
        )
    height, width = shape
    picture = Image.new("1", (width, height))
    draw = ImageDraw.Draw(picture)
    for polygon in polygons:
        draw.polygon([(int(x), int(y)) for x, y in polygon], fill=1, outline=1)
    mask = np.asarray(picture)
    if not mask.any():
        raise InputError(
            f"no region lies in the picture of {width}×{height} pixels: "
            "expected corners as x, y in pixels of the whole picture"
        )
    return mask


def salient_area(heat: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Rsu: 1 - exp(-0.707 · heat inside / heat outside · pixels outside / pixels inside).

    Args:
        heat: (height, width).
        mask: (height, width), the pixels of the regions; at least one.
    """
    inside = heat[mask].sum(dtype=np.float64) / 255
    outside = heat[~mask].sum(dtype=np.float64) / 255
    pixels = np.count_nonzero(mask)
    return float(1 - np.exp(-0.707 * inside / (outside + 1e-7) * (mask.size - pixels) / pixels))


def attention_shift(points: NDArray[np.intp], regions: Sequence[Region]) -> float:
    """Ras: (exp(3x) - 1) / (exp(3) - 1), where x is the mean over regions of their peaks' distance.

    A region's distance is the mean distance of the peaks in its circle, in radii, and 1 if there are none.

    Args:
        points: (peaks, 2), x and y.
    """
    shifts = [_shift(region.near(points), region) for region in regions]
    return float(np.expm1(3 * np.mean(shifts)) / np.expm1(3))


def discrete_attention(points: NDArray[np.intp], regions: Sequence[Region]) -> float:
    """Rda: the mean over regions of 0 without a peak in the circle, 1 with one, and less with n ≥ 2 of them.

    Then it is (1 - d) / 2 + exp(-(n + 2) / 2), where d is the mean distance of the peaks from their own
    middle in radii.

    Args:
        points: (peaks, 2), x and y.
    """
    return float(np.mean([_focus(region.near(points), region) for region in regions]))


def _shift(near: NDArray[np.intp], region: Region) -> float:
    return _distances(near, (region.x, region.y)).mean() / region.radius if len(near) else 1.0


def _focus(near: NDArray[np.intp], region: Region) -> float:
    if len(near) < 2:
        return len(near)
    spread = _distances(near, near.mean(axis=0)).mean() / region.radius
    return float(0.5 * (1 - spread) + np.exp(-0.5 * (len(near) + 2)))


def _distances(points: NDArray[np.intp], middle: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(points - np.asarray(middle), axis=1))
