"""What a map has in the middle of a picture and around it, told in true sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.affinity import scale

from mpgi_ray.data.sample import Annotation
from mpgi_ray.ingest import IngestConfig, ingest, osm
from mpgi_ray.rules import gather, rule_text
from support.ingested import ingest_all, picture, put, samples
from support.template_texts import annotated_texts

WEST, SOUTH, SIDE = 10.0, 0.0, 0.001  # degrees: some 110 m at the equator


def area(x: float, y: float, side: float, height: float | None = None) -> dict[str, Any]:
    """A rectangle about a place, in shares of the picture from its upper left corner."""
    w, h = side / 2, (height or side) / 2
    corners = [(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h), (x - w, y - h)]
    return {"type": "Polygon", "coordinates": [[degrees(*corner) for corner in corners]]}


def line(*places: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [degrees(*place) for place in places]}


def degrees(x: float, y: float) -> tuple[float, float]:
    return WEST + x * SIDE, SOUTH + (1 - y) * SIDE


def annotated(folder: Path, *features: tuple[dict[str, str], dict[str, Any]], **options: Any) -> Annotation:
    raw = [
        {"type": "Feature", "id": f"way/{number}", "properties": tags, "geometry": shape}
        for number, (tags, shape) in enumerate(features, start=1)
    ]
    collection = {"type": "FeatureCollection", "timestamp": "2024-02-01T03:00:00Z", "features": raw}
    corners = f"{WEST}_{SOUTH + SIDE}_{WEST + SIDE}_{SOUTH}"
    put(folder, {"map.geojson": json.dumps(collection), f"p/Kenya_1_X_{corners}.png": picture()})
    kept, lost = ingest_all(osm(str(folder / "map.geojson"), str(folder / "p"), **options), folder / "out")
    assert not lost
    (sample,) = kept.values()
    return sample.annotation


HOUSE, PARK, POND = {"building": "house"}, {"leisure": "park"}, {"natural": "water", "water": "pond"}
ROAD, PITCH = {"highway": "primary"}, {"leisure": "pitch", "sport": "tennis"}
HOUSES = [(HOUSE, area(*place, 0.1)) for place in ((0.2, 0.5), (0.5, 0.2), (0.8, 0.5))]

CASES: dict[str, tuple[list[Any], str | None]] = {
    "alone": ([(PARK, area(0.5, 0.5, 0.3))], "leisure=park"),
    "of a special kind": ([(PITCH, area(0.5, 0.5, 0.3))], "sport=tennis"),
    "small": ([(PARK, area(0.5, 0.5, 0.08))], None),
    "cut by the border": ([(PARK, area(0.4, 0.5, 0.9, 0.3))], None),
    "ground of all else": ([(PARK, area(0.5, 0.5, 0.95))], None),
    "beside the middle": ([(PARK, area(0.7, 0.5, 0.26))], None),
    "far around the middle": ([(PARK, area(0.8, 0.5, 0.6, 0.3))], None),
    "two compete": ([(PARK, area(0.4, 0.5, 0.18)), (PARK, area(0.6, 0.5, 0.18))], None),
    "the other is farther": ([(PARK, area(0.5, 0.5, 0.2)), (PARK, area(0.8, 0.5, 0.2))], "leisure=park"),
    "a part of it": ([(PARK, area(0.5, 0.5, 0.4)), (POND, area(0.5, 0.5, 0.1))], "leisure=park"),
    "in a larger one": ([(PITCH, area(0.5, 0.5, 0.2)), (PARK, area(0.7, 0.5, 0.9, 0.6))], "sport=tennis"),
    "a road across it": ([(PARK, area(0.5, 0.5, 0.4)), (ROAD, line((0, 0.5), (1, 0.5)))], None),
    "a road": ([(ROAD, line((0, 0.5), (0.5, 0.52))), (ROAD, line((0.5, 0.52), (1, 0.5)))], "highway=primary"),
    "a road that ends": ([(ROAD, line((0.3, 0.5), (0.6, 0.5)))], None),
    "does not show": ([({"landuse": "retail", "name": "Praia"}, area(0.5, 0.5, 0.3))], None),
    "a point": ([({"man_made": "silo"}, {"type": "Point", "coordinates": degrees(0.5, 0.5)})], None),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_central(tmp_path: Path, case: str) -> None:
    features, expected = CASES[case]
    view = annotated(tmp_path, *features).map
    assert view is not None
    assert (view.central.tag if view.central else None) == expected


def test_the_middle_and_what_surrounds_it_are_told(tmp_path: Path) -> None:
    park, pond = (PARK | {"name": "Uhuru"}, area(0.5, 0.5, 0.3)), (POND, area(0.55, 0.5, 0.1))
    road, far = (ROAD, line((0, 0.75), (1, 0.75))), (POND, area(0.05, 0.05, 0.06))
    annotation = annotated(tmp_path, road, far, park, pond, *HOUSES)
    view = annotation.map
    assert view is not None
    assert view.features[0] == "way/3"
    assert len(view.features) == 7
    assert view.extract == "2024-02-01T03:00:00Z"
    assert annotation.bounds == pytest.approx((WEST, SOUTH, WEST + SIDE, SOUTH + SIDE))
    facts = gather(annotation)
    text = "a park with a pond in the centre, surrounded by a main road and houses"
    assert facts.setting is not None
    assert facts.setting.phrase == text
    told = " ".join(rule_text(facts, "s"))
    assert "in the centre of the image, surrounded by a main road and houses." in told
    texts = [*annotated_texts(facts, "s"), told]
    assert all("Uhuru" not in text for text in texts)
    assert all("park" in text and "house" in text for text in texts if text)


def test_a_sample_carries_date_and_licence_of_the_map(tmp_path: Path) -> None:
    known = annotated(tmp_path / "a", (PARK, area(0.5, 0.5, 0.3)), extract="2020-01-01").map
    assert known is not None
    assert known.extract == "2024-02-01T03:00:00Z"  # what the file states goes before
    assert known.licence == "ODbL 1.0, © OpenStreetMap contributors"
    line = {"type": "Feature", "properties": PARK, "geometry": area(0.5, 0.5, 0.3)}
    put(
        tmp_path,
        {
            "map.jsonl": json.dumps(line),
            "corners.csv": "image,west,south,east,north\na.png,10,0,10.001,0.001",
        },
    )
    put(tmp_path, {"p/a.png": picture()})
    listing = osm(
        str(tmp_path / "map.jsonl"), str(tmp_path / "p"), str(tmp_path / "corners.csv"), extract="2020-01-01"
    )
    kept, _ = ingest_all(listing, tmp_path / "out")
    assert kept["a.png"].annotation.map is not None
    assert kept["a.png"].annotation.map.extract == "2020-01-01"


def test_what_lies_on_one_side_does_not_surround(tmp_path: Path) -> None:
    facts = gather(annotated(tmp_path, (PARK, area(0.5, 0.5, 0.3)), (ROAD, line((0, 0.75), (1, 0.75)))))
    assert facts.setting is not None
    assert facts.setting.phrase == "a park in the centre, near a main road"


def test_the_wood_that_a_lake_lies_in_surrounds_it(tmp_path: Path) -> None:
    facts = gather(annotated(tmp_path, ({"natural": "wood"}, area(0.5, 0.5, 2)), (POND, area(0.5, 0.5, 0.3))))
    assert facts.setting is not None
    assert facts.setting.phrase == "a pond in the centre, surrounded by woodland"


def test_what_is_too_small_for_the_pixels_is_not_told(tmp_path: Path) -> None:
    annotation = annotated(tmp_path, (PITCH, area(0.5, 0.5, 0.3)), *HOUSES)
    assert annotation.map is not None
    coarse = gather(annotation.model_copy(update={"gsd": 5.0, "objects": ()}))
    assert coarse.setting is None
    middling = gather(annotation.model_copy(update={"gsd": 3.5, "objects": ()}))
    assert middling.tags == ("at least one house",)


def test_what_only_a_corner_shows_is_not_told(tmp_path: Path) -> None:
    shore = ({"natural": "coastline"}, line((-0.1, 0.22), (0.12, -0.1)))
    beach = ({"natural": "beach"}, area(0, 0, 0.4))
    assert gather(annotated(tmp_path, shore, beach)).tags == ()


def test_a_feature_that_reaches_in_by_a_rounding_error_is_not_there(tmp_path: Path) -> None:
    shape = {"geometry_type": "Polygon", "tags": {"building": "yes"}}
    corners = [(1 - 2**-53, 0.89), (1.28, 0.34), (1.47, 0.29)]
    coordinates = [[[x * 4096, y * 4096] for x, y in (*corners, corners[0])]]
    rows = [shape | {"tile": "62094-50164-17", "tile_coords_4096": coordinates}]
    rows += [shape | {"tile": "62095-50164-17", "tile_coords_4096": [[[9, 9], [999, 9], [999, 999]]]}]
    files: dict[str, str | bytes] = {f"p/{row['tile']}.png": picture() for row in rows}
    put(tmp_path, files | {"map.jsonl": "\n".join(map(json.dumps, rows))})
    kept, lost = ingest_all(osm(str(tmp_path / "map.jsonl"), str(tmp_path / "p")), tmp_path / "out")
    assert not lost
    other, own = (kept[f"{row['tile']}.png"].annotation for row in rows)
    assert (other.objects, other.tags, own.tags) == ((), {}, {"building": "yes"})


def test_a_table_of_footprints(tmp_path: Path) -> None:
    shape = {"type": "Feature", "properties": HOUSE, "geometry": area(0.5, 0.5, 0.3)}
    put(tmp_path, {"map.geojson": json.dumps({"type": "FeatureCollection", "features": [shape]})})
    put(tmp_path, {f"p/{name}.png": picture() for name in "abc"})
    corners = f"{WEST},{SOUTH},{WEST + SIDE},{SOUTH + SIDE}"
    text = f"image,west,south,east,north\na.png,{corners}\nb.png,1,2\ngone.png,{corners}\n"
    put(tmp_path, {"places.csv": text})
    table = str(tmp_path / "places.csv")
    listing = osm(str(tmp_path / "map.geojson"), str(tmp_path / "p"), footprints=table)
    kept, lost = ingest_all(listing, tmp_path / "out")
    assert kept["a.png"].annotation.bounds == pytest.approx((WEST, SOUTH, WEST + SIDE, SOUTH + SIDE))
    assert {name: why for name, why in lost.items() if table in why[1]} == lost
    assert {name: (why[0], why[1].removeprefix(table)) for name, why in lost.items()} == {
        "b.png": ("no_footprint", ", line 3: expected a number, found ''"),
        "c.png": ("no_footprint", " has no row of c.png"),
        "gone.png": ("missing_image", ", line 4: there is no such picture"),
    }
    put(tmp_path, {"places.csv": text.replace("b.png,1,2\n", f"b.png,{corners}\n")})
    again = osm(str(tmp_path / "map.geojson"), str(tmp_path / "p"), footprints=table)
    assert again.fingerprint != listing.fingerprint


def test_central_features_of_real_maps_are_nearest_to_the_middle(data_dir: Path, tmp_path: Path) -> None:
    centrals = 0
    for name, found in real(data_dir, tmp_path).items():
        shapes, view = found[0], found[1].map
        assert view is not None
        if view.central is None:
            continue
        centrals += 1
        key, value = view.central.tag.split("=")
        off = sorted((shape.distance(shapely.Point(0.5, 0.5)), tags) for tags, shape in shapes)
        nearest, tags = off[0]
        assert nearest < 0.05, name
        assert tags.get(key, "yes") == value, name
        if not view.central.through:  # a further piece of a road may be as near
            assert off[1][0] > nearest + 0.09, name
    assert centrals >= 3


def real(data_dir: Path, out: Path) -> dict[str, tuple[list[tuple[Any, Any]], Annotation]]:
    """For each picture the features that its file names, in shares of the picture, and what came of it."""
    tiles, chips = data_dir / "osm_tiles_portugal", data_dir / "oam_osm_buildings"
    found: dict[str, tuple[list[tuple[Any, Any]], Annotation]] = {}
    listing = osm(str(tiles / "osm_features_per_tile.jsonl"), str(tiles / "tiles"))
    ingest(listing, IngestConfig(output=str(out / "tiles")))
    rows = [json.loads(row) for row in (tiles / "osm_features_per_tile.jsonl").read_text().splitlines()]
    for name, sample in samples(out / "tiles").items():
        own = [row for row in rows if f"{row['tile']}.jpg" == name and telling(row["tags"])]
        shapes = [(row["tags"], drawn(row["geometry_type"], row["tile_coords_4096"])) for row in own]
        found[name] = shapes, sample.annotation
    listing = osm(str(chips / "labels.geojson"), str(chips / "images"), label="building")
    ingest(listing, IngestConfig(output=str(out / "chips")))
    outlines = json.loads((chips / "labels.geojson").read_text())["features"]
    rings = [np.array(outline["geometry"]["coordinates"][0]) for outline in outlines]
    for name, sample in samples(out / "chips").items():
        _, x, y, zoom = name.removesuffix(".png").split("-")
        shapes = [({}, shapely.Polygon(shares(ring, int(x), int(y), int(zoom)))) for ring in rings]
        inside = [(tags, shape) for tags, shape in shapes if shape.intersects(shapely.box(0, 0, 1, 1))]
        found[name] = inside, sample.annotation
    return found


def telling(tags: dict[str, str]) -> bool:
    return bool({"highway", "natural", "amenity", "building", "man_made"} & set(tags))


def drawn(kind: str, coordinates: Any) -> Any:
    shape = shapely.geometry.shape({"type": kind, "coordinates": coordinates})
    return scale(shape, 1 / 4096, 1 / 4096, origin=(0, 0))


def shares(ring: Any, x: int, y: int, zoom: int) -> Any:
    lon, lat = ring.T
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return np.column_stack([(lon + 180) / 360 * 2**zoom - x, down * 2**zoom - y])
