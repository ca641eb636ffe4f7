"""Pictures of two real folders with the map features of their original files, read without `mpgi_ray`.

For `benchmarks/maps_true.py`: own Web Mercator, own vocabulary, own reading of GeoJSON and lines of features.
Shapes lie in shares of a picture's width and height, from its upper left corner.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

DATA = Path(os.environ.get("MPGI_TEST_DATA", Path(__file__).parent.parent.parent / "shared/data"))
BUILDING = "building"  # all features of the chips are, and have no tags
TAGS = {
    "beach": ("natural", "beach"),
    "cliff": ("natural", "cliff"),
    "coastline": ("natural", "coastline"),
    "track": ("highway", "track"),
    "minor road": ("highway", "tertiary"),
    "residential street": ("highway", "residential"),
    "service road": ("highway", "service"),
    "parking area": ("amenity", "parking"),
    "water tower": ("man_made", "water_tower"),
}
EARTH_M = 2 * math.pi * 6_378_137


@dataclass(frozen=True)
class Thing:
    """A feature in shares of the picture, y down: the whole of it, and what the picture shows."""

    id: str
    tags: dict[str, str]
    whole: BaseGeometry
    shown: BaseGeometry

    @property
    def share(self) -> float:
        return float(self.shown.area / self.whole.area) if self.whole.area else 1.0

    @property
    def middle(self) -> tuple[float, float]:
        x1, y1, x2, y2 = self.shown.bounds
        return (x1 + x2) / 2, (y1 + y2) / 2


@dataclass
class Scene:
    """A picture with the features of the original file."""

    x: int
    y: int
    zoom: int
    things: list[Thing] = field(default_factory=list)
    aerial: bool = False

    def lon_lat(self, across: float, down: float) -> tuple[float, float]:
        n = math.pi * (1 - 2 * (self.y + down) / 2**self.zoom)
        return (self.x + across) / 2**self.zoom * 360 - 180, math.degrees(math.atan(math.sinh(n)))

    @property
    def pixel_m(self) -> float:
        return EARTH_M * math.cos(math.radians(self.lon_lat(0.5, 0.5)[1])) / 2**self.zoom / 256

    def add(self, name: str, tags: dict[str, str], whole: BaseGeometry) -> None:
        whole = whole if whole.is_valid else whole.buffer(0)
        if not (shown := whole & shapely.box(0, 0, 1, 1)).is_empty:
            self.things.append(Thing(name, tags, whole, shown))

    def named(self, noun: str) -> list[Thing]:
        """All that bear a name, in the singular or plural, each once: what was drawn twice is one thing.

        Raises:
            KeyError: the name is not known.
        """
        noun = noun if noun in TAGS else noun.removesuffix("s")
        if noun == BUILDING:
            found = [t for t in self.things if t.whole.area and not t.tags]
        else:
            key, value = TAGS[noun]
            found = [t for t in self.things if t.tags.get(key) == value]
        once: list[Thing] = []
        for thing in found:
            if not any(thing.whole.area and _same(thing.whole, other.whole) for other in once):
                once.append(thing)
        return once


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool((one & other).area > 0.8 * (one | other).area)


def scenes(name: str) -> dict[str, Scene]:
    """The pictures of a folder by their names."""
    found: dict[str, Scene] = {}
    for path in sorted((DATA / name).rglob("*-*-*-*.png" if "oam" in name else "*-*-*.jpg")):
        x, y, zoom = map(int, path.stem.removeprefix("OAM-").split("-"))
        found[path.name] = Scene(x, y, zoom, aerial="oam" in name)
    if "oam" in name:
        for feature in json.loads((DATA / name / "labels.geojson").read_text())["features"]:
            shape, told = shapely.geometry.shape(feature["geometry"]), feature["properties"]
            for scene in found.values():
                scene.add(str(told.get("osm_id") or ""), {}, shapely.transform(shape, _in(scene)))
        return found
    for line in (DATA / name / "osm_features_per_tile.jsonl").read_text().splitlines():
        raw = json.loads(line)
        kind, places = raw["geometry_type"], raw["tile_coords_4096"]
        if kind == "Polygon" and isinstance(places[0][0], int | float):
            places = [places]
        shape = shapely.geometry.shape({"type": kind, "coordinates": places})
        shape = shapely.transform(shape, lambda at: at / 4096)
        found[f"{raw['tile']}.jpg"].add(f"{raw['osm_type']}/{raw['osm_id']}", raw["tags"], shape)
    return found


def _in(scene: Scene) -> Callable[[Any], Any]:
    def shares(places: Any) -> Any:
        moved = places.copy()
        for place in moved:
            sine = math.sin(math.radians(place[1]))
            down = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
            place[:] = (place[0] + 180) / 360 * 2**scene.zoom - scene.x, down * 2**scene.zoom - scene.y
        return moved

    return shares
