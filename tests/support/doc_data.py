"""What the commands of the documentation find in their folder: generated scenes, in many forms."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from mpgi_ray.data.index import IndexRow, publish_index
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo.scenes.scene import scene
from support.doc_blocks import ROOT

SCENES = 200  # so that the train split fills a batch
BENCHMARK = range(300, 320)


def write_shards(folder: Path, numbers: Iterable[int]) -> None:
    """Shards of these scenes, as `mpgi ingest` leaves them."""
    samples = [sample_members(scene(number)) for number in numbers]
    data = write_members(samples)
    storage = Storage(str(folder))
    storage.publish("scenes-000000.tar", data)
    digest = hashlib.sha256(data).hexdigest()
    publish_index(storage, [IndexRow("scenes-000000", len(samples), len(data), digest)])


def make(folder: Path) -> None:
    """What the pages find made already: shards, captions, final shards, a model, and what searches found."""
    import mpgi_ray as mpgi
    from mpgi_ray.curate.choice import Choice
    from mpgi_ray.curate.duplicates.job import Duplicates, find_duplicates
    from mpgi_ray.curate.leaks.job import Leaks, find_leaks
    from mpgi_ray.curate.scores.job import Scores, score

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
    for number in range(150):
        one = scene(number)
        _write(folder / "data/EuroSAT" / one.annotation.scene[0] / f"{one.key}.jpg", one.image)
    _coco(folder / "data", [scene(number) for number in range(150, 170)])
    lines = []
    for number in range(170, SCENES):
        one = scene(number)
        _write(folder / "data/pictures" / f"{one.key}.jpg", one.image)
        lines.append(
            {"image": f"pictures/{one.key}.jpg", "scene": one.annotation.scene[0], "gsd": one.annotation.gsd}
        )
    (folder / "data/manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
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
    shutil.copy(made / "final/captions.csv", folder)


def _captions(folder: Path, made: Path) -> None:
    _given("shards", "captions", "final")(folder, made)
    for name in ("dup", "leaks", "scores"):
        shutil.copytree(made / name, folder / name)
    water = (ROOT / "docs/add-a-perspective.md").read_text().partition("water.j2\n")[2].partition("```")[0]
    (folder / "water.j2").write_text(water)


_PREPARED: dict[str, Callable[[Path, Path], None]] = {
    "README.md": _readme,
    "docs/api.md": _given("shards"),
    "docs/captions.md": _captions,
    "docs/curation.md": _curation,
    "docs/index.md": _quickstart,
    "docs/publishing.md": _given("captions"),
    "docs/selection.md": _given("captions", "my-run"),
    "docs/training.md": _given("final"),
    "docs/truth.md": _truth,
}
