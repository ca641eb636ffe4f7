"""Where a picture lies on the earth, and where a place on the earth lies in a picture."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EQUATOR_M = 2 * math.pi * 6_378_137  # of the sphere that web maps are drawn on
MAX_ZOOM = 24
Places = npt.NDArray[np.float64]  # (n, 2): longitude and latitude in degrees, or shares of width and height
_NUMBER = r"-?\d+(?:\.\d+)?"
_CORNERS = re.compile(rf"(?:^|_)({_NUMBER})_({_NUMBER})_({_NUMBER})_({_NUMBER})$")
_TILE = re.compile(r"(\d+)[-_/](\d+)[-_/](\d+)$")


@dataclass(frozen=True)
class Footprint:
    """The rectangle of a picture whose upper side points north.

    Attributes:
        bounds: west, south, east and north in degrees.
        in_picture: from longitude and latitude to shares of the picture's width and height, from its upper
            left corner.
        metres: the width of the picture on the ground.
    """

    bounds: tuple[float, float, float, float]
    in_picture: Callable[[Places], Places]
    metres: float


def of_corners(west: float, south: float, east: float, north: float) -> Footprint:
    """A picture between two meridians and two parallels, in degrees.

    Raises:
        ValueError: they are none, or in another order.
    """
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValueError(
            f"west {west:g}, south {south:g}, east {east:g}, north {north:g}: expected degrees, west below "
            "east and south below north"
        )

    def in_picture(places: Places) -> Places:
        return (places - (west, north)) / (east - west, south - north)

    across = (east - west) / 360 * EQUATOR_M * math.cos(math.radians((south + north) / 2))
    return Footprint((west, south, east, north), in_picture, across)


def of_tile(x: int, y: int, zoom: int) -> Footprint:
    """A tile of a web map, counted from the north-west corner.

    Raises:
        ValueError: there is no such tile.
    """
    if not (0 <= zoom <= MAX_ZOOM and 0 <= x < 2**zoom and 0 <= y < 2**zoom):
        raise ValueError(f"x {x}, y {y}, zoom {zoom}: there is no such tile")

    def in_picture(places: Places) -> Places:
        latitude = np.radians(np.clip(places[:, 1], -89.9, 89.9))
        across = (places[:, 0] / 360 + 0.5) * 2**zoom - x
        down = (0.5 - np.log(np.tan(latitude / 2 + math.pi / 4)) / (2 * math.pi)) * 2**zoom - y
        return np.column_stack([across, down])

    def latitude(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**zoom))))

    west, east = (column / 2**zoom * 360 - 180 for column in (x, x + 1))
    south, north = latitude(y + 1), latitude(y)
    metres = EQUATOR_M / 2**zoom * math.cos(math.radians((south + north) / 2))
    return Footprint((west, south, east, north), in_picture, metres)


def of_name(stem: str) -> Footprint:
    """What a picture's name says: a tile as ``x-y-zoom`` or ``zoom/x/y``, or its corners as
    ``…_west_north_east_south`` in degrees.

    Raises:
        ValueError: it says neither, or both of a tile's orders are possible.
    """
    if found := _CORNERS.search(stem):
        west, north, east, south = map(float, found.groups())
        return of_corners(west, south, east, north)
    if not (found := _TILE.search(stem)):
        raise ValueError(
            f"the name {stem!r:.120} says no place: expected x-y-zoom or zoom/x/y of a tile, or "
            "west_north_east_south in degrees at its end; or list the places with --footprints"
        )
    a, b, c = map(int, found.groups())
    possible = []
    for x, y, zoom in ((a, b, c), (b, c, a)):
        try:
            possible.append(of_tile(x, y, zoom))
        except ValueError:
            continue
    if len(possible) != 1:
        fits = "fits both x-y-zoom and zoom-x-y" if possible else "is no tile"
        raise ValueError(f"the name {stem!r:.120} {fits}: list the places with --footprints")
    return possible[0]
