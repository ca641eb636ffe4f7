"""A small data set in the layout of each further preset that tells how it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from support.miniatures import HEIGHT, WIDTH, Truth, Truths, corners, picture, places, put


def ucm(folder: Path) -> Truths:
    header = ("IMAGE\\LABEL", "airplane", "cars", "grass", "trees")
    rows, found = ["\t".join(header)], {}
    for scene, marks in (("agricultural", "0001"), ("airplane", "1110")):
        name = f"{scene}/{scene}00.tif"
        picture(folder / "UCMerced_LandUse/Images" / name)
        rows.append("\t".join((f"{scene}00", *marks)))
        present = tuple(label for label, mark in zip(header[1:], marks, strict=True) if mark == "1")
        found[name] = Truth(scene=scene, labels=present, gsd=0.3)
    put(folder / "UCMerced_LandUse/LandUse_Multilabeled.txt", "\n".join(rows))
    return found


def captioned(root: str, file: str, images: str, names: tuple[str, str]) -> Callable[[Path], Truths]:
    """Sentences for each picture, in the layout of Karpathy's files."""

    def write(folder: Path) -> Truths:
        listed, found = [], {}
        for number, (name, split) in enumerate(zip(names, ("train", "test"), strict=True)):
            sentences = [{"raw": f"This is picture {number} ."}, {"raw": f"Number {number} is here ."}]
            listed.append({"filename": name, "imgid": number, "split": split, "sentences": sentences})
            picture(folder / root / images / name)
            captions = tuple(one["raw"] for one in sentences)
            found[name] = Truth(captions=captions, split=split)
        put(folder / root / file, json.dumps({"images": listed, "dataset": "x"}))
        return found

    return write


def yolo(
    root: str, images: str, names: str, suffix: str, classes: tuple[str, ...]
) -> Callable[[Path], Truths]:
    """All classes in one picture, whose text lies beside it."""

    def write(folder: Path) -> Truths:
        lines, objects = [], []
        for number, (label, (x, y, w, h)) in enumerate(zip(classes, places(len(classes)), strict=True)):
            shares = ((x + w / 2) / WIDTH, (y + h / 2) / HEIGHT, w / WIDTH, h / HEIGHT)
            lines.append(f"{number} {' '.join(f'{share:.12f}' for share in shares)}")
            objects.append((label, corners((x, y, w, h))))
        picture(folder / root / images / f"0001.{suffix}")
        put(folder / root / images / "0001.txt", "\n".join(lines))
        put(folder / root / names, "\n".join(classes))
        return {f"0001.{suffix}": Truth(objects=tuple(objects))}

    return write


def airbus(folder: Path) -> Truths:
    rows, objects = ["id,image_id,geometry,class"], []
    for number, (label, place) in enumerate(zip(("Airplane", "Truncated_airplane"), places(2), strict=True)):
        x1, y1, x2, y2 = corners(place)
        ring = f"[({x1}, {y1}), ({x2}, {y1}), ({x2}, {y2}), ({x1}, {y2}), ({x1}, {y1})]"
        rows.append(f'{number},014de911.jpg,"{ring}",{label}')
        objects.append(("airplane", (x1, y1, x2, y2)))
    picture(folder / "airbus/images/014de911.jpg")
    put(folder / "airbus/annotations.csv", "\n".join(rows))
    return {"014de911.jpg": Truth(objects=tuple(objects), gsd=0.5)}


def oam(folder: Path) -> Truths:
    west, south, side = 0.0, 0.0, 360 / 2**21  # of a tile that lies on the equator
    x, y, zoom = 2**20, 2**20 - 1, 21
    places_ = [(0.1, 0.2, 0.4, 0.6), (0.5, 0.5, 0.9, 0.8)]
    features = []
    for x1, y1, x2, y2 in places_:
        ring = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
        degrees = [(west + a * side, south + (1 - b) * side) for a, b in ring]
        geometry = {"type": "Polygon", "coordinates": [degrees]}
        features.append({"type": "Feature", "properties": {"osm_id": None}, "geometry": geometry})
    picture(folder / f"sample_2/input/OAM-{x}-{y}-{zoom}.png")
    put(folder / "sample_2/labels.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    boxes = [(a * WIDTH, b * HEIGHT, c * WIDTH, d * HEIGHT) for a, b, c, d in places_]
    return {f"OAM-{x}-{y}-{zoom}.png": Truth(objects=tuple(("building", box) for box in boxes))}


SIMD = ("car", "truck", "van", "longvehicle", "bus", "airliner", "propeller", "trainer", "chartered")
SIMD += ("fighter", "other", "stairtruck", "pushbacktruck", "helicopter", "boat")
KIT_AIS = ("car", "truck", "bus", "minibus", "cyclist")

OTHERS: dict[str, Callable[[Path], Truths]] = {
    "ucm": ucm,
    "ucm_captions": captioned("UCM_captions", "dataset.json", "imgs", ("1.tif", "2.tif")),
    "rsicd": captioned(
        "RSICD_optimal", "dataset_rsicd.json", "RSICD_images", ("airport_1.jpg", "viaduct_2.jpg")
    ),
    "simd": yolo("simd", "images", "classes.txt", "jpg", SIMD),
    "kit_ais_vehicles": yolo("kit_ais", "", "aerial.names", "png", KIT_AIS),
    "airbus_aircraft": airbus,
    "oam_osm_buildings": oam,
}
