"""The report's part on a training run: curves from its log, and what its model finds."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.errors import InputError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.embed import Model
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.report import write_report
from mpgi_ray.report.curves import curves
from mpgi_ray.report.neighbours import rankings
from support.report_runs import Run, make_run
from support.shapes import write_shapes

CURVES = [
    *("loss", "contrastive loss", "caption loss", "learning rate", "gradient norm", "logit scale"),
    *("samples a second", "time waiting for data, %", "texts that fill the context, %"),
]


def line(step: int, value: float = 1.0) -> dict[str, Any]:
    return {
        "step": step,
        "loss": 3 * value,
        "losses": {"contrastive": value, "caption": 2 * value},
        "lr": 1e-4,
        "grad_norm": 2.5,
        "logit_scale": 14.3,
        "cut": 0.25,
        "samples_per_second": 100.0,
        "data_wait": 0.01,
    }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with 450 steps logged, and a model with fresh weights."""
    folder = tmp_path_factory.mktemp("model") / "run-7"
    torch.manual_seed(0)
    architecture = small(TextTokenizer.train(["a red tank on the left of the sand"], 32))
    network, _, _ = checkpoint.build(architecture)
    checkpoint.save(folder, architecture, network)
    log = [json.dumps(line(step, 5 / step)) + "\n" for step in range(1, 451)]
    (folder / "train.jsonl").write_text("".join(log))
    recipe = {"model": "small", "batch": 64, "split": "train"}
    (folder / "run.json").write_text(json.dumps({"name": "train-1234", "recipe": recipe}))
    return folder


@pytest.fixture(scope="module")
def final(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shapes(tmp_path_factory.mktemp("final") / "shards", 12, seed=3)
    (folder / "summary.json").write_text("{}")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_run(tmp_path)


def report(run: Run, **options: str) -> str:
    return Path(write_report(run.captions, str(run.root / "report.html"), **options)).read_text()


def words(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split()).replace(" ,", ",").replace(" :", ":")


def saw(model: Path, folder: Path, samples: list[str]) -> Path:
    """The same run, with these samples in its training."""
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "seen.json").write_text(json.dumps({"samples": samples, "classes": []}))
    return folder


def queries(html: str) -> dict[str, str]:
    return dict(re.findall(r'<article class="query" data-key="(.*?)">(.*?)</article>', html, re.DOTALL))


def test_a_run_is_shown_with_its_curves(run: Run, model: Path) -> None:
    html = report(run, model=str(model))
    drawn = re.findall(r'<polyline data-curve="(.*?)" points="(.*?) ?"', html)
    assert [name for name, _ in drawn] == CURVES
    for _, points in drawn:
        places = [tuple(map(float, point.split(","))) for point in points.split()]
        assert len(places) == 150  # three steps a point
        assert all(44 <= x <= 278 and 10 <= y <= 96 for x, y in places)
        assert places[-1][0] == 278
    assert "run-7: small, 64 samples a step, 450 steps, finished" in words(html)
    assert "first 15, median 0.06652, last 0.03333" in words(html)
    assert "What the model finds" not in words(html)


def test_samples_that_training_never_saw_are_shown_with_what_the_model_finds(
    run: Run, model: Path, final: Path, tmp_path: Path
) -> None:
    records = list(read_records(list_shards(final)))
    known, held_out = records[:4], records[4:]
    folder = saw(model, tmp_path / "run-8", [record.sample_id for record in known])
    page = report(run, model=str(folder), curated=str(final))
    shown = queries(page)
    assert list(shown) == [record.key for record in held_out[:6]]
    loaded = Model.load(str(model))
    texts = list(dict.fromkeys(record.texts["objects"] for record in held_out))
    cosines = loaded.images(held_out) @ loaded.texts(texts).T
    assert f"among 8 samples with {len(texts)} different texts" in words(page)
    assert "trained on none of them" in words(page)
    links = re.findall('(?:src|href)="(.*?)"', page)
    assert all(link.startswith(("data:image/jpeg;", "#")) for link in links)
    for row, html in zip(cosines, shown.values(), strict=False):
        found = re.findall(r'<span class="text">(.*?)</span> \((.*?)\)', html)
        assert [text for text, _ in found] == [texts[i] for i in np.argsort(-row, kind="stable")[:3]]
        assert [float(cosine) for _, cosine in found] == pytest.approx(sorted(row)[:-4:-1], abs=0.006)
        assert html.count("<img") == 4


def test_what_is_missing_is_said(run: Run, model: Path, final: Path, tmp_path: Path) -> None:
    everything = [record.sample_id for record in read_records(list_shards(final))]
    folder = saw(model, tmp_path / "all", everything)
    assert "nothing is held out" in words(report(run, model=str(folder), curated=str(final)))

    (folder / checkpoint.WEIGHTS).unlink()
    page = words(report(run, model=str(folder), curated=str(final)))
    assert "450 steps, not finished" in page
    assert "What the model finds" not in page

    (folder / "train.jsonl").unlink()
    with pytest.raises(InputError, match=r"holds neither train\.jsonl nor open_clip_pytorch_model\.bin"):
        report(run, model=str(folder))

    mere = tmp_path / "mere"
    mere.mkdir()
    for name in (checkpoint.CONFIG, checkpoint.WEIGHTS, checkpoint.TOKENIZER):
        (mere / name).symlink_to(model / name)
    page = report(run, model=str(mere), curated=str(final))
    assert "The folder holds no log" in words(page)
    assert "it may have seen them" in words(page)
    assert len(queries(page)) == 6


def test_a_report_without_a_model_imports_no_torch(run: Run) -> None:
    code = (
        "import sys; from mpgi_ray.report import write_report; write_report(*sys.argv[1:]); "
        "sys.exit('torch' in sys.modules)"
    )
    output = str(run.root / "report.html")
    assert subprocess.run([sys.executable, "-c", code, run.captions, output], check=False).returncode == 0


@given(st.lists(st.floats(0, 1e12).filter(lambda x: x == 0 or x > 1e-12), min_size=1, max_size=700))
def test_a_curve_loses_no_step(values: list[float]) -> None:
    log = [{**line(step), "grad_norm": value} for step, value in enumerate(values, 5)]
    curve = next(curve for curve in curves(log) if curve.name == "gradient norm")
    assert len(curve.points) <= 200
    assert (curve.first, curve.last) == (values[0], values[-1])
    first = 0
    for point in curve.points:
        inside = values[first : point.step - 4]
        assert (point.low, point.high) == (min(inside), max(inside))
        assert point.mean == pytest.approx(math.fsum(inside) / len(inside))
        first = point.step - 4
    assert first == len(values)
    assert curve.values[0] == curve.steps[0] == 0
    assert 0 < len(curve.values) <= 4
    assert max(curve.values) <= curve.top * (1 + 1e-9)
    assert max(curve.values) >= curve.top / 3 or len(curve.values) > 1
    assert max(curve.steps) <= curve.points[-1].step


def test_steps_that_are_not_finite_are_left_out_and_one_loss_is_shown_once() -> None:
    log = [{**line(step), "losses": {"contrastive": 3.0}, "lr": math.nan} for step in (1, 2, 3)]
    log[1]["grad_norm"] = math.inf
    found = {curve.name: curve for curve in curves(log)}
    assert list(found) == ["loss", *(name for name in CURVES[4:])]
    assert [point.step for point in found["gradient norm"].points] == [1, 3]


def test_rankings_find_what_belongs_together_and_ties_find_nothing() -> None:
    unit = np.eye(4, dtype=np.float32)
    by_picture, by_text = rankings(unit, unit[[1, 0, 2]], [1, 0, 2, 2])
    assert [ranking.rank for ranking in by_picture] == [1, 1, 1, 3]
    assert [ranking.rank for ranking in by_text] == [1, 1, 1]
    assert [(found.index, found.cosine, found.right) for found in by_text[2].first[:1]] == [(2, 1.0, True)]
    assert by_picture[0].first[0].index == 1
    blind, _ = rankings(np.ones((3, 1), np.float32), np.ones((3, 1), np.float32), [0, 1, 2])
    assert [ranking.rank for ranking in blind] == [3, 3, 3]
