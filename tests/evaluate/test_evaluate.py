"""An evaluation's rows and tables: a captioner with fresh weights, and the baseline that it has to beat."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from mpgi_ray.cli.main import app
from mpgi_ray.data.final import Record
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate import test_set
from mpgi_ray.evaluate.captions.java import SPICE_MODELS, java_scores
from mpgi_ray.evaluate.captions.words import words
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small, small_coca
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.report.evaluation import print_evaluation, tables_of
from mpgi_ray.train.tasks.coca import CocaTask
from support.shapes import write_shapes


@pytest.fixture
def _own_modules() -> Iterator[None]:
    """What a test imports under pycocoevalcap is forgotten after it."""
    with patch.dict(sys.modules):
        for name in [name for name in sys.modules if name.startswith("pycocoevalcap")]:
            del sys.modules[name]
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    architecture = small_coca(TextTokenizer.train(["A red tank stands on the left of the sand."], 12))
    network, _, _ = checkpoint.build(architecture)
    CocaTask().prepare(network)
    checkpoint.save(folder, architecture, network)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that writes no captions, so that none have to be scored."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("clip")
    architecture = small(TextTokenizer.train(["A red tank stands on the left of the sand."], 12))
    checkpoint.save(folder, architecture, checkpoint.build(architecture)[0])
    return folder


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "final"
    write_shapes(folder, 40, shards=1)
    write_shapes(folder / "test", 12, seed=1, shards=1, split="test")
    (folder / "test" / "shard-000000.tar").rename(folder / "shard-000001.tar")
    return folder


def learned(*texts: str, scene: str = "sand") -> test_set.TestSet:
    """A test set whose other splits hold these texts."""
    note = {"scene": [scene]}
    others = [Record("s", str(i), str(i), {"layout": text}, note, b"") for i, text in enumerate(texts)]
    return test_set.TestSet("", (), "test", (), tuple(others))


def test_the_usual_text_of_a_class_is_the_most_frequent_one() -> None:
    test = learned("a ship", "two cars on a road", "two cars on a street", "a ship")
    assert test.usual_texts("layout") == {"sand": ("a ship", 2)}


def test_of_equally_frequent_texts_the_one_nearest_to_the_others_is_the_usual_one() -> None:
    far = ("a lonely ship", "an empty beach")
    near = [f"a red {thing} stands on the left of the sand" for thing in ("tank", "building")]
    most = "a red car stands on the left of the wet sand"
    assert learned(*far, *near, most, "...").usual_texts("layout")["sand"][0] in near
    assert learned(*reversed([*far, *near, most])).usual_texts("layout") == learned(
        *far, *near, most
    ).usual_texts("layout")


def test_the_usual_text_of_many_that_are_all_different_is_no_outlier() -> None:
    rng = np.random.default_rng(0)
    vocabulary = words("all above boats cranes dark east far grey huts in near old piers small trees white")
    outliers = [f"a {' '.join(rng.permutation(vocabulary)[:8])}" for _ in range(100)]
    alike = [f"one tank stands {metres} metres from the left of the road" for metres in range(200)]
    (text, times) = learned(*outliers, *alike).usual_texts("layout")["sand"]
    assert text in alike
    assert times == 1


@pytest.mark.parametrize(
    ("decoding", "said"),
    [
        pytest.param("beam --width 2", "Beam(width=2)", marks=pytest.mark.slow),
        ("nucleus --temperature 0.5 --top-p 0.8 --seed 3", "Nucleus(top_p=0.8, temperature=0.5, seed=3)"),
    ],
)
def test_the_command_chooses_how_captions_are_written(
    model: Path, shards: Path, tmp_path: Path, decoding: str, said: str
) -> None:
    asked = ["evaluate", str(shards), "--model", str(model), "--out", str(tmp_path), "--split", "test"]
    result = CliRunner().invoke(app, [*asked, "--text", "layout", "--decoding", *decoding.split()])
    assert result.exit_code == 0, result.output
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    baseline, row = metrics["captions"]
    assert metrics["decoding"] == said
    assert (baseline["model"], row["model"]) == ("most frequent of the class", str(model))
    assert baseline["times"] >= 1
    assert baseline["bleu_1"] > 0.5
    assert f"decoding {said}" in result.output


def test_every_zero_shot_figure_has_an_interval_and_every_table_a_status(
    model: Path, shards: Path, tmp_path: Path
) -> None:
    asked = ["evaluate", str(shards), "--model", str(model), "--out", str(tmp_path), "--text", "layout"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    for row in metrics["zero_shot"]:
        for name in ("top1", "top5", "mean_per_class"):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
    tables = tables_of(metrics)
    assert [table.title.partition(",")[0] for table in tables] == ["Retrieval", "Classes by name", "Captions"]
    assert all(table.notes == [f"{model}: {metrics['status'][str(model)]}"] for table in tables)


@pytest.mark.parametrize("width", [40, 200])
def test_tables_lose_nothing_where_the_terminal_is_narrow_or_there_is_none(width: int) -> None:
    interval = {"mean_recall": 46.912, "mean_recall_low": 40.0, "mean_recall_high": 50.0}
    named = {"model": "runs/a/quite/long/path/of/a/model", "texts": "short", "images": 1234}
    metrics = {
        "images": 1234,
        "shards": "final",
        "split": None,
        "protocol": "a",
        "status": {named["model"]: "no picture seen; 4 of 4 classes seen"},
        "retrieval": [{**named, **{f"i2t_r{k}": k + 0.5 for k in (1, 5, 10)}, **interval}],
    }
    out = io.StringIO()
    print_evaluation(metrics, Console(file=out, width=width))
    said = out.getvalue()
    whole = [
        "final, all splits",
        "Retrieval, protocol a, per cent",
        "path/of/a/model: no picture seen; 4 of 4",
    ]
    cells = [named["model"], "1234", "1.50", "5.50", "10.50", "46.91 (40.00 to 50.00)"]
    assert all(any(part in line for line in said.splitlines()) for part in whole)
    assert any(all(cell in line for cell in cells) for line in said.splitlines())
    assert all(word in said for word in ("model", "texts", "images", "i2t", "r10", "recall"))


def test_semantic_localization_is_measured_on_request(clip: Path, shards: Path, tmp_path: Path) -> None:
    places = [[[0, 0], [300, 0], [300, 300], [0, 300]]]
    entries = [
        {"caption": text, "jpg_name": f"{name}.png", "points": places}
        for name, text in (("a", "a tank"), ("a", "the sand"), ("b", "a tank"))
    ]
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "anno.json").write_text(json.dumps(entries))
    (tmp_path / "imgs").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (300, 500, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "imgs" / "a.png")
    asked = ["evaluate", str(shards), "--model", str(clip), "--out", str(tmp_path), "--split", "test"]
    asked += ["--text", "layout", "--localize", str(tmp_path)]
    failed = CliRunner().invoke(app, asked)
    assert isinstance(failed.exception, InputError)
    assert str(tmp_path / "imgs" / "b.png") in str(failed.exception)
    Image.fromarray(pixels[:, ::-1]).save(tmp_path / "imgs" / "b.png")
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    (row,) = metrics["localization"]
    assert (row["model"], row["texts"], row["pictures"]) == (str(clip), 3, 2)
    for name in ("rsu", "ras", "rda", "rmi"):
        assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"] <= 1
    assert row["rmi"] == pytest.approx(
        0.4 * row["rsu"] + 0.35 * (1 - row["ras"]) + 0.25 * row["rda"], abs=1e-3
    )
    assert f"Localization, {tmp_path}" in result.output.replace("\n", "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("beam --top-p 0.8", "the decoding 'beam' has no top_p: that is a setting of 'nucleus'"),
        ("greedy --width 3", "the decoding 'greedy' has no width: that is a setting of 'beam'"),
        ("beam --width 0", "beam width 0: expected at least 1"),
        ("nucleus --temperature 0", "temperature 0.0: expected more than 0"),
    ],
)
def test_a_setting_that_the_decoding_does_not_have_is_refused(settings: str, said: str) -> None:
    asked = ["evaluate", "none", "--model", "none", "--out", "none", "--decoding", *settings.split()]
    assert said in str(CliRunner().invoke(app, asked).exception)


@pytest.mark.usefixtures("_own_modules")
def test_meteor_and_spice_are_given_where_they_are_installed_and_left_out_where_they_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    captions, references = ["a ship"], [["a ship"]]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java_scores(captions, references) == {}
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    package = tmp_path / "pycocoevalcap"
    for name in ("meteor", "spice"):
        (package / name).mkdir(parents=True)
    (package / "meteor" / "meteor.py").write_text(
        "class Meteor:\n    def compute_score(self, gts, res):\n        return 0.25, [0.25]\n"
    )
    (package / "spice" / "__init__.py").write_text("")
    (package / "spice" / "spice.py").write_text(
        "class Spice:\n    def compute_score(self, gts, res):\n        raise OSError('too new a Java')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert [(name, found.corpus) for name, found in java_scores(captions, references).items()] == [
        ("meteor", 0.25)
    ]
    assert not caplog.messages  # SPICE is not installed without its language models
    for name in SPICE_MODELS:
        (package / "spice" / "lib").mkdir(exist_ok=True)
        (package / "spice" / "lib" / name).touch()
    assert list(java_scores(captions, references)) == ["meteor"]
    assert "spice is left out: SPICE ended without a score" in caplog.text
    assert "too new a Java" in caplog.text
