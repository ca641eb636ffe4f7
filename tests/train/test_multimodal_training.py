"""A tiny random Qwen2-VL learns preferences by stages: its head alone, then its text tower too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel

from mpgi_ray.data.final import decoded, list_shards, read_records
from mpgi_ray.data.preferences import Preference, write_preferences
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import RecipeError
from mpgi_ray.models import hub, kept
from mpgi_ray.models.scorers import load_scorer
from mpgi_ray.report.training import training
from mpgi_ray.train import initial, resume
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.run_folder import step_folder
from mpgi_ray.train.source import Source
from mpgi_ray.train.tracking import read_log
from mpgi_ray.train.trainer import train
from support.shapes import write_shapes
from support.tiny_models import make_mllm

GOOD, BAD = "A harbor with five ships.", "Two airplanes stand on the apron beside the terminal."


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards, and in ``pairs`` two lists of each of their pictures; in ``base`` a model."""
    folder = tmp_path_factory.mktemp("multimodal")
    write_shapes(folder / "shards", 40)
    lists = [
        Preference(record.sample_id, "rating", (("", text), ("", other)))
        for record in read_records(list_shards(str(folder / "shards")))
        for text, other in ((GOOD, BAD), (record.texts["layout"], BAD))
    ]
    write_preferences(Storage(str(folder / "pairs")), lists)
    (folder / "base").mkdir()
    make_mllm(folder / "base")
    return folder


def config(shapes: Path, output: Path, **changes: Any) -> TrainConfig:
    values = {
        "shards": str(shapes / "shards"),
        "output": str(output),
        "model": str(shapes / "base"),
        "task": "preference",
        "task_settings": {"preferences": str(shapes / "pairs"), "lists": 2, "pixels": 56, "tokens": 48},
        "steps": 8,
        "batch": 8,
        "lr": 3e-3,
        "readers": 1,
    }
    return TrainConfig.model_validate(values | changes)


@pytest.mark.slow
def test_a_scorer_learns_by_stages_and_is_served(shapes: Path, tmp_path: Path, ray_cluster: None) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    result = train(config(shapes, first, freeze=["image", "text"], lr=3e-2))
    log = read_log(str(first))
    assert result.steps == len(log) == 8
    assert log[-1]["loss"] < 0.8 * log[0]["loss"]
    before, after = (AutoModel.from_pretrained(path).state_dict() for path in (shapes / "base", first))
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    again = train(config(shapes, first, freeze=["image", "text"], lr=3e-2))
    assert again.new == 0
    train(config(shapes, second, model=str(first), freeze=["image"], checkpoint_activations=True, workers=2))
    assert read_log(str(second))[0]["loss"] < 0.9 * log[0]["loss"]  # the head of the first stage goes on
    learnt = AutoModel.from_pretrained(second).state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, learnt[name])}
    assert "language_model.layers.0.mlp.up_proj.weight" in moved
    assert not any(name.startswith("visual.") for name in moved)
    record = next(read_records(list_shards(str(shapes / "shards"))))
    scores = load_scorer(str(second), gpu=False).score([decoded(record)], [[BAD, GOOD]])[0]
    assert scores[0] < scores[1]
    assert [curve.name for curve in training(str(second)).curves][:2] == ["loss", "learning rate"]


@pytest.mark.parametrize("damaged", ["config.json", "model.safetensors", "scorer.pt", "tokenizer.json"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(
    shapes: Path, tmp_path: Path, damaged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    architecture, model = initial.initial(config(shapes, tmp_path), Source((), None, None))
    for step in (2, 4):
        torch.nn.init.constant_(model.head.weight, step)
        resume.save(str(tmp_path), architecture, model, {"done": step, "optimizer": None})
    assert resume.newest_whole(str(tmp_path)) == 4
    file = Path(step_folder(str(tmp_path), 4), damaged)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert resume.newest_whole(str(tmp_path)) == 2
    assert "it is removed and made again" in capsys.readouterr().err
    assert resume.restore(str(tmp_path), model) == {"done": 2, "optimizer": None}
    assert (model.head.weight == 2).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "clip", "task_settings": {}}, "multimodal model, and task clip trains none"),
        ({"weights": "openai", "context": 77}, "takes no weights and no context: leave"),
    ],
)
def test_what_is_not_for_a_multimodal_model_is_refused(
    shapes: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(RecipeError, match=said):
        initial.initial(config(shapes, tmp_path, **changes), Source((), None, None))


def test_a_model_of_the_hub_is_fetched_whole_and_texts_that_are_cut_are_said(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Sequence[str]] = []

    def fetch(repository: str, revision: str | None, allow_patterns: Sequence[str]) -> str:
        assert repository == "Qwen/Qwen2-VL-2B-Instruct"
        asked.append(allow_patterns)
        return str(shapes / "base")

    monkeypatch.setattr(hub, "snapshot_download", fetch)
    told = {"preferences": str(shapes / "pairs"), "pixels": 56, "tokens": 8}
    named = config(shapes, tmp_path, model="hf-hub:Qwen/Qwen2-VL-2B-Instruct", task_settings=told)
    architecture, model = initial.initial(named, Source((), None, None))
    assert ["config.json" in one for one in asked] == [True, True]
    assert "*.safetensors" in asked[1]
    assert "texts have more than 8 tokens and are cut: task_settings.tokens=" in capsys.readouterr().out
    kept.save(tmp_path / "kept", architecture, model)
    again = kept.read_architecture(tmp_path / "kept")
    assert (again.inputs(), again.normalise()) == (architecture.inputs(), architecture.normalise())
