"""Other programs open final folders and releases, as docs/publishing.md says."""

from __future__ import annotations

import csv
import json
import random
import tarfile
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pytest
import webdataset
from clip_benchmark.datasets.builder import build_dataset
from open_clip_train import data
from open_clip_train.data import CsvDataset, get_wds_dataset
from PIL import Image
from torchvision.transforms import functional

from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.release import ReleaseConfig, release
from mpgi_ray.curate.release.mgrs import picture_of
from mpgi_ray.curate.release.unpack import path_of
from mpgi_ray.data.sample import Annotation
from mpgi_ray.ingest import IngestConfig, SourceConfig, ingest, manifest, mgrs
from support.build import noise, picture
from support.ingested import ingest_all

pytestmark = pytest.mark.usefixtures("ray_cluster")

NUMBER = 12


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> tuple[Path, Path]:
    """Final shards of JPEG and PNG pictures, some with boxes, and a release with its pictures unpacked."""
    folder = tmp_path_factory.mktemp("elsewhere")
    lines = []
    for i in range(NUMBER):
        image = f"{'Ab'[i % 2]}{i // 4}.{'jpg' if i % 3 else 'png'}"
        data = noise(i, 96) if i % 3 else picture(f"#{i:02d}8080", (96, 96), "PNG")
        (folder / f"{i % 4}").mkdir(exist_ok=True)
        (folder / f"{i % 4}" / image).write_bytes(data)
        boxes = [{"label": "sea-ship", "bbox": [5, 5, 80, 90]}, {"label": "pier", "bbox": [0, 0, 9, 9]}][
            : i % 3
        ]
        said = [f"Pier {i}, “seen” from above.", "A harbour, a pier."]
        lines.append({"image": f"{i % 4}/{image}", "boxes": boxes, "captions": said, "split": "train"})
    (folder / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    known = {"sea-ship": {"name": "ship"}, "pier": {}}
    source = SourceConfig.model_validate({"name": "A set", "licence": "CC0 1.0", "vocabulary": known})
    ingest(manifest(str(folder / "m.jsonl")), IngestConfig(output=str(folder / "shards"), source=source))
    final, out = folder / "final", folder / "release"
    curate(Curation(shards=str(folder / "shards"), output=str(final), shard_size=5))
    release(ReleaseConfig(final=str(final), output=str(out), unpack=True, mgrs=True))
    return final, out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_datasets_opens_the_release_and_the_final_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    final, out = folders
    texts = datasets.load_dataset(str(out), split="train", cache_dir=str(tmp_path))
    assert [row["text"] for row in texts] == [row["caption"] for row in rows(out / "captions.csv")]
    assert len(texts) == 2 * NUMBER
    samples = datasets.load_dataset(str(final), split="train", cache_dir=str(tmp_path))
    assert len(samples) == NUMBER
    ids = set()
    for sample in samples:
        image = sample["jpg"] or sample["png"]
        assert image.size == (96, 96)
        assert sample["json"]["annotation"]["captions"][0] == sample["txt"]
        ids.add(sample["json"]["sample_id"])
    assert ids == set(texts["sample_id"])


def test_webdataset_and_open_clip_train_read_the_shards(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # webdataset ends each shard with a mark that the training reader of open_clip_train 3.3 does not know
    monkeypatch.setattr(data, "tar_file_expander", partial(data.tar_file_expander, eof_value=None))
    urls = [str(path) for path in sorted(folders[0].glob("*.tar"))]
    seen = list(
        webdataset.WebDataset(urls, shardshuffle=False).decode("pil").to_tuple("jpg;png", "json", "txt")
    )
    assert len(seen) == NUMBER
    options = {"train_data": "::".join(urls), "val_data": "::".join(urls), "train_num_samples": NUMBER}
    options |= {"val_num_samples": NUMBER, "batch_size": 4, "workers": 0, "world_size": 1, "seed": 0}
    arguments = SimpleNamespace(**options, dataset_resampled=False, train_data_upsampling_factors=None)
    for training in (True, False):
        loader = get_wds_dataset(
            arguments, functional.to_tensor, training, tokenizer=lambda text: [text]
        ).dataloader
        batches = list(loader)
        assert sum(len(texts) for _, texts in batches) == NUMBER
        if not training:
            assert Counter(t for _, texts in batches for t in texts) == Counter(text for _, _, text in seen)


def test_open_clip_train_reads_both_tables(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final, out = folders
    for shard in final.glob("*.tar"):
        with tarfile.open(shard) as archive:
            archive.extractall(tmp_path / shard.stem, filter="data")
    told = []
    for folder, table in (
        (tmp_path, final / "captions.csv"),
        (out / "unpacked", out / "unpacked/captions.csv"),
    ):
        monkeypatch.chdir(folder)
        given: dict[str, Any] = {"sep": ",", "img_key": "filepath", "caption_key": "caption"}
        read = CsvDataset(str(table), functional.to_tensor, tokenizer=lambda texts: texts, **given)
        assert len(read) == 2 * NUMBER
        pairs = [read[i] for i in range(len(read))]
        assert all(image.shape == (3, 96, 96) for image, _ in pairs)
        told.append(Counter(text for _, text in pairs))
    assert told[0] == told[1] == Counter(row["caption"] for row in rows(out / "captions.csv"))
    files = {str(path.relative_to(out / "unpacked")) for path in (out / "unpacked/images").rglob("*.*")}
    assert {row["filepath"] for row in rows(out / "unpacked/captions.csv")} == files
    assert len(files) == NUMBER


def test_clip_benchmark_opens_shards_that_are_linked_as_it_names_them(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "test").mkdir()
    shards = sorted(folders[0].glob("*.tar"))
    for number, shard in enumerate(shards):
        (tmp_path / f"test/{number}.tar").symlink_to(shard)
    (tmp_path / "test/nshards.txt").write_text(str(len(shards)))
    (tmp_path / "dataset_type.txt").write_text("retrieval")
    options = {"split": "test", "task": "zeroshot_retrieval", "transform": functional.to_tensor}
    seen = list(build_dataset("wds/ours", root=str(tmp_path), **options))
    assert len(seen) == NUMBER
    assert all(image.shape == (3, 96, 96) and len(texts) == 1 for image, texts in seen)


def farslip(record: dict[str, Any], least: int, most: int, boxes: int, seed: int) -> list[tuple[Any, ...]]:
    """Boxes (in shares) and names that FarSLIP's loader takes of an element of MGRS-200k's list."""
    order = list(record["segment"])
    random.seed(seed)
    random.shuffle(order)
    taken = []
    for part in order:
        x1, y1, x2, y2, width, height = part["bbox"].values()  # by their order
        x1, x2 = (min(max(x, 0), width) for x in (x1, x2))
        y1, y2 = (min(max(y, 0), height) for y in (y1, y2))
        if least**2 <= (x2 - x1) * (y2 - y1) <= most**2 and len(taken) < boxes:
            taken.append((x1 / width, y1 / height, x2 / width, y2 / height, part["category"]))
    return taken


def test_the_json_of_mgrs_is_read_as_its_reader_reads_it(data_dir: Path) -> None:
    golden = json.loads((data_dir / "oracles/farslip_json_item.json").read_text())
    given = golden["record"]
    names = {part["category_id"]: part["category"] for part in given["segment"]}
    objects = [
        {"label": part["category"], "box": [part["bbox"][key] for key in ("x1", "y1", "x2", "y2")]}
        for part in given["segment"]
    ]
    note = Annotation.model_validate({"width": 400, "height": 300, "objects": objects})
    told = {"long": given["detailed_caption"], "short": given["brief_caption"]}
    annotation = note.model_dump(mode="json", exclude_defaults=True)
    ours = picture_of(given["global_filepath"], {"annotation": annotation, "texts": told}, told["short"])
    assert (ours.get("global_caption") or ours["detailed_caption"]) == golden["texts"][0]
    assert ours["brief_caption"] == given["brief_caption"]
    read = farslip(ours, 64, 250, 4, 1)
    assert [list(box) for *box, _ in read] == [pytest.approx(box[:4]) for box in golden["boxes"]]
    # a box with a caption of its own has no category there; our objects have none
    assert [name for *_, name in read] == [names.get(number, "ship") for number in golden["categories"]]
    assert [f"a satellite image of {name}" for *_, name in read[:3]] == golden["texts"][1:4]


def test_the_json_of_mgrs_comes_back_through_our_reader(folders: tuple[Path, Path], tmp_path: Path) -> None:
    unpacked = folders[1] / "unpacked"
    listed = json.loads((unpacked / "text_info.json").read_text())
    assert {(p["category"], p["category_id"]) for one in listed for p in one["segment"]} == {
        ("pier", 0),
        ("ship", 1),
    }
    kept, lost = ingest_all(mgrs(str(unpacked / "text_info.json"), str(unpacked)), tmp_path / "out")
    assert (len(kept), lost) == (NUMBER, {})
    boxes = Counter(thing.label for sample in kept.values() for thing in sample.annotation.objects)
    assert boxes == {"ship": 8, "pier": 4}
    assert all(Image.open(unpacked / one["global_filepath"]).size == (96, 96) for one in listed)


@pytest.mark.parametrize(
    ("image", "window", "path"),
    [
        ("a/b c.tif", None, "images/A_set/a/b c.jpg"),
        ("a.jpg", (1, 2, 3, 4), "images/A_set/a_1_2_3_4.jpg"),
        ("../a.jpg", None, None),
        ("/a.jpg", None, None),
        ("a\\b.jpg", None, None),
        ("aux.png", None, None),
        ("x.jpg/a.jpg", None, None),
        (f"{'a' * 200}.jpg", None, None),
        ("é.jpg", None, None),
        (".jpg", None, None),
    ],
)
def test_paths_that_not_every_system_can_hold_give_way(image: str, window: Any, path: str | None) -> None:
    assert path_of("A set", image, window, "jpg") == path
