"""The task of pictures alone: its losses against values of CMID's own code, what it reads and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mpgi_ray.data.sample import Box
from mpgi_ray.train.tasks.cmid import losses
from mpgi_ray.train.tasks.cmid.cells import centres, hidden, nearest
from mpgi_ray.train.teacher import follow


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
