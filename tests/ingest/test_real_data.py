"""Real pictures and annotations of many sources, all the way to final shards."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path

import pytest
import webdataset

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.curate import Curation, curate
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.ingest import IngestConfig, folders, ingest, load_source, manifest

pytestmark = pytest.mark.usefixtures("ray_cluster")
TEXTS = {"objects", "layout", "scene", "attributes", "short", "long"}


def webdataset_shards(data_dir: Path, out: Path) -> int:
    """A part of ucm as the webdataset library writes it, with integer classes and captions."""
    lines = [json.loads(line) for line in (data_dir / "ucm/manifest.jsonl").read_text().splitlines()][::10]
    out.mkdir()
    with webdataset.ShardWriter(str(out / "ucm-%04d.tar"), maxcount=40, verbose=0) as sink:
        for line in lines:
            image = (data_dir / "ucm" / line["image"]).read_bytes()
            sink.write(
                {
                    "__key__": line["id"],
                    "jpg": image,
                    "cls": line["scene"],
                    "txt": "\n".join(line["captions"]),
                }
            )
    return len(lines)


@pytest.mark.parametrize("share", [0.15, pytest.param(1.0, marks=pytest.mark.slow)])
def test_every_source_goes_through_and_the_counts_add_up(
    data_dir: Path, tmp_path: Path, share: float
) -> None:
    shards = tmp_path / "shards"
    expected = {}
    presets = {path.stem for path in (Path(__file__).parents[2] / "mpgi_ray/ingest/presets").glob("*.yaml")}
    for path in sorted(data_dir.glob("*/manifest.jsonl")):
        name = path.parent.name
        preset = next((p for p in presets if name.startswith(p)), None)
        settings = IngestConfig(output=str(shards / name), source=load_source(preset), share=share)
        summary = ingest(manifest(str(path)), settings)
        expected[name] = summary.kept
        listed = len(path.read_text().splitlines())
        assert summary.total == summary.kept, summary
        assert summary.kept == listed if share == 1 else 0 < summary.kept < listed
    for name in ("ucm", "eurosat"):  # the same pictures again, by their class folders
        summary = ingest(
            folders(str(data_dir / name / "images")),
            IngestConfig(output=str(shards / f"{name}_f"), share=share),
        )
        expected[f"{name}_f"] = summary.kept
        assert summary.total == summary.kept
    expected["wds"] = webdataset_shards(data_dir, shards / "wds")
    captions, final = str(tmp_path / "captions"), tmp_path / "final"
    recipe = {"input": {"shards": str(shards)}, "output": captions, "generate": {"engine": {"replicas": 2}}}
    outcome = caption(Recipe.model_validate(recipe))
    assert outcome.samples == sum(expected.values())
    assert outcome.records == 6 * outcome.samples
    assert outcome.not_ok == 0
    by_source: Counter[str] = Counter()
    for table in CaptionFolder(captions).tables():
        by_source.update(shard.partition("/")[0] for shard in table["shard"].to_pylist())
    assert {name: rows // 6 for name, rows in by_source.items()} == expected
    summary = curate(Curation(captions=captions, output=str(final), shard_size=500))
    assert summary.samples_in == summary.kept == outcome.samples
    assert summary.dropped == {}
    seen = 0
    for shard in final.glob("*.tar"):
        with tarfile.open(shard) as archive:
            for member in archive:
                if member.name.endswith(".json"):
                    file = archive.extractfile(member)
                    assert file is not None
                    texts = json.load(file)["texts"]
                    assert set(texts) == TEXTS
                    assert len(set(texts.values())) == len(TEXTS), texts
                    seen += 1
    assert seen == summary.kept


def plain(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c.isspace() else " " for c in text.lower()).split()
