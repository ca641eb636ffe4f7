"""Where on the earth a GeoTIFF lies, how large its pixels are there, and when it was taken."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

import numpy as np
from rasterio.errors import RasterioError
from rasterio.warp import transform, transform_bounds

from mpgi_ray.ingest.windows import Window

Bounds = tuple[float, float, float, float]  # west, south, east and north in degrees
_DEGREES, _METRES = "EPSG:4326", "EPSG:4978"  # the second counts from the middle of the earth
# metadata that says when the picture was taken; the date of a TIFF file says when the file was written
_DATES = ("ACQUISITION_DATE", "ACQUISITIONDATETIME", "DATE_ACQUIRED", "SENSING_TIME", "PRODUCT_START_TIME")
_DAY = re.compile(r"(\d{4})[-:/]?(\d{2})[-:/]?(\d{2})(?!\d)")


def bounds_of(file: Any, window: Window) -> Bounds | None:
    """The bounds of a part of an opened file, whichever side is north; None if it tells none on the earth."""
    on_earth = file.crs is not None and (file.crs.is_geographic or file.crs.is_projected)
    if not on_earth or file.transform.is_identity:
        return None  # a system of its own ends in errors that GDAL's Python side does not translate
    x, y, width, height = window
    xs, ys = _projected(file, [(x + w, y + h) for w in (0, width) for h in (0, height)])
    try:
        west, south, east, north = transform_bounds(file.crs, _DEGREES, min(xs), min(ys), max(xs), max(ys))
    except RasterioError:
        return None
    within = -90 <= south < north <= 90 and all(-180 <= side <= 360 for side in (west, east))
    return (west, south, east, north) if within else None


def gsd_of(file: Any) -> float:
    """Metres per pixel of an opened file in its middle, the mean of across and down.

    Measured on the ellipsoid: a unit of a map projection is a metre at few places, of the web's at the
    equator alone.
    """
    x, y = file.width / 2, file.height / 2
    xs, ys = _projected(file, [(x - 0.5, y), (x + 0.5, y), (x, y - 0.5), (x, y + 0.5)])
    left, right, top, bottom = np.array(transform(file.crs, _METRES, xs, ys, [0.0] * 4)).T
    return math.sqrt(math.dist(left, right) * math.dist(top, bottom))


def date_of(file: Any) -> str | None:
    """The day an opened file was taken, as an ISO date; None where it tells none that can be read."""
    tags = {key.upper(): value for key, value in file.tags().items()}
    told = next((tags[key] for key in _DATES if tags.get(key)), "")
    if found := _DAY.match(told.strip()):
        try:
            return datetime.date(*map(int, found.groups())).isoformat()
        except ValueError:
            return None
    return None


def _projected(file: Any, places: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Coordinates, in the system of the file, of places in its pixels."""
    at = file.transform
    return [at.a * x + at.b * y + at.c for x, y in places], [at.d * x + at.e * y + at.f for x, y in places]
