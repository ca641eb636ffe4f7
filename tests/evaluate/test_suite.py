"""Suites: each set as it is evaluated by itself, beside what papers print."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

import mpgi_ray as mpgi
from mpgi_ray.cli.main import app
from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.evaluate.suite import Suite
from mpgi_ray.ingest.formats.manifest import manifest
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small, small_coca
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.report.evaluation import print_evaluation, tables_of
from support.shapes import write_shapes

SEPARATE = ("published", "published_images")  # what an evaluation of one set does not have


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets of final shards, AIR-SLT, a folder that is no set, and two models of which one writes."""
    folder = tmp_path_factory.mktemp("suite")
    sets = folder / "sets"
    write_shapes(sets / "RSICD", 8, shards=1)
    write_shapes(folder / "test", 12, seed=1, shards=1, split="test")
    (folder / "test/shard-000000.tar").rename(sets / "RSICD/shard-000001.tar")
    write_shapes(sets / "eurosat", 10, seed=2, shards=1)
    (sets / "notes").mkdir()
    (sets / "notes/readme.txt").write_text("not a set")
    for name in ("annotations", "imgs"):
        (sets / "air_slt" / name).mkdir(parents=True)
    places = [[[0, 0], [300, 0], [300, 300], [0, 300]]]
    targets = [{"caption": "a tank", "jpg_name": "a.png", "points": places}]
    (sets / "air_slt/annotations/anno.json").write_text(json.dumps(targets))
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(sets / "air_slt/imgs/a.png")
    torch.manual_seed(0)
    words = TextTokenizer.train(["A red tank stands on the left of the sand."], 12)
    for name, architecture in (("clip", small(words)), ("coca", small_coca(words))):
        checkpoint.save(folder / name, architecture, checkpoint.build(architecture)[0])
    return folder


@pytest.fixture(scope="module")
def metrics(folder: Path) -> dict[str, Any]:
    models = ["--model", str(folder / "clip"), "--model", str(folder / "coca")]
    asked = ["evaluate", str(folder / "sets"), "--suite", "rs", *models, "--out", str(folder / "metrics")]
    with without_java():
        result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "suite rs, sets rsicd, eurosat, air-slt; not there: rsitmd, ucm, " in result.output
    assert "left out, as no set of it: notes" in result.output
    found: dict[str, Any] = json.loads((folder / "metrics/metrics.json").read_text())
    return found


@contextmanager
def without_java() -> Iterator[None]:
    """Its scores of captions take longer than all others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        yield


def by_itself(metrics: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in metrics["sets"][name].items() if key not in SEPARATE}


def test_the_figures_of_each_set_are_those_of_its_own_evaluation(folder: Path, metrics: Any) -> None:
    both = {"models": [str(folder / "clip"), str(folder / "coca")], "output": str(folder / "alone")}
    asked: dict[str, dict[str, Any]] = {
        "rsicd": {
            "shards": str(folder / "sets/RSICD"),
            "split": "test",
            "texts": ["captions"],
            "protocol": ["a", "b"],
        },
        "eurosat": {"shards": str(folder / "sets/eurosat"), "texts": []},
    }
    for name, values in asked.items():
        config = mpgi.EvaluateConfig.model_validate(both | values)
        with without_java():
            assert by_itself(metrics, name) == mpgi.evaluate_models(config).record()
    assert {row["protocol"] for row in metrics["sets"]["rsicd"]["retrieval"]} == {"a", "b"}
    assert [row["model"] for row in metrics["sets"]["rsicd"]["captions"]][-1] == str(folder / "coca")
    assert metrics["sets"]["rsicd"]["images"] == 12
    assert "retrieval" not in metrics["sets"]["eurosat"]
    assert metrics["sets"]["eurosat"]["images"] == 10
    located = by_itself(metrics, "air-slt")
    assert [row["model"] for row in located["localization"]] == both["models"]


def test_published_figures_stand_under_the_table_of_their_protocol(folder: Path, metrics: Any) -> None:
    titles = [table.title for table in tables_of(metrics)]
    assert [title for title in titles if "etrieval" in title] == [
        "rsicd: Retrieval, protocol a, per cent",
        "rsicd: Published: retrieval, protocol a, per cent",
        "rsicd: Retrieval, protocol b, per cent",
        "rsicd: Published: retrieval, protocol b, per cent",
    ]
    assert titles[-2:] == [
        f"air-slt: Localization, {folder}/sets/air_slt",
        "air-slt: Published: localization",
    ]
    tables = {table.title.partition(": ")[2]: table for table in tables_of(metrics)}
    a, b = (tables[f"Published: retrieval, protocol {protocol}, per cent"] for protocol in "ab")
    assert a.notes == [
        "as papers print them: without intervals, and what the models had seen is not checked here",
        "they are of 1,093 pictures, and the table above is of 12: they cannot be compared",
    ]
    of = {row[0]: dict(zip(a.columns, row, strict=True)) for row in a.rows}
    assert not any(name.startswith("FarSLIP") for name in of)  # which has no figures of protocol a
    assert of["RemoteCLIP ViT-L/14"]["i2t r1"] == "18.39"
    assert of["RemoteCLIP ViT-L/14"]["note"] == "trained on its training part"
    assert of["CLIP ViT-B/32"]["i2t r5"] == ""
    assert list(b.columns) == ["model", "i2t mean", "t2i mean", "paper", "note"]
    assert ["GeoRSCLIP ViT-B/32", "26.3", "22.0", "arXiv:2511.14901", ""] in list(map(list, b.rows))


@pytest.mark.parametrize(
    ("name", "table", "protocol", "model", "figure", "value", "paper"),
    [
        ("rsicd", "retrieval", "a", "RemoteCLIP ViT-L/14", "t2i_r10", 56.58, "arXiv:2306.11029"),
        ("rsitmd", "retrieval", "a", "GeoRSCLIP ViT-B/32", "mean_recall", 35.33, "arXiv:2306.11300"),
        ("ucm", "retrieval", "a", "RSM-CLIP ViT-L/14", "i2t_r1", 21.90, "RSM-CLIP, ICONIP 2024"),
        ("ucm", "retrieval", "b", "FarSLIP stage 2 ViT-B/32", "t2i_mean", 67.0, "arXiv:2511.14901"),
        ("rsitmd", "retrieval", "b", "CLIP ViT-B/32", "i2t_mean", 24.7, "arXiv:2511.14901"),
        ("eurosat", "zero_shot", None, "GeoRSCLIP ViT-B/32", "top1", 61.40, "arXiv:2306.11300"),
        ("resisc45", "zero_shot", None, "GeoRSCLIP ViT-H/14", "top1", 73.83, "arXiv:2306.11300"),
        ("air-slt", "localization", None, "RSM-CLIP", "rmi", 0.7447, "RSM-CLIP, ICONIP 2024"),
    ],
)
def test_published_figures_are_those_of_their_papers(
    name: str, table: str, protocol: str | None, model: str, figure: str, value: float, paper: str
) -> None:
    rows = Suite.load("rs").sets[name].published_rows()[table]
    (row,) = (
        row for row in rows if (row["model"], row["paper"], row.get("protocol")) == (model, paper, protocol)
    )
    assert row[figure] == value


def test_published_means_are_the_means_of_what_stands_beside_them() -> None:
    rows = [row for known in Suite.load("rs").sets.values() for row in known.published.retrieval]
    six = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]
    whole = [row.figures for row in rows if set(six) <= row.figures.keys()]
    assert len(whole) == 5
    for figures in whole:
        assert figures["mean_recall"] == pytest.approx(sum(figures[name] for name in six) / 6, abs=0.006)
    for row in rows:  # each protocol has a mean of its own
        assert ("mean_recall" in row.figures) == (row.protocol is Protocol.A)


def test_inspect_and_the_report_show_a_suite(folder: Path, metrics: Any) -> None:
    shown = CliRunner().invoke(app, ["inspect", str(folder / "metrics")])
    assert shown.exit_code == 0, shown.output
    sink = io.StringIO()
    print_evaluation(metrics, Console(file=sink, width=80))
    assert shown.output == sink.getvalue()
    told = json.loads(CliRunner().invoke(app, ["inspect", str(folder / "metrics"), "--json"]).output)
    assert (told["kind"], told["suite"], told["unknown"]) == ("evaluation", "rs", ["notes"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--split", "test", "--text", "short"], "--suite rs and --split, --text: the suite says what is"),
        (
            ["--protocol", "a"],
            "--suite rs and --protocol: the suite says what is asked of each set; leave it",
        ),
    ],
)
def test_options_that_a_suite_decides_are_refused(folder: Path, options: list[str], said: str) -> None:
    asked = ["evaluate", str(folder / "sets"), "--suite", "rs", "--model", "none", "--out", "none", *options]
    assert said in str(CliRunner().invoke(app, asked).exception)


def test_a_folder_that_holds_no_suite_is_one_line(folder: Path, tmp_path: Path) -> None:
    def failed(place: Path, suite: str = "rs") -> str:
        options = ["--suite", suite, "--model", str(folder / "clip"), "--out", str(tmp_path / "out")]
        said = str(CliRunner().invoke(app, ["evaluate", str(place), *options]).exception)
        assert "\n" not in said
        return said

    assert "expected a folder of final shards for each set, called rsicd, rsitmd, ucm, " in failed(
        folder / "sets/eurosat"
    )
    for name in ("rsicd", "RSICD-captions"):
        shutil.copytree(folder / "sets/RSICD", tmp_path / "twice" / name)
    assert "holds rsicd twice, as RSICD-captions and as rsicd" in failed(tmp_path / "twice")
    write_shapes(tmp_path / "broken/aid", 2, shards=1)
    (tmp_path / "broken/aid/shard-000000.tar").write_bytes(b"no tar")
    assert failed(tmp_path / "broken").startswith(f"aid, in {tmp_path}/broken/aid: ")
    assert "did you mean 'rs'?" in failed(folder / "sets", "rx")
    own = tmp_path / "own.yaml"
    own.write_text(
        "sets: {eurosat: {published: {retrieval: [{model: M, paper: P, figures: {mean_recall: 1}}]}}}"
    )
    assert "figures of retrieval of M tell no protocol" in failed(folder / "sets", str(own))


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_suite_of_real_sets(data_dir: Path, folder: Path, tmp_path: Path) -> None:
    """Through the presets: captions of RSICD and UCM, and classes of both."""
    for name in ("rsicd", "ucm"):
        source = mpgi.load_source(name)
        settings = mpgi.IngestConfig(output=str(tmp_path / "shards" / name), source=source)
        mpgi.ingest_source(manifest(str(data_dir / name / "manifest.jsonl")), settings)
        shards = (str(tmp_path / "shards" / name),)
        mpgi.curate_captions(mpgi.Curation(shards=shards, output=str(tmp_path / "sets" / name)))
    config = mpgi.SuiteConfig(
        models=(str(folder / "clip"),), folder=str(tmp_path / "sets"), output=str(tmp_path / "out")
    )
    found = mpgi.evaluate_suite(config)
    assert {name: of["images"] for name, of in found.sets.items()} == {"rsicd": 30, "ucm": 735}
    for of in found.sets.values():
        rows = [row for row in of["retrieval"] if row["model"] == str(folder / "clip")]
        assert [row["protocol"] for row in rows] == ["a", "b"]
        assert {row["images"] for row in rows} == {of["images"]}
        (chance, *_) = of["retrieval"]
        assert rows[0]["mean_recall"] < chance["mean_recall"] + 10  # fresh weights
        assert len(of["zero_shot"]) == 2
