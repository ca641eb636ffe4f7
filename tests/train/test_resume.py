"""What a stopped run finds of itself, and what decides whether it is the same run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from mpgi_ray.errors import InputError, OutputError, RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.model_folder import Seen
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train import resume
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.run_folder import STATE, finished, newest, open_run, saved, step_folder
from mpgi_ray.train.source import Source

SIX = dict.fromkeys(("objects", "layout", "scene", "attributes", "short", "long"), 1.0)
ARCHITECTURE = small(TextTokenizer.train(["a red ship"], 8))


def linear(weight: float) -> torch.nn.Linear:
    model = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(model.weight, weight)
    return model


def test_the_newest_checkpoints_stay_also_past_six_digits(tmp_path: Path) -> None:
    output, model = str(tmp_path), linear(0)
    assert newest(output) is None
    for step in (0, 999_998, 999_999, 1_000_000):
        resume.save(output, ARCHITECTURE, linear(step), {"done": step, "optimizer": None})
        assert newest(output) == step
    assert saved(output) == [999_999, 1_000_000]
    assert resume.restore(output, model) == {"done": 1_000_000, "optimizer": None}
    assert model.weight.item() == 1_000_000
    assert len(list((tmp_path / "steps").iterdir())) == 2


@pytest.mark.parametrize("damaged", [STATE, checkpoint.WEIGHTS, checkpoint.CONFIG, checkpoint.TOKENIZER])
@pytest.mark.parametrize("cut", [True, False])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged: str, cut: bool
) -> None:
    output, (model, _, _) = str(tmp_path), checkpoint.build(ARCHITECTURE)
    for step in (2, 4):
        resume.save(output, ARCHITECTURE, model, {"done": step, "optimizer": None})
    assert resume.newest_whole(output) == 4
    file = Path(step_folder(output, 4), damaged)
    if cut:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        file.unlink()
    assert resume.newest_whole(output) == 2
    assert saved(output) == [2]
    told = capsys.readouterr().err
    assert bool(told) == (cut or damaged != STATE)  # a folder without its state was never whole
    assert resume.restore(output, model) == {"done": 2, "optimizer": None}


def test_a_damaged_model_is_made_again(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, ARCHITECTURE, checkpoint.build(ARCHITECTURE)[0])
    assert resume.is_whole(str(tmp_path))
    weights = tmp_path / checkpoint.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:1000])
    assert not resume.is_whole(str(tmp_path))
    assert not finished(str(tmp_path))


def test_a_worker_that_starts_once_more_after_the_end_has_nothing_to_do(tmp_path: Path) -> None:
    output = str(tmp_path)
    with pytest.raises(InputError, match="holds no checkpoint"):
        resume.restore(output, linear(0))
    resume.save(output, ARCHITECTURE, linear(1), {"done": 8, "optimizer": None})
    checkpoint.save(output, ARCHITECTURE, linear(2))
    model = linear(0)
    assert resume.restore(output, model) is None  # before and after the driver tidied up
    resume.finish(output)
    assert resume.restore(output, model) is None
    assert model.weight.item() == 0


def recipe(**changes: object) -> dict[str, object]:
    values = {"shards": "shards", "output": "out", "steps": 8, "batch": 8, **changes}
    return TrainConfig(**values).recipe(Source((), None, SIX, fingerprint="samples"))


def test_a_run_may_go_on_elsewhere_and_in_parts_but_not_with_other_numbers(tmp_path: Path) -> None:
    first, seen = recipe(), Seen(("1",), ())
    assert not open_run(str(tmp_path), first, "train-1", seen, left_out=3)
    assert json.loads((tmp_path / "run.json").read_text())["left_out"] == 3
    for same in ({"accumulate": 2}, {"checkpoint_activations": True}, {"workers": 2}, {"bf16": False}):
        assert not open_run(str(tmp_path), recipe(**same), "train-1", seen, left_out=3)
    with pytest.raises(OutputError, match="bf16 was False, is True"):
        open_run(str(tmp_path), recipe(gpu=True), "train-1", seen, left_out=3)


def test_a_run_does_not_go_on_with_another_number_of_texts_a_step(tmp_path: Path) -> None:
    open_run(str(tmp_path), recipe(), "train-1", Seen(("1",), ()), left_out=0)
    with pytest.raises(OutputError, match="texts_per_step was None, is 3"):
        open_run(str(tmp_path), recipe(texts_per_step=3), "train-1", Seen(("1",), ()), left_out=0)
    with pytest.raises(RecipeError, match=r"texts_per_step 7: expected at most 6, .* \(attributes, layout, "):
        recipe(texts_per_step=7)


def test_a_recipe_of_the_first_version_is_that_of_today() -> None:
    first = {
        "model": "small",
        "weights": None,
        "split": None,
        "texts": SIX,
        "context": 77,
        "epochs": None,
        "steps": 8,
        "batch": 8,
        "lr": 0.001,
        "warmup": 0.1,
        "weight_decay": 0.2,
        "max_gradient": 1.0,
        "caption_weight": 2.0,
        "augment": {"turning": "none", "crop": None},
        "bf16": False,
        "freeze": [],
        "seed": 0,
        "samples": "samples",
        "torch": torch.__version__.partition("+")[0],
    }
    assert recipe() == recipe(texts_per_step=1) == first
    assert set(recipe(task="clip")) - set(first) == {"task", "task_settings", "annotations"}
