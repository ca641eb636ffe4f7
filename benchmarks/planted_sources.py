"""The pictures in which errors are planted, each with what its originals say of it.

Read are lines of manifests, tables, pixels of masks, features of maps, and the specs of generated scenes.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from planted_known import NO_SURFACE, Known, Surface, Thing, names_of, overlap, thing_of

from mpgi_ray.data.sample import LabelClass, Sample
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.demo.scenes.spec import spec
from mpgi_ray.ingest import SourceConfig, boxes, load_source, manifest, masks, osm
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.load import load

BOXED = ("simd", "kit_ais_vehicles", "airbus_aircraft", "dota_examples", "oam_osm_buildings")
MASKED = ("dubai_seg", "gid_mtl15")
_ISPRS = ("Boundary", "Impervious surfaces", "Building", "Low vegetation", "Tree", "Car", "Clutter")
FORMATS = {
    "loveda": "loveda_dataset",
    "isprs_potsdam": "potsdam_dataset",
    "isprs_vaihingen": "vaihingen_dataset",
}
TREES = ("OSBS_029.csv", "2019_BLAN_3_751000_4330000_image_crop_bbox.csv")
_SAME = 0.3  # intersection over union of boxes that may be one thing


def scenes(numbers: Iterable[int], seed: int) -> Iterator[tuple[Sample, Known]]:
    """Generated scenes; the classes of the main things have the colour of the spec."""
    for number in numbers:
        sample, told = scene(number, seed), spec(number, seed)
        note = sample.annotation
        size = note.width, note.height
        things: dict[str, list[Thing]] = {}
        for one in note.objects:
            corners = one.obb or ((one.box.x1, one.box.y1), (one.box.x2, one.box.y2))
            things.setdefault(one.label, []).append(thing_of(corners, size))
        assert len(things[told.label]) == told.count
        cover = {label: Surface(c.fraction, c.cells) for label, c in note.cover.items()}
        labels = frozenset(note.vocabulary)
        yield (
            sample,
            Known(names_of(note.vocabulary), labels, size, things, cover, colours={told.label: told.colour}),
        )


def real(root: Path, name: str, limit: int) -> Iterator[tuple[Sample, Known]]:
    """The pictures of a source below the folder of real data, with their original annotation."""
    if name in FORMATS:
        yield from islice(_formats(root / "seg_format_samples" / FORMATS[name], name), limit)
    elif name == "neon_trees":
        yield from _trees(root / name)
    elif name == "osm_tiles_portugal":
        folder = root / name
        rows = [
            json.loads(line) for line in (folder / "osm_features_per_tile.jsonl").read_text().splitlines()
        ]
        for sample in _samples(
            osm(str(folder / "osm_features_per_tile.jsonl"), str(folder / "tiles")), load_source(None)
        ):
            tags = [row["tags"] for row in rows if f"{row['tile']}.jpg" == sample.name]
            yield sample, _mapped(tags, sample)
    else:
        step = max(1, len((root / name / "manifest.jsonl").read_text().splitlines()) // limit)
        yield from islice(_listed(root / name, name), 0, limit * step, step)


def called_complete(sample: Sample, known: Known) -> tuple[Sample, Known]:
    """The same picture, of a source that says that it labels each class of its vocabulary exhaustively."""
    note = sample.annotation
    told = note.vocabulary or {one.label: LabelClass() for one in note.objects}
    vocabulary = {label: kind.model_copy(update={"exhaustive": True}) for label, kind in told.items()}
    sample = replace(sample, annotation=note.model_copy(update={"vocabulary": vocabulary}))
    return sample, replace(known, exhaustive=frozenset(known.names))


def _listed(folder: Path, name: str) -> Iterator[tuple[Sample, Known]]:
    source = load_source(name.removesuffix("_examples"))
    rows = {
        row["image"]: row for row in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())
    }
    for sample in _samples(manifest(str(folder / "manifest.jsonl")), source):
        row = rows[sample.name]
        size = row["width"], row["height"]
        found = [
            (one["label"], _flat(one), _doubtful(one))
            for kind in ("boxes", "obb", "polygons")
            for one in row.get(kind, ())
        ]
        present = frozenset(new for old in row.get("labels", ()) if (new := source.label(old)))
        known = _boxed(found, source, size, names_of(source.vocabulary))
        cover, nothing = _covers(folder / row["mask"], source) if "mask" in row else ({}, NO_SURFACE)
        yield sample, replace(known, cover=cover, nothing=nothing, present=present)


def _boxed(
    found: list[tuple[str, list[tuple[float, float]], bool]],
    source: SourceConfig,
    size: tuple[int, int],
    names: dict[str, tuple[str, ...]],
) -> Known:
    things: dict[str, list[Thing]] = {}
    for old, points, doubtful in found:
        label = source.label(old)
        if label is None or label not in names:
            continue
        thing = thing_of(points, size)
        twice = source.same_object and any(
            overlap(thing.box, one.box) > _SAME for one in things.get(label, ())
        )
        whole = thing.whole and not (doubtful or twice or old in source.truncated)
        things.setdefault(label, []).append(replace(thing, whole=whole))
    labels = frozenset(label for label, kind in source.vocabulary.items() if kind.exhaustive)
    return Known(names, labels, size, things)


def _trees(folder: Path) -> Iterator[tuple[Sample, Known]]:
    for table in TREES:
        rows = list(csv.DictReader((folder / table).open()))
        for sample in _samples(boxes(str(folder / table)), load_source(None)):
            size = sample.annotation.width, sample.annotation.height
            corners = [[float(row[c]) for c in ("xmin", "ymin", "xmax", "ymax")] for row in rows]
            found = [("Tree", [(a, b), (c, d)], False) for a, b, c, d in corners]
            yield sample, _boxed(found, load_source(None), size, {"Tree": ("tree", "trees")})


def _formats(folder: Path, name: str) -> Iterator[tuple[Sample, Known]]:
    source = load_source(name)
    if name.startswith("isprs"):  # values of this sample's masks, in place of colours
        source = source.model_copy(update={"mask": {label: i for i, label in enumerate(_ISPRS)}})
    for sample in _samples(masks(str(folder / "img_dir"), str(folder / "ann_dir")), source):
        known = _boxed(
            [], source, (sample.annotation.width, sample.annotation.height), names_of(source.vocabulary)
        )
        cover, nothing = _covers(folder / "ann_dir" / f"{Path(sample.name).stem}.png", source)
        yield sample, replace(known, cover=cover, nothing=nothing)


def _mapped(features: list[dict[str, str]], sample: Sample) -> Known:
    nouns = {
        "beach": ("beach", "beaches"),
        "cliff": ("cliff", "cliffs"),
        "coastline": ("coastline", "coastlines"),
        "track": ("track", "tracks"),
        "water_tower": ("water tower", "water towers"),
    }
    values = {value for tags in features for value in tags.values()}
    size = sample.annotation.width, sample.annotation.height
    return Known(nouns, frozenset(), size, present=frozenset(values & nouns.keys()))


def _samples(entries: Any, source: SourceConfig) -> Iterator[Sample]:
    for index, entry in enumerate(entries):
        if isinstance(entry, Item):
            yield from (one for one in load(entry, source, index) if isinstance(one, Sample))


def _covers(file: Path, source: SourceConfig) -> tuple[dict[str, Surface], Surface]:
    """The surfaces of a mask, and what it marks as no class that is kept."""
    coloured = any(isinstance(value, tuple) for value in source.mask.values())
    with Image.open(file) as image:
        pixels = np.asarray(image.convert("RGB") if coloured else image)
    marked: dict[str, Any] = {}
    for old, value in source.mask.items():
        same = (pixels == value).all(axis=-1) if coloured else pixels == value
        if label := source.label(old):
            marked[label] = marked.get(label, False) | same
    rest = ~np.logical_or.reduce(list(marked.values()))
    return {label: _surface(one) for label, one in marked.items() if one.any()}, _surface(rest)


def _surface(marked: Any) -> Surface:
    rows = np.arange(marked.shape[0]) * 3 // marked.shape[0]
    columns = np.arange(marked.shape[1]) * 3 // marked.shape[1]
    cells = [marked[rows == r][:, columns == c].mean() for r in range(3) for c in range(3)]
    return Surface(float(marked.mean()), tuple(map(float, cells)))


def _flat(one: Mapping[str, Any]) -> list[tuple[float, float]]:
    if "points" in one:
        return [(x, y) for x, y in one["points"]]
    values = one.get("poly") or one["bbox"]
    return list(zip(values[::2], values[1::2], strict=True))


def _doubtful(one: Mapping[str, Any]) -> bool:
    return bool(one.get("difficult") or one.get("truncated"))
