"""Real annotations in the files of their authors, against a few lines that read the same by themselves."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.data.sample import Annotation
from mpgi_ray.ingest import (
    IngestConfig,
    boxes,
    dota,
    ingest,
    karpathy,
    labels,
    load_source,
    masks,
    osm,
    voc,
    yolo,
)
from mpgi_ray.ingest.item import Listing
from support.ingested import rejected, samples

Numbers = tuple[float, ...]


def ingested(listing: Listing, out: Path, source: str | None = None) -> dict[str, Annotation]:
    ingest(listing, IngestConfig(output=str(out), source=load_source(source)))
    return {name: sample.annotation for name, sample in samples(out).items()}


def flat(points: Iterable[tuple[float, float]]) -> Numbers:
    return tuple(value for point in points for value in point)


def near(found: list[Numbers], expected: list[Numbers]) -> bool:
    return len(found) == len(expected) and all(
        np.allclose(a, b, atol=1e-6) for a, b in zip(found, expected, strict=True)
    )


def inside(corners: Numbers, size: tuple[int, int]) -> Numbers:
    """The box around corners, as far as it lies in the picture."""
    xs, ys = (np.clip(corners[axis::2], 0, size[axis]) for axis in (0, 1))
    return (xs.min(), ys.min(), xs.max(), ys.max())


def text(element: minidom.Element, name: str) -> str:
    return str(element.getElementsByTagName(name)[0].firstChild.data)  # type: ignore[union-attr]


def test_pascal_voc(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "neon_trees"
    found = ingested(voc(str(folder), images=str(folder)), tmp_path)
    assert list(found) == ["SOAP_061.png"]
    entries = minidom.parse(str(folder / "SOAP_061.xml")).getElementsByTagName("object")
    corners = ("xmin", "ymin", "xmax", "ymax")
    expected = [(text(e, "name"), tuple(float(text(e, c)) for c in corners)) for e in entries]
    assert [(o.label, tuple(o.box)) for o in found["SOAP_061.png"].objects] == expected
    assert len(expected) > 20
    assert {reason for _, reason, _ in rejected(tmp_path)} == {"missing_annotation"}


def test_dota(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "dota_examples"
    found = ingested(dota(str(folder / "labelTxt"), images=str(folder / "images")), tmp_path, "dota")
    assert len(found) == 3
    for name, annotation in found.items():
        lines = (folder / "labelTxt" / name).with_suffix(".txt").read_text().split("\n")
        rows = [line.split() for line in lines if re.match(r"[\d.-]+ ", line)]
        assert Counter(o.label for o in annotation.objects) == Counter(row[8] for row in rows)
        assert [o.difficult for o in annotation.objects] == [row[9] == "1" for row in rows]
        corners = [tuple(map(float, row[:8])) for row in rows]
        assert near([flat(o.obb or ()) for o in annotation.objects], corners)
        size = annotation.width, annotation.height
        assert near([tuple(o.box) for o in annotation.objects], [inside(c, size) for c in corners])
        stated = re.search(r"gsd:([\d.]+)", "\n".join(lines))
        assert annotation.gsd == (float(stated[1]) if stated else None)


@pytest.mark.parametrize("name", ["simd", "kit_ais_vehicles"])
def test_yolo_boxes(data_dir: Path, tmp_path: Path, name: str) -> None:
    folder = data_dir / name
    found = ingested(yolo(str(folder / "labels"), images=str(folder / "images")), tmp_path)
    classes = (folder / "classes.txt").read_text().split()
    assert len(found) == len(list((folder / "images").iterdir()))
    for picture, annotation in found.items():
        width, height = Image.open(folder / "images" / picture).size
        rows = [line.split() for line in (folder / "labels" / picture).with_suffix(".txt").open()]
        assert [o.label for o in annotation.objects] == [classes[int(row[0])] for row in rows]
        expected = []
        for row in rows:
            x, y, w, h = (float(v) * side for v, side in zip(row[1:], (width, height) * 2, strict=True))
            expected.append(inside((x - w / 2, y - h / 2, x + w / 2, y + h / 2), (width, height)))
        assert near([tuple(o.box) for o in annotation.objects], expected)


def test_yolo_oriented_boxes(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "dota_examples"
    classes = ["plane", "ship", "storage tank", "baseball diamond", "tennis court", "basketball court"]
    classes += ["ground track field", "harbor", "bridge", "large vehicle", "small vehicle", "helicopter"]
    classes += ["roundabout", "soccer ball field", "swimming pool"]
    (tmp_path / "data.yaml").write_text(json.dumps({"names": dict(enumerate(classes))}))
    listing = yolo(str(folder / "labels_yolo_obb"), str(folder / "images"), names=str(tmp_path / "data.yaml"))
    found = ingested(listing, tmp_path / "out")
    assert len(found) == 4
    for picture, annotation in found.items():
        size = annotation.width, annotation.height
        rows = [line.split() for line in (folder / "labels_yolo_obb" / picture).with_suffix(".txt").open()]
        assert [o.label for o in annotation.objects] == [classes[int(row[0])] for row in rows]
        corners = [tuple(float(v) * s for v, s in zip(row[1:], size * 4, strict=True)) for row in rows]
        assert near([flat(o.obb or ()) for o in annotation.objects], corners)


def test_tables_of_boxes(data_dir: Path, tmp_path: Path) -> None:
    folder, total = data_dir / "neon_trees", 0
    for table in sorted(folder.glob("*.csv")):
        found = ingested(boxes(str(table)), tmp_path / table.stem)
        with table.open() as file:
            rows = list(csv.DictReader(file))
        (annotation,) = found.values()
        size = annotation.width, annotation.height
        assert [o.label for o in annotation.objects] == [row["label"] for row in rows]
        if "geometry" in rows[0]:
            outlines = [[float(n) for n in re.findall(r"[\d.]+", row["geometry"])] for row in rows]
            assert near([flat(o.polygons[0]) for o in annotation.objects], [tuple(o[:-2]) for o in outlines])
            expected = [inside(tuple(o), size) for o in outlines]
        else:
            corners = ("xmin", "ymin", "xmax", "ymax")
            expected = [inside(tuple(float(row[c]) for c in corners), size) for row in rows]
        assert near([tuple(o.box) for o in annotation.objects], expected)
        total += len(rows)
    assert total > 70


def test_tables_of_labels(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "ucm"
    found = ingested(labels(str(folder / "multilabels.tsv"), str(folder / "images"), scene=True), tmp_path)
    header, *rows = [line.split("\t") for line in (folder / "multilabels.tsv").read_text().splitlines()]
    assert len(found) == len(rows)
    by_stem = {Path(name).stem: (name, annotation) for name, annotation in found.items()}
    for stem, *cells in rows:
        name, annotation = by_stem[stem]
        assert set(annotation.labels) == {h for h, c in zip(header[1:], cells, strict=True) if c == "1"}
        assert annotation.scene == (name.split("/")[0],)


def test_captions_of_karpathys_layout(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "ucm"
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()][::7]
    for line in lines:  # under the numbers that the caption file calls them by
        called = (tmp_path / "imgs" / line["ucm_captions_file"]).with_suffix(".jpg")
        called.parent.mkdir(exist_ok=True)
        shutil.copy(folder / line["image"], called)
    listing = karpathy(str(folder / "dataset_ucm_dev.json"), str(tmp_path / "imgs"))
    found = ingested(listing, tmp_path / "out")
    assert len(found) == len(lines)
    for line in lines:
        annotation = found[Path(line["ucm_captions_file"]).with_suffix(".jpg").name]
        assert set(annotation.captions) == set(line["captions"])
        assert annotation.split == line["split"]
    assert {reason for _, reason, _ in rejected(tmp_path / "out")} == {"bad_annotation"}  # the others


@pytest.mark.parametrize("name", ["dubai_seg", "gid_mtl15"])
def test_masks(data_dir: Path, tmp_path: Path, name: str) -> None:
    folder, preset = data_dir / name, load_source(name)
    found = ingested(masks(str(folder / "images"), masks=str(folder / "masks")), tmp_path, name)
    assert len(found) == len(list((folder / "images").iterdir()))
    for picture, annotation in found.items():
        mask = Image.open((folder / "masks" / picture).with_suffix(".png"))
        for label, value in preset.mask.items():
            pixels = np.asarray(mask.convert("RGB") if isinstance(value, tuple) else mask)
            here = pixels == np.array(value)
            share = (here.all(axis=-1) if here.ndim == 3 else here).mean()
            told = preset.label(label)
            if told is not None:
                cover = annotation.cover.get(told)
                assert (cover.fraction if cover else 0) == pytest.approx(share, abs=1e-9)


def mercator(lon: float, lat: float, tile: tuple[int, int, int]) -> tuple[float, float]:
    """The place in a tile of 256 pixels, by the formula of OpenStreetMap's wiki."""
    zoom, x, y = tile
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return ((lon + 180) / 360 * 2**zoom - x) * 256, (down * 2**zoom - y) * 256


def test_buildings_of_a_map(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "oam_osm_buildings"
    found = ingested(osm(str(folder / "labels.geojson"), str(folder / "images"), label="building"), tmp_path)
    features = json.loads((folder / "labels.geojson").read_text())["features"]
    rings = [feature["geometry"]["coordinates"][0] for feature in features]
    total = 0
    for line in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines()):
        annotation = found[Path(line["image"]).name]
        tile = line["z"], line["x"], line["y"]
        here = [np.array([mercator(lon, lat, tile) for lon, lat in ring]) for ring in rings]
        boxes = [inside(tuple(outline.ravel()), (256, 256)) for outline in here]
        reaching = sorted(box for box in boxes if box[0] < box[2] and box[1] < box[3])
        # the box around an outline that touches a corner from outside may reach in where it does not
        assert len(annotation.objects) <= len(reaching)
        for thing in annotation.objects:
            x1, y1, x2, y2 = thing.box
            assert any(
                b[0] - 0.1 <= x1 and b[1] - 0.1 <= y1 and x2 <= b[2] + 0.1 and y2 <= b[3] + 0.1
                for b in reaching
            )
        whole = [(d, b) for d, b in zip(here, boxes, strict=True) if (d >= 0).all() and (d <= 256).all()]
        own = sorted(tuple(thing.box) for thing in annotation.objects if thing.visible > 0.999999)
        assert near(own, sorted(box for _, box in whole))
        assert annotation.bounds == pytest.approx(line["bbox_lonlat"])
        latitude = np.radians((line["bbox_lonlat"][1] + line["bbox_lonlat"][3]) / 2)
        assert annotation.gsd == pytest.approx(156_543.034 * np.cos(latitude) / 2 ** line["z"], rel=1e-6)
        total += len(annotation.objects)
    assert total > 100


def test_features_of_a_map_in_tile_units_and_in_degrees(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "osm_tiles_portugal"
    per_tile, tiles = folder / "osm_features_per_tile.jsonl", str(folder / "tiles")
    lines = [json.loads(line) for line in per_tile.read_text().splitlines()]
    by_tile: dict[str, dict[str, set[str]]] = {}
    for line in lines:
        xs, ys = np.array(flatten(line["tile_coords_4096"])).reshape(-1, 2).T
        if len(xs) == 1 or (xs.max() > 0 and ys.max() > 0 and xs.min() < 4096 and ys.min() < 4096):
            for key, value in line["tags"].items():
                by_tile.setdefault(line["tile"], {}).setdefault(key, set()).add(value)
    found = ingested(osm(str(per_tile), tiles), tmp_path / "tile")
    assert len(found) == 8
    for name, annotation in found.items():
        own = {key: set(values.split(";")) for key, values in annotation.tags.items()}
        expected = by_tile.get(Path(name).stem, {})
        assert own == {
            key: {v for value in values for v in value.split(";")} for key, values in expected.items()
        }
    again = ingested(osm(str(folder / "labels_from_repo.geojson"), tiles), tmp_path / "degrees")
    for name, annotation in found.items():
        assert {o.label for o in annotation.objects} == {o.label for o in again[name].objects}
        assert {"beach", "cliff"} & set(annotation.tags.get("natural", "").split(";")) == {
            "beach",
            "cliff",
        } & set(again[name].tags.get("natural", "").split(";"))


def flatten(value: object) -> list[float]:
    return [x for part in value for x in flatten(part)] if isinstance(value, list) else [float(value)]  # type: ignore[arg-type]
