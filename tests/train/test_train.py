"""Training jobs on small coloured shapes: from final shards to a checkpoint that retrieves and describes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from mpgi_ray.cli import main
from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.data.tar import group_members, read_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.errors import InputError, OutputError, RecipeError, ResourceError, TrainingError
from mpgi_ray.evaluate.config import EvaluateConfig
from mpgi_ray.evaluate.job import evaluate
from mpgi_ray.evaluate.retrieval import Protocol
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import stock
from mpgi_ray.train import trainer
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.run_folder import newest
from mpgi_ray.train.scan import scan
from mpgi_ray.train.tracking import read_log
from mpgi_ray.train.trainer import TrainResult, train
from support.shapes import write_shapes

TEXTS = {"objects": 1.0, "layout": 1.0}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "train", 200)


def config(shapes: Path, output: Path, **changes: object) -> TrainConfig:
    values = {"steps": 40, "batch": 64, "texts": TEXTS, "context": 32, "readers": 1, **changes}
    return TrainConfig(shards=str(shapes), output=str(output), **values)


@pytest.fixture(scope="module")
def trained(shapes: Path, tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Path:
    output = tmp_path_factory.mktemp("model") / "run"
    result = train(config(shapes, output))
    assert (result.checkpoint, result.steps, result.new) == (str(output), 40, 40)
    return output


def evaluation(models: Sequence[Path], shards: Path, output: Path, **settings: Any) -> EvaluateConfig:
    return EvaluateConfig(models=tuple(map(str, models)), shards=str(shards), output=str(output), **settings)


def test_training_learns_to_retrieve_unseen_pictures(trained: Path, tmp_path: Path) -> None:
    held_out = write_shapes(tmp_path / "test", 60, seed=1, split="test")
    asked = evaluation([trained], held_out, tmp_path, split="test", texts=("layout", "captions"))
    metrics = evaluate(asked)
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics.record()
    rows = {(row["model"], row["texts"]): row for row in metrics.retrieval}
    model, oracle = rows[str(trained), "layout"], rows["class oracle", "layout"]
    assert model["mean_recall"] > 4 * rows["chance", "layout"]["mean_recall"]
    assert model["mean_recall"] > 1.3 * oracle["mean_recall"]
    assert model["mean_recall_low"] < model["mean_recall"] < model["mean_recall_high"]
    why = "not all training pictures tell which data set they are of"
    assert metrics.not_zero_shot == {str(trained): why}
    assert metrics.status == {str(trained): f"no picture seen; 4 of 4 classes seen; not zero-shot: {why}"}
    assert all(row["classes"] == 4 and row["top1"] > 25 for row in metrics.zero_shot)


def test_several_models_stand_in_one_table_and_a_leak_is_said(
    trained: Path, shapes: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(trained, copy)
    (copy / "seen.json").unlink()
    both = [trained, copy]
    metrics = evaluate(evaluation(both, shapes, tmp_path, texts=("objects",), protocol=Protocol.REPEATED))
    assert metrics.status[str(trained)].startswith("LEAK: 200 of 200 pictures were in training")
    assert metrics.status[str(copy)].startswith("leak unknown")
    first, second = (row for row in metrics.retrieval if row["model"] in metrics.status)
    assert {**first, "model": ""} == {**second, "model": ""}
    assert first["mean_recall"] > metrics.retrieval[0]["mean_recall"]
    with pytest.raises(InputError, match="has the text 'short'; they have layout, objects"):
        evaluate(evaluation(both, shapes, tmp_path))
    with pytest.raises(InputError, match="no sample is of split 'val'; the shards hold splits train"):
        evaluate(evaluation(both, shapes, tmp_path, split="val"))


def test_a_run_leaves_its_model_and_a_line_a_step_and_is_not_done_again(trained: Path, shapes: Path) -> None:
    log = read_log(str(trained))
    assert [line["step"] for line in log] == list(range(1, 41))
    assert log[-1]["loss"] < log[0]["loss"] / 1.5
    assert all(line["losses"] == {"contrastive": line["loss"]} and line["grad_norm"] > 0 for line in log)
    assert sorted(path.name for path in trained.iterdir()) == [
        "open_clip_config.json",
        "open_clip_pytorch_model.bin",
        "run.json",
        "seen.json",
        "tensorboard",
        "tokenizer.json",
        "train.jsonl",
    ]
    before = (trained / checkpoint.WEIGHTS).stat()
    assert train(config(shapes, trained)).new == 0
    assert (trained / checkpoint.WEIGHTS).stat() == before
    with pytest.raises(OutputError, match=r"run was made with other settings: lr was 0\.001, is 0\.002; "):
        train(config(shapes, trained, lr=2e-3, seed=1))
    more = write_shapes(trained.parent / "more", 70, seed=7)
    with pytest.raises(OutputError, match="samples was"):
        train(config(more, trained))


@pytest.mark.slow
def test_a_killed_driver_and_a_lost_worker_cost_nothing_but_time(shapes: Path, tmp_path: Path) -> None:
    settings = {"steps": 24, "batch": 32, "save_every": 8, "model": "small-coca"}
    undisturbed = config(shapes, tmp_path / "undisturbed", **settings)
    train(undisturbed)
    expected = [line["losses"] for line in read_log(undisturbed.output)]
    assert set(expected[0]) == {"contrastive", "caption"}

    run = config(shapes, tmp_path / "run", **settings)
    code = "import sys; from mpgi_ray.train.config import *; from mpgi_ray.train.trainer import train;"
    code += "train(TrainConfig.model_validate_json(sys.argv[1]))"
    driver = subprocess.Popen([sys.executable, "-c", code, run.model_dump_json()], start_new_session=True)
    _when_saved(run.output, 8, driver.kill).join()
    driver.wait()
    assert not (tmp_path / "run" / checkpoint.WEIGHTS).exists()
    killer = _when_saved(run.output, 16, _kill_a_worker)
    # another number of workers sees the same steps
    assert train(run.model_copy(update={"workers": 2})).new <= 16
    killer.join()
    losses = [line["losses"] for line in read_log(run.output)]
    assert len(losses) == 24
    assert losses == [pytest.approx(step, rel=1e-3) for step in expected]
    assert not (tmp_path / "run" / "steps").exists()


@pytest.mark.slow
def test_a_run_that_is_asked_to_stop_keeps_its_last_step_and_goes_on(shapes: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    run = config(shapes, output, steps=120, batch=32, workers=2, save_every=2)
    options = ["--steps", "120", "--batch", "32", "--workers", "2", "--grace", "200"]
    settings = ["save_every=2", "readers=1", "context=32", "texts.objects=1", "texts.layout=1"]
    command = [sys.executable, "-m", "mpgi_ray", "train", str(shapes), "--out", str(output), *options]
    command += [word for setting in settings for word in ("--set", setting)]
    first = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    _when_saved(run.output, 2, lambda: None).join()
    with pytest.raises(OutputError, match=rf"worked on by `mpgi train` of .*\(process {first.pid}, since"):
        train(run)
    first.send_signal(signal.SIGTERM)
    said = first.communicate()[1]
    assert first.returncode == 143, said
    done = newest(run.output)
    assert done is not None
    assert f"stopped by SIGTERM: what is published stays; {120 - done} of 120 steps are left;" in said
    assert [step["step"] for step in read_log(run.output)] == list(range(1, done + 1))
    assert not {"lease.json", "stop-asked", ".ray"} & {path.name for path in output.iterdir()}
    again = subprocess.Popen(command)
    _when_saved(run.output, done + 2, lambda: again.send_signal(signal.SIGINT)).join()
    assert again.wait() == 130
    left = 120 - (newest(run.output) or 0)
    assert train(run).new == left
    assert [step["step"] for step in read_log(run.output)] == list(range(1, 121))


def _when_saved(output: str, step: int, act: Callable[[], None]) -> threading.Thread:
    """Do something as soon as there is a checkpoint of this step or a later one."""

    def wait() -> None:
        while (newest(output) or 0) < step:
            threading.Event().wait(0.05)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def _kill_a_worker() -> None:
    ours = psutil.Process(os.getpid()).children(recursive=True)
    workers = [child for child in ours if "RayTrainWorker" in " ".join(child.cmdline())]
    assert workers
    workers[0].send_signal(signal.SIGKILL)


def test_a_checkpoint_must_be_whole(tmp_path: Path) -> None:
    (tmp_path / checkpoint.CONFIG).write_text("{}")
    with pytest.raises(InputError, match=f"it lacks {checkpoint.WEIGHTS}"):
        checkpoint.load(tmp_path)
    (tmp_path / checkpoint.WEIGHTS).write_bytes(b"PK\x03\x04 not quite")
    with pytest.raises(InputError, match="not a configuration of open_clip"):
        checkpoint.load(tmp_path)


def test_a_damaged_checkpoint_and_one_of_another_model_are_told_apart(trained: Path, tmp_path: Path) -> None:
    model, _, _ = checkpoint.load(trained)
    other = replace(checkpoint.read_architecture(trained), tokenizer=None)
    other.model_cfg["text_cfg"]["vocab_size"] = 49408
    checkpoint.save(tmp_path, other, model)
    with pytest.raises(InputError, match=r"of different models: .*token_embedding"):
        checkpoint.load(tmp_path)
    whole = (tmp_path / checkpoint.WEIGHTS).read_bytes()
    (tmp_path / checkpoint.WEIGHTS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is damaged or not a file"):
        checkpoint.load(tmp_path)


def test_a_stock_model_keeps_its_activation_and_name(tmp_path: Path) -> None:
    architecture = stock("ViT-B-32-quickgelu")
    layers = {"layers": 1, "width": 64}  # the real size is no help here
    model_cfg = architecture.model_cfg | {"embed_dim": 32}
    model_cfg["vision_cfg"] = model_cfg["vision_cfg"] | layers
    model_cfg["text_cfg"] = model_cfg["text_cfg"] | layers | {"heads": 1, "vocab_size": 49408}
    architecture = replace(architecture, model_cfg=model_cfg)
    model, _, tokenize = checkpoint.build(architecture)
    checkpoint.save(tmp_path, architecture, model)
    loaded, _, loaded_tokenize = checkpoint.load(tmp_path)
    tokens = tokenize(["an airport"])
    assert type(loaded.visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU"
    assert torch.equal(tokens, loaded_tokenize(["an airport"]))
    assert torch.equal(model.eval().encode_text(tokens), loaded.encode_text(tokens))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"batch": 512}, InputError, "200 samples are fewer than a batch of 512: take a smaller"),
        ({"split": "val"}, InputError, "split 'val'.*hold texts captions, layout.* and hold splits train"),
        ({"task": "clipp"}, RecipeError, "no task 'clipp': did you mean 'clip'"),
        ({"task": "clip", "task_settings": {"x": 1}}, RecipeError, "task_settings of clip: unknown key 'x'"),
        (
            {"texts": {"layout": 1, "layuot": 2}},
            InputError,
            "no sample has a text 'layuot': .* layout, objects",
        ),
        (
            {"model": "ViT-X"},
            RecipeError,
            "unknown model 'ViT-X': expected small, small-vit, small-coca",
        ),
        ({"weights": "openai"}, RecipeError, "model 'small' takes none, it starts afresh"),
        ({"model": "ViT-B-32", "weights": "openai"}, RecipeError, "use the model 'ViT-B-32-quickgelu'"),
        ({"model": "ViT-B-32", "weights": "opnai"}, RecipeError, "a tag of 'ViT-B-32'; its tags are openai"),
        ({"workers": 64}, ResourceError, "hold 64 CPUs"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_workers_start(
    ray_cluster: None,
    shapes: Path,
    tmp_path: Path,
    change: dict[str, object],
    error: type[Exception],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        train(config(shapes, tmp_path / "run", **{"steps": 1, **change}))


def test_no_shards_and_broken_shards_are_named(ray_cluster: None, shapes: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no shards: no file ending in"):
        train(config(tmp_path, tmp_path / "run"))
    whole = Path(list_shards(shapes)[0]).read_bytes()
    (tmp_path / "shard-000000.tar").write_bytes(whole[: len(whole) // 2 + 100])
    with pytest.raises(InputError, match=r"shard-000000\.tar"):
        train(config(tmp_path, tmp_path / "run"))
    (tmp_path / "shard-000000.tar").write_bytes(bytes(10240))
    with pytest.raises(InputError, match=r"no usable text: .*texts none and hold splits none"):
        train(config(tmp_path, tmp_path / "run"))
    assert len(list(read_records(list_shards(shapes)))) == 200


@pytest.mark.slow  # that readers name it: test_order.py
@pytest.mark.parametrize("workers", [1, 2])
def test_a_picture_that_cannot_be_read_is_named(ray_cluster: None, tmp_path: Path, workers: int) -> None:
    # of samples that no other test has: readers remember what they decoded
    broken = Path(list_shards(write_shapes(tmp_path / "whole", 40, seed=10 + workers, shards=1))[0])
    groups = group_members(read_members(broken.read_bytes(), broken.name), broken.name, None)
    members = [(group.key, dict(group.fields)) for group in groups]
    members[7][1]["png"] = b"no picture"
    (tmp_path / broken.name).write_bytes(write_members(members))
    with pytest.raises(InputError, match=f"{broken.name}.*{members[7][0]}"):
        train(config(tmp_path, tmp_path / "run", batch=32, workers=workers, restarts=0))


def test_weights_are_exceptions_and_what_is_not_learned_is_said(
    shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[TrainConfig] = []

    def note(config: TrainConfig, **_: object) -> TrainResult:
        given.append(config)
        raise TrainingError("enough is known")

    monkeypatch.setattr(trainer, "train", note)
    changed = ["context=16", "texts.layout=2", "texts.objects=0"]
    options = ["--steps", "1", "--batch", "8", *(word for change in changed for word in ("--set", change))]
    assert main(["train", str(shapes), "--out", str(tmp_path / "run"), *options]) == 1
    source, _ = scan(list_shards(shapes), None, given[0].texts)
    assert given[0].recipe(source)["texts"] == {"layout": 2.0}
    assert given[0].context == 16
    assert source.told() == "left out of training: the texts captions, objects"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": None}, "give either epochs or steps"),
        ({"epochs": 1}, "give either epochs or steps"),
        ({"workers": 3}, "batch 64 cannot be shared evenly by 3 workers in 1 parts"),
        ({"accumulate": 3}, "batch 64 cannot be shared evenly by 1 workers in 3 parts"),
        ({"texts": {"short": -1}}, "greater than or equal to 0"),
        ({"texts": {"short": float("inf")}}, "finite number"),
        ({"texts": {"*": 0, "short": 0}}, "expected a weight above 0"),
        ({"task_settings": {"weight": 1}}, "task_settings belong to a task"),
        ({"task": "coca", "caption_weight": 9}, r"expected task_settings\.caption_weight"),
        ({"texts_per_step": 0}, "greater than or equal to 1"),
        ({"bach": 2}, "bach"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        config(Path("shards"), Path("out"), **wrong)
