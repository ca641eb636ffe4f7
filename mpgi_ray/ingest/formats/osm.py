"""OpenStreetMap: features of a map, and pictures whose place on the earth is known."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any

import shapely
import typer
import yaml
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from mpgi_ray.data.sample import Rejected
from mpgi_ray.ingest.central import map_view
from mpgi_ray.ingest.clip import clipped
from mpgi_ray.ingest.features import Feature, read_features
from mpgi_ray.ingest.footprint import Footprint
from mpgi_ray.ingest.footprints import Footprints
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.outline import outlined
from mpgi_ray.ingest.pictures import Pictures, stem
from mpgi_ray.rules.tags import telling_tag

LICENCE = "ODbL 1.0, © OpenStreetMap contributors"  # of the map, for whoever takes anything from it
_log = logging.getLogger(__name__)


def osm(
    features: Annotated[str, typer.Argument(help="GeoJSON, or a file of one feature a line.")],
    images: Annotated[str, typer.Option(help="The folder of pictures; north is up.")],
    footprints: Annotated[
        str | None, typer.Option(help="A CSV file of image, west, south, east, north in degrees.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="What an area is, if its tags do not say it.")] = None,
    extract: Annotated[
        str | None, typer.Option(help="When the map was drawn from, if the file does not state it.")
    ] = None,
) -> Listing:
    """Read map features of OpenStreetMap: each picture gets those that lie in it.

    Where a picture lies is said by its name (`x-y-zoom` or `zoom/x/y` of a map tile, or
    `…_west_north_east_south` in degrees, as LHRS-Align has it) or by a table. Buildings and other areas that
    one can count become outlines, all tags become tags of the picture; what does not show from above is told
    in no text.

    Raises:
        InputError: a file or folder cannot be read, or holds no features or pictures.
    """
    found, pictures = read_features(features), Pictures(images)
    if label is None and not any(telling_tag(feature.tags) for feature in found.good):
        _log.warning(
            "%s: no feature has a tag of what shows from above; if all areas are of one kind, say which with "
            "--label, as in --label building",
            features,
        )
    places, digest = Footprints(footprints), hashlib.sha256(found.fingerprint.encode())
    nearby, drawn = _Nearby(found.good), found.extract or extract

    def entries() -> Iterator[Entry]:
        for name in pictures.names:
            try:
                where = places.of(name)
            except ValueError as error:
                yield Rejected(name, 0, "no_footprint", str(error))
                continue
            try:
                inside = list(nearby.of(stem(name).rpartition("/")[2], where))
                view = map_view(inside, label, drawn).model_copy(update={"licence": LICENCE})
                note = _note(inside, label) | {"bounds": where.bounds, "map": view}
            except ShapelyError as error:
                yield Rejected(name, 0, "bad_annotation", f"a feature cannot be cut to it: {error}")
                continue
            yield Item(pictures.root, name, note, in_fractions=True, across_m=where.metres)
        yield from places.others(pictures.names)
        for at, why in found.bad:
            yield Rejected(f"{features}, {at}", 0, "bad_annotation", why)

    digest.update(places.fingerprint.encode())
    digest.update("\n".join(pictures.names).encode("utf-8", "surrogateescape"))
    what = " ".join(filter(None, (features, images, footprints, label, extract)))
    return Listing("osm", what, digest.hexdigest(), entries)


class _Nearby:
    """Features by the tile that they name, or by where they lie."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self._of_tile: defaultdict[str, list[Feature]] = defaultdict(list)
        for feature in features:
            self._of_tile[feature.tile].append(feature)
        self._anywhere = self._of_tile.pop("", [])
        self._tree = shapely.STRtree([feature.shape for feature in self._anywhere])

    def of(self, tile: str, place: Footprint) -> Iterator[tuple[Feature, BaseGeometry]]:
        """Each feature that reaches into a picture, with its whole shape in shares of the picture."""
        for feature in self._of_tile.get(tile, ()):
            yield feature, feature.shape
        for index in sorted(self._tree.query(shapely.box(*place.bounds))):
            feature = self._anywhere[index]
            yield feature, shapely.transform(feature.shape, place.in_picture)


def _note(inside: Iterable[tuple[Feature, BaseGeometry]], label: str | None) -> dict[str, Any]:
    objects: list[dict[str, Any]] = []
    tags: defaultdict[str, dict[str, None]] = defaultdict(dict)  # the values of a key, in their order
    for feature, whole in inside:
        shape = clipped(whole, 0, 0, 1, 1)
        if shape.is_empty:
            continue
        for key, value in feature.tags.items():
            tags[key].setdefault(value)
        kind = _thing(feature.tags) or label
        if kind and shape.area > 0:
            objects.append(_object(kind, shape, shape.area / whole.area))
    return {"objects": tuple(objects), "tags": {key: ";".join(values) for key, values in tags.items()}}


def _object(label: str, shape: BaseGeometry, visible: float) -> dict[str, Any]:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    outlines = [tuple(map(tuple, shapely.get_coordinates(part.exterior)[:-1].tolist())) for part in parts]
    return outlined(label, outlines, visible=min(1.0, visible))


def _thing(tags: Mapping[str, str]) -> str | None:
    """What one can count; None for land use, roads and all else. A water tower is no mere building."""
    known = [(labels, tags[key]) for key, labels in _things().items() if tags.get(key, "no") != "no"]
    special = (label for labels, value in known if (label := labels.get(value)))
    return next(special, next((labels["*"] for labels, _ in known if "*" in labels), None))


@lru_cache
def _things() -> dict[str, dict[str, str]]:
    text = resources.files("mpgi_ray.ingest").joinpath("map_objects.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
