"""A model with a bridge learns by stages, goes on where it was stopped, and captions pictures."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from mpgi_ray.caption.job import caption
from mpgi_ray.data.final import decoded, list_shards, read_records
from mpgi_ray.data.instructions import Conversation, Turn, write_instructions
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models import bridge_folder, checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.bridge_writer import BridgeWriter
from mpgi_ray.models.decoding import Greedy
from mpgi_ray.models.model_folder import BRIDGE_WEIGHTS
from mpgi_ray.models.place import revision_of
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.models.written import Asked
from mpgi_ray.report.page import write_report
from mpgi_ray.report.training import training
from mpgi_ray.train import resume
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.initial import initial
from mpgi_ray.train.run_folder import newest, step_folder
from mpgi_ray.train.source import Source
from mpgi_ray.train.tasks import task_settings
from mpgi_ray.train.tracking import read_log
from mpgi_ray.train.trainer import train
from support.build import write_shards
from support.caption_runs import recipe, rows
from support.shapes import write_shapes

QUESTION = "Which building or tank is it?"


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards, a question about each of their pictures, and in ``clip`` a model with fresh weights."""
    folder = tmp_path_factory.mktemp("bridge")
    write_shapes(folder / "shards", 48)
    write_instructions(
        Storage(str(folder / "instructions")),
        [
            Conversation(record.sample_id, (Turn("classification", QUESTION, record.texts["objects"]),))
            for record in read_records(list_shards(str(folder / "shards")))
        ],
    )
    torch.manual_seed(0)
    clip = small(TextTokenizer.train(["a red tank"], 16))
    checkpoint.save(folder / "clip", clip, checkpoint.build(clip)[0])
    return folder


def config(shapes: Path, output: Path, settings: Any = None, **changes: Any) -> TrainConfig:
    told = {"tokens": 40, **(settings or {})}
    values = {"shards": str(shapes / "shards"), "output": str(output), "task": "instruction", "readers": 1}
    values |= {"steps": 8, "batch": 8, "lr": 3e-3, "task_settings": told}
    return TrainConfig.model_validate(values | changes)


FIRST = {"model": "small-bridge-nova"}


@pytest.mark.slow
def test_a_model_with_a_bridge_learns_by_stages_and_captions(
    shapes: Path, tmp_path: Path, ray_cluster: None
) -> None:
    start = {"init": str(shapes / "clip"), **FIRST}
    stages = [
        config(shapes, tmp_path / "0", {"pictures": False}, **start),
        config(shapes, tmp_path / "1", model=str(tmp_path / "0"), freeze=["image", "text"], workers=2),
        config(
            shapes,
            tmp_path / "2",
            {"instructions": str(shapes / "instructions"), "conversations": 2},
            model=str(tmp_path / "1"),
            freeze=["image"],
            steps=12,
        ),
    ]
    for stage in stages:
        train(stage)
    for number in "02":  # the bridge alone learns little in a few steps
        log = read_log(str(tmp_path / number))
        assert log[-1]["loss"] < 0.95 * log[0]["loss"]
    before, after, last = (torch.load(tmp_path / n / BRIDGE_WEIGHTS) for n in "012")
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved
    assert all(name.startswith("bridge") for name in moved)
    assert any(not torch.equal(value, last[name]) for name, value in after.items() if "language" in name)
    assert all(torch.equal(value, last[name]) for name, value in before.items() if "visual" in name)
    assert training(str(tmp_path / "2")).finished
    write_shards(tmp_path / "shards", [6])  # pictures of which nothing is known
    run = recipe(
        tmp_path,
        "captions",
        generate={
            "engine": {"kind": "local", "model": str(tmp_path / "2"), "cpus": 0.5},
            "perspectives": ["scene"],
            "sampling": {"max_tokens": 24},
        },
        integrate={"engine": {"kind": "template", "cpus": 0.5}},
        max_reject_rate=1,
    )
    caption(run)
    own = [row for row in rows(run) if row.perspective == "scene"]
    assert len({row.sample_id for row in own}) == 6
    assert {row.revision for row in own} == {revision_of(str(tmp_path / "2"))}
    write_report(run.output, str(tmp_path / "report.html"))
    assert (tmp_path / "report.html").stat().st_size


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_same_conversations(
    shapes: Path, tmp_path: Path, ray_cluster: None
) -> None:
    asked = {"instructions": str(shapes / "instructions")}
    # batch norm of a tower that is not frozen would take the statistics of each worker's own part
    settings = {"init": str(shapes / "clip"), **FIRST, "save_every": 4, "steps": 16, "freeze": ["image"]}
    undisturbed = config(shapes, tmp_path / "undisturbed", asked, **settings)
    train(undisturbed)
    run = config(shapes, tmp_path / "run", asked, **settings)
    code = "import sys; from mpgi_ray.train.config import *; from mpgi_ray.train.trainer import train;"
    code += "train(TrainConfig.model_validate_json(sys.argv[1]))"
    told = run.model_dump_json(exclude_unset=True)
    driver = subprocess.Popen([sys.executable, "-c", code, told], start_new_session=True)
    while (newest(run.output) or 0) < 4:
        assert driver.poll() is None
        threading.Event().wait(0.05)
    driver.kill()
    driver.wait()
    assert not (tmp_path / "run" / BRIDGE_WEIGHTS).exists()
    train(run.model_copy(update={"workers": 2}))
    losses, expected = ([line["losses"] for line in read_log(c.output)] for c in (run, undisturbed))
    assert losses == [pytest.approx(step, rel=1e-3) for step in expected]


@pytest.mark.parametrize("damaged", ["bridge.json", "tokenizer.json", "bridge_model.bin"])
def test_a_damaged_model_is_named_and_the_one_before_is_taken(
    shapes: Path, tmp_path: Path, damaged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = config(shapes, tmp_path, init=str(shapes / "clip"), **FIRST)
    architecture, model = initial(first, Source((), None, {}))
    for step in (2, 4):
        resume.save(str(tmp_path), architecture, model, {"done": step, "optimizer": None})
    file = Path(step_folder(str(tmp_path), 4), damaged)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert resume.newest_whole(str(tmp_path)) == 2
    assert "it is removed and made again" in capsys.readouterr().err


def test_the_first_stage_takes_the_tower_of_a_run_and_a_later_one_the_whole_model(
    shapes: Path, tmp_path: Path
) -> None:
    source = Source((), None, {})
    with pytest.raises(RecipeError, match="takes the image tower of another run"):
        initial(config(shapes, tmp_path, **FIRST), source)
    with pytest.raises(RecipeError, match="task clip teaches it none"):
        initial(config(shapes, tmp_path, init="x", task=None, task_settings={}, **FIRST), source)
    with pytest.raises(InputError, match="is not a checkpoint"):
        initial(config(shapes, tmp_path, init=str(tmp_path), **FIRST), source)
    first = config(shapes, tmp_path, init=str(shapes / "clip"), **FIRST)
    architecture, model = initial(first, source)
    clip = checkpoint.load(shapes / "clip")[0].visual.state_dict()
    assert all(torch.equal(value, model.visual.state_dict()[name]) for name, value in clip.items())
    bridge_folder.save(tmp_path / "0", architecture, model)
    told = {"tokens": 64, "question": "What is there?"}
    later, again = initial(config(shapes, tmp_path, told, model=str(tmp_path / "0")), source)
    assert (later.tokens, later.question) == (64, "What is there?")
    assert all(torch.equal(value, again.state_dict()[n]) for n, value in model.state_dict().items())
    with pytest.raises(RecipeError, match=r"task_settings\.rank are of multimodal models"):
        initial(config(shapes, tmp_path, {"rank": 8}, model=str(tmp_path / "0")), source)
    with pytest.raises(RecipeError, match="it takes no init"):
        initial(config(shapes, tmp_path, model=str(tmp_path / "0"), init="x"), source)
    bridge_folder.save(tmp_path / "later", later, again)
    picture = decoded(next(read_records(list_shards(str(shapes / "shards")))))
    [one] = BridgeWriter.load(str(tmp_path / "later")).write([Asked(picture)], Greedy(), 4)
    assert one.tokens <= 4
    again.language.requires_grad_(False)
    with pytest.raises(RecipeError, match="freeze leaves nothing to learn"):
        task_settings("instruction", {"pictures": False}).task(again)
