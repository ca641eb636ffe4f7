"""A tiny random Qwen2.5-VL is fine-tuned by stages, captions first, then instructions; vLLM asks it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from mpgi_ray.data.final import decoded, list_shards, read_records
from mpgi_ray.data.image import Picture
from mpgi_ray.data.instructions import Conversation, Turn, write_instructions
from mpgi_ray.data.storage import Storage
from mpgi_ray.engines.base import Prompt
from mpgi_ray.errors import RecipeError
from mpgi_ray.models import adapted_folder, kept
from mpgi_ray.models.model_folder import ADAPTER
from mpgi_ray.report.training import training
from mpgi_ray.train import initial, resume
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.data import Reading
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.order import windows
from mpgi_ray.train.run_folder import newest
from mpgi_ray.train.scan import scan
from mpgi_ray.train.tracking import read_log
from mpgi_ray.train.trainer import train
from support.shapes import write_shapes
from support.tiny_models import make_mllm

RECORDS = 64
QUESTION, ANSWER = "Is there a ship?", "Yes, at the pier."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards, in ``asked`` conversations about their pictures, and in ``base`` a model."""
    made = tmp_path_factory.mktemp("adapter")
    write_shapes(made / "shards", RECORDS)
    same, asked = Turn("presence", QUESTION, ANSWER), []
    for record in read_records(list_shards(str(made / "shards"))):
        other = Turn("describe_short", "Describe.", record.texts["objects"])
        asked += [Conversation(record.sample_id, turns) for turns in ((same,), (other, same))]
    write_instructions(Storage(str(made / "asked")), asked)
    (made / "base").mkdir()
    make_mllm(made / "base", "2.5")
    return made


def config(folder: Path, output: Path, **changes: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "shards": str(folder / "shards"),
        "output": str(output),
        "model": str(folder / "base"),
        "task": "instruction",
        "steps": 4,
        "batch": 16,
        "lr": 1e-2,
        "weight_decay": 0,
        "readers": 1,
    }
    settings = {"pixels": 56, "tokens": 64, **changes.pop("task_settings", {})}
    return TrainConfig.model_validate(values | changes | {"task_settings": settings})


def instructed(folder: Path, **settings: Any) -> Mapping[str, Any]:
    return {"instructions": str(folder / "asked"), "conversations": 2, **settings}


def learn(told: TrainConfig) -> list[float]:
    """Train in this process, as a worker does, and keep the model; the losses."""
    torch.manual_seed(told.seed)
    source, seen = scan(list_shards(told.shards), None, told.weights_of_texts)
    architecture, model = initial.initial(told, source)
    settings, steps = told.learns(writes=False), told.total_steps(0)
    order = windows(source.counts, told.batch, steps, told.seed, settings.weigh(seen.samples))
    reading = Reading.of(told, source, architecture.inputs(), settings)
    rows = (row for window in order for row in reading.window(window, 1))
    made = (Batch.of({name: value[None] for name, value in row.items()}) for row in rows)
    batches = (batch.to(torch.device("cpu"), architecture.normalise()) for batch in made)
    schedule = Schedule(steps=steps, lr=told.lr, weight_decay=told.weight_decay, accumulate=told.accumulate)
    losses = [step.loss for step in Learner(model, settings.task(model), schedule).fit(batches)]
    kept.save(told.output, architecture, model)
    return losses


def test_an_adapter_learns_by_stages(folder: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    first = learn(config(folder, tmp_path / "captions", texts={"objects": 1}, steps=8))
    assert first[-1] < 0.8 * first[0]
    on_it = {"model": str(tmp_path / "captions"), "task_settings": instructed(folder)}
    second = learn(config(folder, tmp_path / "second", **on_it))
    assert second[-1] < 0.8 * second[0]
    adapted_folder.merge(tmp_path / "captions", tmp_path / "whole")
    anew = learn(config(folder, tmp_path / "anew", **on_it | {"model": str(tmp_path / "whole")}))
    assert anew[0] == pytest.approx(second[0], rel=1e-3)  # a new adapter changes nothing yet


def test_conversations_that_do_not_fit_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, _ = scan(list_shards(str(folder / "shards")), None, None)

    def told(tokens: int) -> str:
        settings = {**instructed(folder), "tokens": tokens}
        initial.initial(config(folder, tmp_path, task_settings=settings), source)
        return capsys.readouterr().out

    said = re.search(r"64 of 128 conversations have more than 40 tokens: .*tokens=(\d+) takes", told(40))
    assert said is not None
    assert not told(int(said[1]))
    assert "takes them whole" in told(int(said[1]) - 1)


def test_what_is_not_for_an_adapter_is_refused(folder: Path, tmp_path: Path) -> None:
    learn(config(folder, tmp_path / "run", task_settings=instructed(folder, rank=4)))
    source, _ = scan(list_shards(str(folder / "shards")), None, None)
    on_it = {"model": str(tmp_path / "run")}
    for changes, said in (
        ({"freeze": ["image"]}, "takes no freeze: leave that out"),
        ({"weights": "openai", "context": 77}, "takes no weights and no context"),
        ({"task_settings": {"pictures": False}}, "expected task_settings.pictures=true"),
        ({**on_it, "task_settings": {"rank": 8}}, "rank 8: that of .*run is 4: leave it out"),
    ):
        told = config(folder, tmp_path / "other", **changes)
        with pytest.raises(RecipeError, match=said):
            initial.initial(told, source)
    for augment in ({"turning": "flips"}, {"crop": 0.9}):
        with pytest.raises(ValueError, match="answers tell places of whole pictures"):
            config(folder, tmp_path / "other", task_settings=instructed(folder), augment=augment)
    contrasted = told.model_copy(update={"task": "clip", "task_settings": {}})
    with pytest.raises(RecipeError, match="task clip trains none: expected task=instruction"):
        initial.initial(contrasted, source)


@pytest.mark.slow
def test_a_killed_run_goes_on_with_two_workers_as_one_that_was_not(
    folder: Path, tmp_path: Path, ray_cluster: None
) -> None:
    settings = {
        "task_settings": instructed(folder, kinds={"presence": 3}),
        "save_every": 4,
        "lr": 3e-3,
        "steps": 12,
    }
    train(config(folder, tmp_path / "undisturbed", **settings))
    run = config(folder, tmp_path / "run", **settings)
    code = "import sys; from mpgi_ray.train.config import *; from mpgi_ray.train.trainer import train;"
    code += "train(TrainConfig.model_validate_json(sys.argv[1]))"
    told = run.model_dump_json(exclude_unset=True)
    driver = subprocess.Popen([sys.executable, "-c", code, told], start_new_session=True)
    while not newest(run.output):
        assert driver.poll() is None
        threading.Event().wait(0.05)
    driver.kill()
    driver.wait()
    assert not (tmp_path / "run" / ADAPTER).exists()
    assert train(run.model_copy(update={"workers": 2})).new <= 8
    expected, found = (
        [step["loss"] for step in read_log(str(tmp_path / name))] for name in ("undisturbed", "run")
    )
    assert found == pytest.approx(expected, rel=1e-3)
    assert found[-1] < 0.9 * found[0]
    assert training(run.output).finished
    assert resume.is_whole(run.output)
    assert sum(file.stat().st_size for file in (tmp_path / "run").glob("adapter*")) < 500_000


@pytest.mark.slow
@pytest.mark.timeout(900)  # three starts of vLLM
def test_vllm_says_what_was_learnt(folder: Path, tmp_path: Path, ray_cluster: None) -> None:
    import ray

    from support.engines_fixtures import Host, tiny_config

    told = instructed(folder, kinds={"describe_short": 0}, rank=8)
    losses = learn(config(folder, tmp_path / "run", task_settings=told, steps=40))
    assert losses[-1] < 0.1 * losses[0]
    adapted_folder.merge(tmp_path / "run", tmp_path / "whole")
    record = next(read_records(list_shards(str(folder / "shards"))))
    shown = Picture(b"", decoded(record))
    prompt = Prompt(
        name="asked",
        text=QUESTION,
        picture=shown,
        seed=record.sample_id,
        sampling={"temperature": 0.0, "max_tokens": 24},
    )
    said = {}
    for name in ("base", "run", "whole"):
        place = folder / name if name == "base" else tmp_path / name
        host = ray.remote(num_cpus=0)(Host).remote(tiny_config(place))
        (reply,) = ray.get(host.reply.remote([prompt]))
        said[name] = (reply.text, reply.finish_reason)
        assert ray.get(host.close.remote()) == set()
    assert said["run"] == said["whole"] == (ANSWER, "stop"), said
    assert said["base"] != said["run"]
    assert json.loads((tmp_path / "run" / "adapter_config.json").read_text())["r"] == 8
