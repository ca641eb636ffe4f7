"""What the commands of the documentation find in their folder: generated scenes, in many forms."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import mpgi_ray as mpgi
from mpgi_ray.curate.choice import Choice
from mpgi_ray.curate.duplicates.job import Duplicates, find_duplicates
from mpgi_ray.curate.leaks.job import Leaks, find_leaks
from mpgi_ray.curate.scores.job import Scores, score
from mpgi_ray.data.sample import Sample
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.ingest.formats.manifest import manifest as read_manifest
from support.doc_blocks import ROOT

SCENES = 60  # of which each of three sources of the README has some, and each split
BENCHMARK = range(300, 320)


def write_source(folder: Path, numbers: Iterable[int]) -> Path:
    """Scenes as pictures, and a manifest of their boxes."""
    lines = []
    for one in map(scene, numbers):
        note = one.annotation
        _write(folder / "pictures" / f"{one.key}.jpg", one.image)
        boxes = [{"label": thing.label, "bbox": list(thing.box)} for thing in note.objects]
        known = {"scene": note.scene[0], "gsd": note.gsd, "split": note.split}
        known |= {"source": note.source, "licence": note.licence}
        lines.append({"image": f"pictures/{one.key}.jpg", "boxes": boxes, **known})
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def write_shards(folder: Path, numbers: Iterable[int]) -> None:
    """Shards of these scenes, as `mpgi ingest` leaves them."""
    manifest = write_source(folder.with_name(f"{folder.name}-source"), numbers)
    mpgi.ingest_source(read_manifest(str(manifest)), mpgi.IngestConfig(output=str(folder)))


def make(folder: Path) -> None:
    """What the pages find made already: shards, captions, final shards, a model, and what searches found."""
    shards, captions, final = (str(folder / name) for name in ("shards", "captions", "final"))
    write_shards(folder / "shards", range(SCENES))
    write_shards(folder / "benchmark", [*BENCHMARK, 3])
    mpgi.caption_shards(mpgi.load_recipe("template", {"input.shards": shards, "output": captions}, []))
    mpgi.curate_captions(mpgi.Curation(captions=captions, output=final))
    mpgi.train_model(mpgi.TrainConfig(shards=final, output=str(folder / "my-run"), steps=2, batch=8))
    find_duplicates(Duplicates(shards=(shards,), output=str(folder / "dup")))
    find_leaks(Leaks(train=(shards,), against=(str(folder / "benchmark"),), output=str(folder / "leaks")))
    score(Scores(captions=captions, output=str(folder / "scores"), scorers=(Choice(name="text"),)))


def prepare(page: str, folder: Path, made: Path) -> None:
    """Lay out what a page takes for given.

    Args:
        made: shards, captions, final shards and a model of the same scenes.
    """
    _PREPARED.get(page, lambda folder, made: None)(folder, made)


def _readme(folder: Path, made: Path) -> None:
    for number in range(30):
        one = scene(number)
        _write(folder / "data/EuroSAT" / one.annotation.scene[0] / f"{one.key}.jpg", one.image)
    _coco(folder / "data", [scene(number) for number in range(30, 45)])
    write_source(folder / "data", range(45, SCENES))
    write_shards(folder / "data/benchmark", BENCHMARK)


def _coco(folder: Path, samples: list[Sample]) -> None:
    labels = sorted({thing.label for sample in samples for thing in sample.annotation.objects})
    content: dict[str, list[dict[str, object]]] = {"images": [], "annotations": []}
    content["categories"] = [{"id": number, "name": name} for number, name in enumerate(labels)]
    for sample in samples:
        name = f"{sample.key}.jpg"
        _write(folder / "images" / name, sample.image)
        content["images"].append({"id": sample.index, "file_name": name, "width": 256, "height": 256})
        for thing in sample.annotation.objects:
            x1, y1, x2, y2 = thing.box
            box = {"bbox": [x1, y1, x2 - x1, y2 - y1], "category_id": labels.index(thing.label)}
            content["annotations"].append({"id": len(content["annotations"]), "image_id": sample.index} | box)
    (folder / "instances.json").write_text(json.dumps(content))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _given(*names: str) -> Callable[[Path, Path], None]:
    """Copies of what was made, below ``data``; the model beside it."""

    def copied(folder: Path, made: Path) -> None:
        for name in names:
            shutil.copytree(made / name, folder / ("" if name == "my-run" else "data") / name)

    return copied


def _quickstart(folder: Path, made: Path) -> None:
    shutil.copytree(ROOT / "docs/quickstart", folder / "docs/quickstart")


def _curation(folder: Path, made: Path) -> None:
    _given("captions")(folder, made)
    shutil.copytree(made / "my-run", folder / "runs/clip")
    shutil.copytree(made / "shards", folder / "data/train")
    write_shards(folder / "data/test", [*BENCHMARK, 3])  # one of the training set
    write_shards(folder / "data/other", range(330, 340))


def _truth(folder: Path, made: Path) -> None:
    _given("shards")(folder, made)
    with (folder / "captions.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["key", "text"])
        table.writerows((row["key"], row["text"]) for row in mpgi.read_captions(str(made / "captions")))


def _maps(folder: Path, made: Path) -> None:
    """Two tiles of a map, of which it has a beach and a road, and of the second a house."""
    for number, name in enumerate(("62094-50163-17", "62094-50164-17")):
        _write(folder / "tiles" / f"{name}.jpg", scene(number).image)
    west, south, east, north = -9.45373, 38.84613, -9.45099, 38.8504
    beach = [[west, south], [west + 0.001, south], [west + 0.001, north], [west, north], [west, south]]
    x, y = west + 0.002, south + 0.001
    house = [[x, y], [x + 0.0003, y], [x + 0.0003, y + 0.0002], [x, y + 0.0002], [x, y]]
    shapes = (
        ({"natural": "beach"}, {"type": "Polygon", "coordinates": [beach]}),
        ({"building": "house"}, {"type": "Polygon", "coordinates": [house]}),
        (
            {"highway": "primary"},
            {"type": "LineString", "coordinates": [[east - 0.001, south], [east - 0.001, north]]},
        ),
    )
    features = [
        {"type": "Feature", "id": f"way/{number}", "properties": tags, "geometry": shape}
        for number, (tags, shape) in enumerate(shapes, start=1)
    ]
    (folder / "map.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def _viewer(folder: Path, made: Path) -> None:
    _given("captions", "final")(folder, made)
    shutil.copytree(made / "scores", folder / "scores")
    shutil.copytree(made / "captions", folder / "data/more")


def _captions(folder: Path, made: Path) -> None:
    _given("shards", "captions", "final")(folder, made)
    for name in ("dup", "leaks", "scores"):
        shutil.copytree(made / name, folder / name)
    water = (ROOT / "docs/add-a-perspective.md").read_text().partition("water.j2\n")[2].partition("```")[0]
    (folder / "water.j2").write_text(water)


_PREPARED: dict[str, Callable[[Path, Path], None]] = {
    "README.md": _readme,
    "docs/api.md": _given("shards"),
    "docs/benchmark.md": _given("final"),
    "docs/captions.md": _captions,
    "docs/curation.md": _curation,
    "docs/index.md": _quickstart,
    "docs/instructions.md": _given("final"),
    "docs/maps.md": _maps,
    "docs/publishing.md": _given("captions"),
    "docs/selection.md": _given("captions", "my-run"),
    "docs/rewards.md": _given("shards", "captions", "final"),
    "docs/training.md": _given("final", "shards"),
    "docs/truth.md": _truth,
    "docs/viewer.md": _viewer,
    "docs/watching.md": _captions,
}
