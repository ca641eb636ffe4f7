"""The task of pictures alone: its losses against values of CMID's own code, what it reads and refuses."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mpgi_ray.data.final import Record
from mpgi_ray.data.sample import Box
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.errors import InputError, MpgiError, RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture, small, small_coca, small_vit, stock
from mpgi_ray.models.inputs import Inputs
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.augment import Transform
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.initial import initial
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.scan import scan
from mpgi_ray.train.source import Source
from mpgi_ray.train.step import Learned, backward, check_used
from mpgi_ray.train.tasks import task_settings
from mpgi_ray.train.tasks.cmid import losses, settings
from mpgi_ray.train.tasks.cmid.cells import centres, hidden, nearest
from mpgi_ray.train.teacher import follow
from mpgi_ray.train.view import Taken, View

TOKENS = TextTokenizer.train(["a ship"], 16)
HEADS = {"cells": 6, "queue": 32, "hidden_width": 32, "dim": 16, "prototypes": 24}


@pytest.fixture
def oracle(data_dir: Path) -> Callable[[str], Any]:
    return lambda name: json.loads((data_dir / "oracles" / f"cmid_{name}.json").read_text())


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def close(found: Tensor, expected: Any) -> None:
    torch.testing.assert_close(found.detach(), tensor(expected), rtol=1e-6, atol=1e-9)


def test_what_is_hidden_is_filled_in_as_by_cmid(oracle: Callable[[str], Any]) -> None:
    told = oracle("reconstruction")
    made, true = tensor(told["x"]), tensor(told["y"])
    unit = told["focal_l1_unit"]
    close(losses.focal_l1(tensor(unit["errors"])), unit["values"])
    plain = [c for c in told["focal_l1"] if c["activate"] == "sigmoid" and not c["residual"]]
    assert {case["gamma"] for case in plain} == {1.0, 2.0}
    for case in plain:
        close(losses.focal_l1(made - true, case["alpha"], case["gamma"]).mean(), case["mean"])
    assert len(told["focal_frequency"]) == 4
    for case in told["focal_frequency"]:
        # the mean of spectra is that of the mean; as channels of one picture all share one largest error
        pair = [
            x.mean(0, keepdim=True) if case["ave_spectrum"] else x.reshape(1, 6, 16, 16) for x in (made, true)
        ]
        close(losses.focal_frequency(*pair, log=case["log_matrix"])[0], case["loss"])


def test_both_parts_of_filling_in_and_their_gradient(oracle: Callable[[str], Any]) -> None:
    told = oracle("reconstruction")
    (case,) = (c for c in told["head"] if (c["reduction"], c["replace"]) == ("none", "mixed"))
    made, true = tensor(told["y"]).requires_grad_(), tensor(told["x"])
    mask = interpolate(tensor(told["mask"])[:, None], scale_factor=4)
    # the authors add up the whole batch: here as one tall picture
    tall = [torch.cat(list(x), dim=1)[None] for x in (made, true, mask)]
    values = losses.hidden_errors(*tall)[0]
    close(values, told["head_without_fft"])
    mean = [x.mean(0, keepdim=True) for x in (losses.filled(made, true, mask), true)]
    loss = values + losses.focal_frequency(*mean)[0]
    loss.backward()
    close(loss, case["loss"])
    close(made.grad, case["grad"])


def test_pictures_agree_as_by_cmid(oracle: Callable[[str], Any]) -> None:
    told = oracle("global")
    key, queue = tensor(told["key"]), tensor(told["queue"]).T
    for case in told["moco"]:
        query = tensor(told["query"]).requires_grad_()
        loss = losses.against_queue(query, key, queue, case["temperature"]).mean()
        loss.backward()
        close(loss, case["loss"])
        close(query.grad, case["grad"])
    predicted = tensor(told["p"]).requires_grad_()
    loss = losses.apart(predicted, tensor(told["z"])).mean()
    loss.backward()
    close(loss, told["byol"])
    close(predicted.grad, told["byol_grad"])


def test_cells_agree_as_by_cmid(oracle: Callable[[str], Any]) -> None:
    told = oracle("local")
    schedule = told["temperature_schedule"]
    share = 4 / len(schedule)  # the fifth of twelve epochs is the first warm one
    for epoch, expected in enumerate(schedule):
        assert losses.teacher_temperature(epoch / len(schedule), share) == pytest.approx(expected)
    centre = torch.zeros(10, dtype=torch.float64)
    for step in told["steps"]:
        student, teacher = tensor(step["student"]).requires_grad_(), tensor(step["teacher"])
        loss = losses.cells_agree(student, teacher, centre, schedule[step["epoch"]]).mean()
        loss.backward()
        close(loss, step["loss"])
        close(student.grad, step["grad"])
        centre = losses.moved(centre, teacher.mean(dim=(0, 2)))
        close(centre[None, :, None], step["center_after"])
    match = told["match"]
    for one, other, maps, others, kept, found in zip(
        *(np.array(match[name]) for name in ("loc1", "loc2", "maps1", "maps2", "filtered", "neighbours")),
        strict=True,
    ):
        own, theirs = nearest(one, other, match["num"])
        assert np.array_equal(maps[own], kept)
        assert np.array_equal(others[theirs], found)
    for case in told["location_grids"]:
        window = Box(case["j"], case["i"], case["j"] + case["w"], case["i"] + case["h"])
        found = centres(window, case["N"], mirrored=case["flip"])
        assert found.reshape(case["N"], case["N"], 2) == pytest.approx(np.array(case["grid"]))


def test_cells_are_hidden_as_by_cmid(oracle: Callable[[str], Any]) -> None:
    for case in oracle("masks")["cases"]:
        first = hidden(np.random.RandomState(0), case["grid"], case["ratio"])
        assert np.array_equal(first, case["first_mask_seed0"])
        chance = np.random.default_rng(0)
        masks = [hidden(chance, case["grid"], case["ratio"]) for _ in range(200)]
        assert {int(mask.sum()) for mask in masks} == {case["cells_hidden"]}
        often = np.mean(masks, axis=0)
        assert 0.4 * case["ratio"] < often.min() < often.max() < 1


def test_the_teacher_moves_as_by_cmid(oracle: Callable[[str], Any]) -> None:
    told = oracle("ema")
    for step, expected in told["tau"]:
        assert losses.momentum(step / told["max_steps"], told["base"]) == pytest.approx(expected, rel=1e-12)
    update = told["update"]
    teacher, student = nn.Linear(2, 1, bias=False).double(), nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        teacher.weight[0], student.weight[0] = tensor(update["momentum"]), tensor(update["online"])
    follow(teacher, student, update["tau"])
    close(teacher.weight, update["after"])


def png(pixels: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(sink, "PNG")
    return sink.getvalue()


def view(number: int, transform: Transform, mode: str = "squash") -> View:
    """A picture of 120 by 90 pixels: red grows to the right, green downwards."""
    down, across = np.mgrid[:90, :120]
    image = png(np.stack([2 * across, 8 / 3 * down, 0 * down], axis=2))
    taken = Taken.by(Inputs({"size": 96, "resize_mode": mode}, 16, TOKENS.to_json()))
    record = Record("s", "k", str(number), {}, {}, image)
    return View(record, (), transform, (0, 0, str(number)), taken, {})


@pytest.mark.parametrize("mode", ["squash", "shortest", "longest"])
def test_matched_cells_show_the_same_place(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "altered", lambda pixels, _: pixels)
    task = task_settings("cmid", HEADS)
    for number, transform in product(range(5), Transform):
        made = task.arrays(view(number, transform, mode))
        # the mean colour of a cell tells where its middle lies
        windows = [
            made[name].reshape(3, 6, 16, 6, 16).mean(axis=(2, 4)).reshape(3, 36).T
            for name in ("images", "others")
        ]
        apart = np.linalg.norm(windows[0][:, None, :2] - windows[1][None, :, :2], axis=-1)
        for table, (own, theirs) in zip((apart, apart.T), made["matches"], strict=True):
            assert len(set(own.tolist())) == 20
            assert table[own, theirs] == pytest.approx(table[own].min(axis=1), abs=3)
            left = np.setdiff1d(np.arange(36), own)
            assert table[own, theirs].max() < table[left].min(axis=1).min() + 6
        assert made["hidden"].sum(axis=(1, 2)).tolist() == [22, 22]


def built(architecture: Architecture) -> Any:
    torch.manual_seed(0)
    return checkpoint.build(architecture)[0]


def batch(task: Any, size: int = 4) -> Batch:
    rows = [task.arrays(view(number, Transform.IDENTITY)) for number in range(size)]
    arrays = {name: torch.tensor(np.stack([row[name] for row in rows])) for name in rows[0]}
    images = arrays.pop("images")
    keys = tuple(map(str, range(size)))
    made = Batch(images, torch.zeros(size, 0, 16, dtype=torch.int64), keys, arrays)
    return made.to(torch.device("cpu"), small(TOKENS).normalise())


def test_a_tower_is_not_shown_what_is_hidden_and_its_teacher_is() -> None:
    model, told = built(small_vit(TOKENS)), task_settings("cmid", HEADS)
    task = told.task(model)
    seen: list[Tensor] = []
    for tower in (model.visual, task.teacher[0]):
        tower.conv1.register_forward_pre_hook(lambda _, pictures: seen.append(pictures[0]))
    shown = batch(told)
    task.begin(model, shown)
    task.outputs(model, shown)
    student, teacher = (pictures.reshape(2, 4, 3, 6, 16, 6, 16) for pictures in seen)
    assert torch.equal(teacher[0].flatten(2), shown.images.reshape(4, 3, -1))
    cells = shown.arrays["hidden"].transpose(0, 1)[:, :, None, :, None, :, None].expand_as(student)
    mean = teacher.mean(dim=(3, 4, 5, 6), keepdim=True).expand_as(student)
    torch.testing.assert_close(student[cells], mean[cells])
    assert torch.equal(student[~cells], teacher[~cells])


@pytest.mark.parametrize("against", ["queue", "predictor"])
@pytest.mark.parametrize("tower", ["small", "small-vit", "RN50"])
def test_towers_of_every_kind_learn_and_the_rest_of_the_model_stays(tower: str, against: str) -> None:
    if tower == "RN50":
        whole = stock("RN50")
        vision = {"image_size": 96, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}
        architecture = replace(whole, model_cfg=whole.model_cfg | {"vision_cfg": vision})
    else:
        architecture = {"small": small, "small-vit": small_vit}[tower](TOKENS)
    model = built(architecture)
    fitting = {"cells": 3, "matches": 4} if tower == "RN50" else {}
    told = task_settings("cmid", {**HEADS, **fitting, "against": against})
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shown = [batch(told)] * 3
    steps = list(Learner(model, told.task(model), Schedule(3, 1e-3)).fit(shown))
    assert set(steps[-1].losses) == {"reconstruct", "contrast", "local"}
    assert steps[-1].cut == 0
    for name, value in model.named_parameters():
        assert torch.equal(value, before[name]) != name.startswith("visual."), name


@pytest.mark.parametrize("off", ["reconstruct", "contrast", "local"])
@pytest.mark.parametrize("make", [small, small_vit, small_coca])
def test_without_one_of_its_losses_no_weight_is_left_unused(make: Any, off: str) -> None:
    told = task_settings("cmid", HEADS | {off: 0, "cells": 4, "matches": 5})
    model = built(make(TOKENS))
    learned = Learned(model, told.task(model))
    side = model.visual.image_size if isinstance(model.visual.image_size, int) else model.visual.image_size[0]
    whole = batch(told)
    arrays = {**whole.arrays, "others": whole.arrays["others"][..., :side, :side]}
    backward(learned, replace(whole, images=whole.images[..., :side, :side], arrays=arrays))
    check_used(learned)


def test_cells_that_do_not_fit_the_tower_are_said_with_those_that_do() -> None:
    told = task_settings("cmid", HEADS | {"cells": 7})
    with pytest.raises(RecipeError, match=r"cells=7: .*12×12 .*expected one of 2, 3, 4, 6, 12"):
        told.task(built(small_vit(TOKENS)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"matches": 37, "cells": 6}, "matches 37: expected at most 36"),
        ({"reconstruct": 0, "contrast": 0, "local": 0}, "expected a weight above 0"),
        ({"hidden": 0}, "nothing is hidden that could be reconstructed"),
    ],
)
def test_settings_that_teach_nothing_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(MpgiError, match=said):
        task_settings("cmid", values)


def test_texts_mean_nothing_to_it() -> None:
    with pytest.raises(ValueError, match="task cmid reads no texts: leave texts_per_step out"):
        TrainConfig(shards="s", output="o", steps=1, task="cmid", texts_per_step=2)
    model = built(small_vit(TOKENS))
    model.visual.requires_grad_(False)
    with pytest.raises(RecipeError, match="task cmid learns the image tower and nothing else"):
        task_settings("cmid", HEADS).task(model)


@pytest.fixture
def shards(tmp_path: Path) -> list[str]:
    """A shard of another program: pictures, two of which are none, and what only that program reads."""
    beside = [{}, {"cls": b"7"}, {"json": b'{"sample_id": 3, "texts": []}'}, {"json": b"{", "txt": b"\xff"}]
    pictures = {f"{n}": {"png": png(np.full((8, 8, 3), n)), **more} for n, more in enumerate(beside)}
    pictures["2"]["png"] = pictures["2"]["png"][:-20]
    pictures["5"] = {"cls": b"1"}
    path = tmp_path / "s-0.tar"
    path.write_bytes(write_members(pictures.items()))
    return [str(path)]


def test_any_shards_are_read_and_pictures_that_cannot_be_are_told(shards: list[str]) -> None:
    source, seen = scan(shards, None, None)
    assert [record.key for record in source.records(shards[0])] == ["0", "1", "3"]
    assert source.counts == (3,)
    assert len(seen.samples) == 3
    assert "2 of 5 samples, whose pictures cannot be read (the first is " in str(source.told())
    assert "s-0.tar/2: " in str(source.told())
    with pytest.raises(InputError, match="no sample is of split 'train'"):
        scan(shards, "train", None)
    Path(shards[0]).write_bytes(write_members([]))
    with pytest.raises(InputError, match="none of 1 shards holds a picture"):
        scan(shards, None, None)


def test_a_model_starts_with_the_tower_of_a_run(tmp_path: Path) -> None:
    torch.manual_seed(1)
    towers = {
        name: (made, checkpoint.build(made)[0])
        for name, made in (("small", small(TOKENS)), ("vit", small_vit(TOKENS)))
    }
    for name, (architecture, model) in towers.items():
        checkpoint.save(tmp_path / name, architecture, model)
    values = {"shards": "s", "output": "o", "steps": 1, "model": "small-vit"}
    source = Source((), None, None)
    torch.manual_seed(0)
    fresh = initial(TrainConfig(**values), source)[1].state_dict()
    torch.manual_seed(0)
    started = initial(TrainConfig(**values, init=str(tmp_path / "vit")), source)[1].state_dict()
    learnt = towers["vit"][1].state_dict()
    for name, value in started.items():
        assert torch.equal(value, (learnt if name.startswith("visual.") else fresh)[name]), name
    with pytest.raises(RecipeError, match="its image tower is that of 'small'"):
        initial(TrainConfig(**values, init=str(tmp_path / "small")), source)
    (tmp_path / "vit" / "run.json").write_text('{"recipe": {"texts": {}}}')
    as_model = values | {"model": str(tmp_path / "vit")}
    initial(TrainConfig(**as_model, task="cmid"), source)  # again of pictures alone
    with pytest.raises(RecipeError, match="its tokenizer knows no words: expected it as init, beside"):
        initial(TrainConfig(**as_model), Source((), None, {"short": 1.0}))


def test_a_model_of_open_clip_starts_with_the_tower_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = replace(stock("RN50"), model_cfg=small_vit(TOKENS).model_cfg, tokenizer=TOKENS.to_json())
    checkpoint.save(tmp_path / "run", made, checkpoint.build(made)[0])
    monkeypatch.setattr("mpgi_ray.train.initial.stock", lambda _: made)
    config = TrainConfig(shards="s", output="o", steps=1, model="RN50", init=str(tmp_path / "run"))
    assert initial(config, Source((), None, None))[0] == made
