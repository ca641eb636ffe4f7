"""Map features: GeoJSON, or JSON lines, in degrees or in the units of a vector tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from mpgi_ray.data.text import JsonError, decode_json
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.tables import read_text_file

TILE_UNITS = 4096  # of a vector tile's side
_NO_TAGS = {"osm_id", "osm_type", "id", "type"}  # what exports tell of a feature beside its tags
_KINDS = ("node", "way", "relation")
_TYPES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing of a map.

    Attributes:
        tags: OpenStreetMap's keys and values.
        shape: in degrees; in shares of a tile's width and height if ``tile`` names one.
        tile: ``x-y-zoom``; empty for degrees.
        id: what the map calls it: ``way/4711``; empty if it has no name.
    """

    tags: Mapping[str, str]
    shape: BaseGeometry
    tile: str = ""
    id: str = ""


@dataclass(frozen=True)
class Features:
    """Those of a file.

    Attributes:
        bad: the place of each that cannot be read, and why.
        extract: when the map was drawn from, if the file states it (``timestamp``, as Overpass writes it).
    """

    good: tuple[Feature, ...]
    bad: tuple[tuple[str, str], ...]
    fingerprint: str
    extract: str | None = None


def read_features(path: str) -> Features:
    """The features of a GeoJSON file, or of one that holds a feature a line.

    A line may also name a ``tile``, with ``tags``, ``geometry_type`` and ``tile_coords_4096``.

    Raises:
        InputError: the file cannot be read, or holds no features.
    """
    text, fingerprint = read_text_file(path)
    good: list[Feature] = []
    bad: list[tuple[str, str]] = []
    whole = _whole(text)
    for where, raw in _raw(whole, text, path):
        try:
            good.append(_feature(raw))
        except (ValueError, TypeError, KeyError, RecursionError, ShapelyError) as error:
            bad.append((where, str(error)))
    if not good and not bad:
        raise InputError(
            f"{path} holds no features: expected a GeoJSON FeatureCollection, or a feature a line"
        )
    stated = (whole or {}).get("timestamp")
    return Features(tuple(good), tuple(bad), fingerprint, stated if isinstance(stated, str) else None)


def _whole(text: str) -> dict[str, Any] | None:
    """A file that is one collection; None for one that holds a feature a line."""
    try:
        whole = decode_json(text)
    except JsonError:
        return None
    return whole if isinstance(whole, dict) and whole.get("type") == "FeatureCollection" else None


def _raw(whole: dict[str, Any] | None, text: str, path: str) -> Iterator[tuple[str, Any]]:
    if whole is not None:
        if not isinstance(whole.get("features"), list):
            raise InputError(f"{path} has no list 'features': expected a GeoJSON FeatureCollection")
        yield from ((f"feature {number}", raw) for number, raw in enumerate(whole["features"], start=1))
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield f"line {number}", decode_json(line)
            except JsonError as error:
                if number == 1:
                    raise InputError(f"{path} is neither GeoJSON nor JSON lines: {error}") from error
                yield f"line {number}", None


def _feature(raw: Any) -> Feature:
    if not isinstance(raw, dict):
        raise ValueError("it is not a JSON object")
    if "tile_coords_4096" in raw:
        kind, coordinates = raw.get("geometry_type"), raw["tile_coords_4096"]
        shape = _shape(kind, [coordinates] if kind == "Polygon" and _depth(coordinates) == 2 else coordinates)
        return Feature(_tags(raw.get("tags")), _in_shares(shape), str(raw["tile"]), _id(raw))
    geometry = raw.get("geometry")
    if not isinstance(geometry, dict):
        raise ValueError("it has no geometry")
    shape = _shape(geometry.get("type"), geometry.get("coordinates"))
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(f"coordinates from {west:g}, {south:g} to {east:g}, {north:g}: expected degrees")
    return Feature(_tags(raw.get("properties")), shape, id=_id(raw))


def _shape(kind: Any, coordinates: Any) -> BaseGeometry:
    if kind not in _TYPES:
        raise ValueError(f"geometry of type {kind!r:.40}: expected one of {', '.join(sorted(_TYPES))}")
    try:
        shape = shapely.geometry.shape({"type": kind, "coordinates": coordinates})
    except Exception as error:  # shapely raises whatever its parts do
        raise ValueError(f"its coordinates are not those of a {kind}: {error}") from error
    if shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        raise ValueError("its coordinates are empty or not finite")
    return shape if shape.is_valid else shapely.make_valid(shape)


def _in_shares(shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, lambda places: places / TILE_UNITS)


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def _tags(raw: Any) -> dict[str, str]:
    """Keys with a text or number; exports put them under ``tags``, or begin own keys with ``@``."""
    inner = raw.get("tags") if isinstance(raw, dict) else None
    given = inner if isinstance(inner, dict) else raw
    if not isinstance(given, dict):
        return {}
    return {
        key: str(value)
        for key, value in given.items()
        if isinstance(value, str | int) and not key.startswith("@") and key not in _NO_TAGS
    }


def _id(raw: Mapping[str, Any]) -> str:
    """``way/4711``, however an export spells it; an id without a kind as it is."""
    inner = raw.get("properties")
    given = [raw, *([inner] if isinstance(inner, dict) else [])]
    for kind, number in (("osm_type", "osm_id"), ("@type", "@id"), ("type", "id"), ("", "id")):
        for fields in given[::-1]:
            found = fields.get(number)
            if isinstance(found, str | int) and found != "":
                name = fields.get(kind)
                return f"{name}/{found}" if name in _KINDS else str(found)
    return ""
