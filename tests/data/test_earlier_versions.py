"""Folders that earlier versions wrote (`support/make_folders.py`) are read by this one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.curate import CurateSummary, Curation, curate
from mpgi_ray.data.caption import from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.evaluate import test_set as sets
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.job import IngestConfig, IngestSummary, ingest
from mpgi_ray.models.model_folder import RUN, Seen, read_log, seen_by
from mpgi_ray.report import status
from mpgi_ray.report.rejects import rejected_captions, rejects
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.run_folder import open_run
from mpgi_ray.train.scan import scan

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(params=sorted(path.name for path in FIXTURES.glob("folders-*")))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the folders that one version made: ``shards``, ``captions``, ``final``, ``model``."""
    shutil.copytree(FIXTURES / request.param, tmp_path / "run")
    return tmp_path / "run"


def test_an_ingest_is_read_and_has_nothing_left_to_do(place: Path) -> None:
    shards = find_shards(str(place / "shards"))
    shards.require_all()
    ((name, samples),) = shards.samples.items()
    assert len(read_shard(shards.read(name), name)) == samples == 5
    record = Storage(str(place / "shards")).read_json("ingest.json")
    listing = Listing(record["format"], record["path"], record["fingerprint"], lambda: iter(()))
    again = ingest(listing, IngestConfig(output=str(place / "shards"), shard_size=record["shard_size"]))
    assert again == IngestSummary(kept=5, rejected={"empty_image": 1}, shards=1, nothing_to_do=True)


def test_a_caption_run_is_read_and_not_mixed_with_texts_of_this_version(place: Path) -> None:
    folder = CaptionFolder(str(place / "captions"))
    rows = [row for table in folder.tables() for row in from_table(table)]
    assert sum(row.status == "ok" for row in rows) == 4 * 6
    assert {row.shown for row in rows} == {""}  # it did not say what a model was shown
    (refused,) = rejected_captions(str(place / "captions"))
    assert (refused.reason, refused.detail[:7]) == ("not_an_image", "not a p")
    assert folder.log()[0]["samples"] == 5
    assert status.status(str(place / "captions")).complete
    given = {"input.shards": str(place / "shards"), "output": str(place / "captions")}
    recipe = load_recipe("template", given, ["max_reject_rate=1"])
    with pytest.raises(OutputError, match=r"made with other settings: facts\.held was None, is True"):
        caption(recipe)
    with pytest.raises(OutputError, match="chunk_size was 64, is 7"):
        caption(recipe.model_copy(update={"chunk_size": 7}))


def test_a_curation_is_read_and_has_nothing_left_to_do(place: Path) -> None:
    parts = {"captions": str(place / "captions"), "shards": str(place / "shards"), "shard_size": 2}
    config = Curation(output=str(place / "final"), **parts)
    expected = CurateSummary(5, 4, {"not_an_image": 1}, 24, 2, 0, nothing_to_do=True)
    assert curate(config) == expected
    with pytest.raises(InputError, match="only counted what it dropped"):
        rejects(str(place / "final"))
    with pytest.raises(OutputError, match="seed was 0, is 1"):
        curate(config.model_copy(update={"seed": 1}))
    shards = list_shards(place / "final")
    records = list(read_records(shards))
    assert len(records) == len(sets.TestSet.read(str(place / "final"), None).records) == 4
    assert all(len(record.texts) == 6 and record.image for record in records)
    source, seen = scan(shards, None, {"short": 1})
    assert sum(source.counts) == len(seen.samples) == 4


def test_a_training_run_is_read_and_continued_by_the_same_settings_alone(place: Path) -> None:
    output = str(place / "model")
    assert [step["step"] for step in read_log(output)] == [1, 2]
    seen = seen_by(output)
    assert seen is not None
    assert len(seen.samples) == 4
    # as the fixture was made
    config = TrainConfig(shards=str(place / "final"), output=output, steps=2, batch=2, context=16)
    source, _ = scan(list_shards(config.shards), config.split, config.texts)
    recipe = config.recipe(source) | {"torch": _torch(output)}  # of the machine, not of the settings
    assert not open_run(output, recipe, "", Seen(), 0)
    with pytest.raises(OutputError, match=r"made with other settings: lr was 0\.001, is 0\.1"):
        open_run(output, recipe | {"lr": 0.1}, "", Seen(), 0)


def _torch(output: str) -> object:
    return Storage(output).read_json(RUN)["recipe"]["torch"]
