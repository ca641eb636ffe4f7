"""The task of regions: its losses against values of FarSLIP's own code, what it reads, what it refuses."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from open_clip.transformer import QuickGELU, VisionTransformer
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize

from mpgi_ray.data.final import Record
from mpgi_ray.data.sample import Box
from mpgi_ray.errors import MpgiError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small, stock
from mpgi_ray.models.inputs import Inputs
from mpgi_ray.models.long_text import KEPT, hold_first, stretch, stretched
from mpgi_ray.models.patch_tokens import Last, patch_tokens, pooled_regions
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.augment import Transform, apply
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.losses import contrastive_loss
from mpgi_ray.train.optimizer import adamw
from mpgi_ray.train.random_window import window
from mpgi_ray.train.source import Source
from mpgi_ray.train.step import check_used
from mpgi_ray.train.tasks import task_settings
from mpgi_ray.train.tasks.regions.losses import distances, region_loss
from mpgi_ray.train.tasks.regions.parts import grid
from mpgi_ray.train.tasks.regions.settings import NONE
from mpgi_ray.train.view import Taken, View

TOKENS = TextTokenizer.train(["a satellite image of a ship, a car"], 32)


@pytest.fixture
def oracle(data_dir: Path) -> Callable[[str], Any]:
    return lambda name: json.loads((data_dir / "oracles" / f"farslip_{name}.json").read_text())


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def close(found: Tensor, expected: Any) -> None:
    torch.testing.assert_close(found, tensor(expected), rtol=1e-6, atol=1e-9)


def test_regions_and_names_are_contrasted_as_by_farslip(oracle: Callable[[str], Any]) -> None:
    for case in oracle("region_category")["cases"]:
        v, t = (tensor(case[name]).requires_grad_() for name in "vt")
        scale, labels = tensor(case["logit_scale"]), torch.tensor(case["labels"])
        loss = region_loss(normalize(v, dim=1), normalize(t, dim=1), scale, labels)
        loss.backward()
        for found, expected in ((loss, "loss"), (v.grad, "grad_v"), (t.grad, "grad_t")):
            # the original keeps its targets in single precision
            torch.testing.assert_close(found.detach(), tensor(case[expected]), rtol=1e-6, atol=1e-7)


def test_without_a_region_there_is_nothing_to_learn_and_no_nan() -> None:
    rows, padding = torch.randn(3, 4, requires_grad=True), torch.full((3,), NONE)
    loss = region_loss(normalize(rows, dim=1), torch.randn(3, 4), torch.tensor(10.0), padding)
    loss.backward()
    assert loss == 0
    assert (rows.grad == 0).all()


def test_pictures_and_texts_are_contrasted_as_by_farslip(oracle: Callable[[str], Any]) -> None:
    whole = [case for case in oracle("global_itc")["cases"] if case["padding_mask"] is None]
    assert whole
    for case in whole:
        v, t = (tensor(case[name]).requires_grad_() for name in "vt")
        tokens = torch.arange(len(v))[:, None, None]
        loss = contrastive_loss(v, t[:, None], tensor(case["logit_scale"]), tokens)
        loss.backward()
        close(loss, case["loss"])
        close(v.grad, case["grad_v"])
        close(t.grad, case["grad_t"])


def test_parts_are_compared_with_themselves_as_by_farslip(oracle: Callable[[str], Any]) -> None:
    cases = oracle("distill")["cases"]
    assert len(cases) == 6
    for case in cases:
        names = ("global_patches", "crop_patches", "crop_cls")
        whole, patches, cls = (tensor(case[name]).requires_grad_() for name in names)
        places = tensor(case["boxes_normalised"])[..., :4]
        student = pooled_regions(whole, places, (case["grid"],) * 2)
        close(student, case["roi_features"])
        mean = patches.mean(dim=1)
        sides = {"roi2pooled": [mean], "roi2cls": [cls], "combined": [mean, cls]}[case["align"]]
        if case["teacher"] != "active":
            sides = [side.detach() for side in sides]
        loss = distances(student, *sides).mean()
        loss.backward()
        close(loss, case["loss"])
        close(whole.grad, case["grad_global"])
        for found, name in ((patches.grad, "grad_crop_patches"), (cls.grad, "grad_crop_cls")):
            if case[name] is None:
                assert found is None or (found == 0).all()
            else:
                close(found, case[name])


def test_patches_are_those_of_farslip(oracle: Callable[[str], Any]) -> None:
    told = oracle("vision_tokens")
    tower = VisionTransformer(32, 8, 16, 2, 2, 2.0, output_dim=6, act_layer=QuickGELU).double()
    tower.load_state_dict({name: tensor(values) for name, values in told["state"].items()})
    pictures = tensor(told["image"])
    for name, last in (("SegEarth", Last.SEGEARTH), ("MaskCLIP", Last.MASKCLIP)):
        pooled, tokens = patch_tokens(tower, pictures, last)
        close(pooled, told[name]["pooled"])
        close(tokens, told[name]["tokens"])
    close(tower(pictures), told["plain_forward_pooled"])
    tower.output_tokens = True
    expected = tower(pictures)[1] @ tower.proj
    torch.testing.assert_close(patch_tokens(tower, pictures, Last.PLAIN)[1], expected)


def test_positions_are_stretched_as_by_longclip(oracle: Callable[[str], Any]) -> None:
    for case in oracle("longclip_positions")["cases"]:
        close(stretched(tensor(case["source"]), 4, case["keep"]), case["stretched"])


def test_grids_and_windows_are_those_of_farslip(oracle: Callable[[str], Any]) -> None:
    told = oracle("crops")
    for number, found in told["grids"].items():
        boxes = [box[:4] for box in found["boxes"]]
        assert np.allclose([list(box) for box in grid(int(number))], boxes, atol=1e-6)
    chance = np.random.default_rng(0)
    windows = [window(lambda _: chance.random(), 80, 60, 0.3, 0.7) for _ in range(400)]
    areas = [box.area for box in windows]
    aspects = [80 * (box.x2 - box.x1) / (60 * (box.y2 - box.y1)) for box in windows]
    assert 0.3 <= min(areas) < 0.31
    assert 0.69 < max(areas) <= 0.7
    assert np.mean(areas) == pytest.approx(told["random"]["area_mean"], abs=0.03)
    assert 3 / 4 <= min(aspects) < 0.8 < 1.25 < max(aspects) <= 4 / 3


@given(st.floats(0.01, 100), st.integers(0, 2**32))
def test_a_window_lies_in_its_picture(ratio: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    box = window(lambda _: chance.random(), 100 * ratio, 100, 0.3, 0.7)
    assert box == box.clipped(1, 1)
    assert box.area > 0


def view(
    things: list[dict[str, Any]], transform: Transform = Transform.IDENTITY, mode: str = "squash"
) -> View:
    """A picture of 120 by 80 pixels; red grows to the right, green downwards."""
    down, across = np.mgrid[:80, :120]
    pixels = np.stack([2 * across, 3 * down, 0 * down], axis=2).astype(np.uint8)
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG")
    taken = Taken.by(Inputs({"size": 64, "resize_mode": mode}, 32, TOKENS.to_json()))
    record = Record("s", "k", "id", {}, {"objects": things}, sink.getvalue())
    return View(record, ("",), transform, (0, 0, "id"), taken, {"car": 0, "ship": 1})


def test_regions_of_a_picture_are_chosen_as_by_farslip(oracle: Callable[[str], Any]) -> None:
    told = oracle("json_item")
    segments = told["record"]["segment"]
    things = [
        {"label": one["category"], "box": [one["bbox"][name] for name in ("x1", "y1", "x2", "y2")]}
        for one in segments
    ]
    blank, sink = Image.new("RGB", (segments[0]["bbox"]["W"], segments[0]["bbox"]["H"])), io.BytesIO()
    blank.save(sink, "PNG")
    classes = {name: number for number, name in enumerate(sorted({one["category"] for one in segments}))}
    seen = view(things)
    seen = replace(seen, record=replace(seen.record, image=sink.getvalue()), classes=classes)
    settings = {"least": 64, "most": 250, "number": 5, "distill": 1, "parts": "objects"}
    arrays = task_settings("regions", settings).arrays(seen)
    there = arrays["places"][arrays["places"][:, 2] > 0]
    assert sorted(map(tuple, there)) == [
        pytest.approx(box[:4], abs=1e-6) for box in sorted(told["boxes"]) if box[4]
    ]
    kept = sorted(
        name for name, number in classes.items() for _ in range((arrays["classes"] == number).sum())
    )
    assert kept == [
        "harbor",
        "ship",
        "ship",
        "tank",
    ]  # an object's own caption is no class there: one is lost
    named = {TOKENS.ids([text]).tobytes() for text in told["texts"][1:-1]}  # the others are no region's class
    assert {ids.tobytes() for ids in arrays["names"][arrays["classes"] >= 0]} == named


@pytest.mark.parametrize("mode", ["squash", "shortest", "longest"])
@pytest.mark.parametrize("transform", Transform)
def test_a_part_by_itself_shows_what_is_at_its_place_in_the_whole(transform: Transform, mode: str) -> None:
    seen = view([{"label": "car", "box": [50, 30, 70, 50]}], transform, mode)
    settings = task_settings("regions", {"regions": 0, "distill": 1, "parts": "objects", "number": 1})
    arrays = settings.arrays(seen)
    whole = apply(seen.taken.pixels(seen.picture), transform, (1, 2))
    x1, y1, x2, y2 = (round(64 * value) for value in arrays["places"][0])
    assert (x2 - x1) * (y2 - y1) > 0
    there = whole[:2, y1:y2, x1:x2].astype(float).mean(axis=(1, 2))
    by_itself = arrays["parts"][0, :2].astype(float).mean(axis=(1, 2))
    assert np.abs(there - by_itself).max() < 4


@pytest.mark.parametrize("mode", ["squash", "shortest", "longest"])
@pytest.mark.parametrize("transform", [Transform.IDENTITY, Transform.TURN_90])
def test_drawn_parts_have_their_proportions_in_the_picture_itself(transform: Transform, mode: str) -> None:
    settings = task_settings("regions", {"regions": 0, "distill": 1, "number": 100})
    seen = view([], transform, mode)
    boxes = [seen.box_at(Box(*place)) for place in settings.arrays(seen)["places"].tolist()]
    aspects = [(box.x2 - box.x1) / (box.y2 - box.y1) for box in boxes]
    assert 3 / 4 - 1e-4 <= min(aspects) < 0.8 < 1.25 < max(aspects) <= 4 / 3 + 1e-4
    shown = 80 * 80 if mode == "shortest" else 120 * 80
    areas = [box.clipped(120, 80).area / shown for box in boxes]
    assert 0.3 - 1e-4 <= min(areas) < 0.35
    assert 0.65 < max(areas) <= 0.7 + 1e-4


def test_regions_that_are_too_small_or_too_large_are_left_out_and_the_rest_is_padding() -> None:
    things = [
        {"label": "ship", "box": [0, 0, 1, 1]},
        {"label": "car", "box": [-40, 10, 20, 30]},
        {"label": "ship", "box": [0, 0, 120, 80]},
    ]
    settings = task_settings("regions", {"least": 16, "most": 90, "number": 3})
    arrays = settings.arrays(view(things))
    assert arrays["classes"].tolist() == [0, -1, -1]
    assert arrays["crops"].shape == (3, 3, 64, 64)
    assert (arrays["names"] == TOKENS.ids(["a satellite image of car", "", ""])).all()
    none = settings.arrays(view([]))
    assert {name: values.shape for name, values in none.items()} == {n: v.shape for n, v in arrays.items()}
    assert (none["classes"] == -1).all()


def test_regions_are_called_by_their_source_or_in_its_own_words_and_other_is_no_class() -> None:
    box = [0, 0, 40, 40]
    seen = view([{"label": label, "box": box} for label in ("SV", "oiltank", "other")])
    seen.record.annotation["vocabulary"] = {"SV": {"name": "small vehicle"}}  # type: ignore[index]
    seen = replace(seen, classes={"SV": 0, "oiltank": 1, "other": 2})
    arrays = task_settings("regions", {"number": 3}).arrays(seen)
    said = dict(zip(arrays["classes"].tolist(), arrays["names"].tolist(), strict=True))
    names = {0: "a satellite image of small vehicle", 1: "a satellite image of oiltank", NONE: ""}
    assert said == {number: TOKENS.ids([name])[0].tolist() for number, name in names.items()}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"contrast": 0, "regions": 0}, "all 0: expected a weight above 0"),
        ({"least": 64, "most": 32}, "most 32: expected at least the 64 of least"),
    ],
)
def test_settings_that_teach_nothing_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(MpgiError, match=said):
        task_settings("regions", settings)


@pytest.mark.parametrize("align", ["pooled", "cls"])
@pytest.mark.parametrize("teacher", ["active", "frozen"])
def test_what_parts_alone_do_not_teach_is_left_as_it_is(teacher: str, align: str) -> None:
    model, _, _ = checkpoint.build(vit())
    settings = {"contrast": 0, "regions": 0, "distill": 1, "teacher": teacher, "align": align, "number": 2}
    told = task_settings("regions", settings)
    seen = replace(
        view([]), taken=Taken.by(Inputs({"size": 32, "resize_mode": "squash"}, 32, TOKENS.to_json()))
    )
    arrays = {name: torch.tensor(values)[None] for name, values in told.arrays(seen).items()}
    made = Batch(torch.rand(1, 3, 32, 32), torch.tensor(TOKENS.ids(["a ship"]))[None], ("k",), arrays)
    made = made.to(torch.device("cpu"), vit().normalise())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    learner = Learner(model, told.task(model), Schedule(2, 1e-3))
    assert set(next(learner.fit([made] * 2)).losses) == {"distill"}
    check_used(learner.learned)
    for name, value in model.named_parameters():
        assert name.startswith("visual.") or torch.equal(value, before[name]), name
    with pytest.raises(MpgiError, match="distill teaches the image tower and nothing else"):
        told.task(model.requires_grad_(False))


@pytest.mark.parametrize(
    ("boxes", "settings", "said"),
    [
        ({}, {}, "none of the 7 samples has one"),
        ({"other": 40.0}, {}, "none of the 7 samples has one"),
        ({"ship": 4.0, "car": 15.0}, {}, "least=16: the largest box of 7 samples .* square of 15 px"),
        ({"ship": 40.0, "car": 9.0}, {}, "all boxes that are large enough are of class 'ship'"),
        ({"ship": 40.0, "Ship": 30.0, "car": 40.0}, {}, "classes 'Ship' and 'ship' are both called 'ship'"),
        (
            {"fuel-tank": 40.0, "fuel_tank": 30.0},
            {},
            "'fuel_tank' are both called 'fuel tank'",
        ),
        ({}, {"regions": 0, "distill": 0.1, "parts": "objects"}, "none of the 7 samples has one"),
    ],
)
def test_boxes_that_teach_nothing_are_refused_before_training(
    boxes: dict[str, float], settings: dict[str, Any], said: str
) -> None:
    source = Source((), None, {}, (3, 4), boxes=boxes)
    with pytest.raises(MpgiError, match=said):
        task_settings("regions", settings).check(source)
    task_settings("regions", {"regions": 0, "distill": 0.1}).check(source)


def vit(**changes: Any) -> Any:
    base = small(TOKENS)
    tower = {"image_size": 32, "patch_size": 16, "layers": 2, "width": 32, "head_width": 16, **changes}
    text = base.model_cfg["text_cfg"] | {"width": 32, "heads": 2, "layers": 1}
    return replace(base, model_cfg={"embed_dim": 32, "vision_cfg": tower, "text_cfg": text})


def test_a_tower_without_patches_is_refused() -> None:
    distill = task_settings("regions", {"distill": 0.1})
    distill.task(checkpoint.build(vit())[0])
    for made, said in ((small(TOKENS), "TimmModel, which has no patches"), (vit(layers=1), "one block only")):
        model, _, _ = checkpoint.build(made)
        task_settings("regions", {}).task(model)  # crops of regions need no patches
        with pytest.raises(MpgiError, match=said):
            distill.task(model)


def test_a_longer_context_is_used_and_the_first_positions_stay() -> None:
    architecture = vit()
    model, _, _ = checkpoint.build(architecture)
    assert stretch(architecture, model, 32) == (architecture, model)
    longer, made = stretch(architecture, model, KEPT + 3 * (32 - KEPT))
    assert longer.context_length == 56
    tokens = longer.tokenize()(["a ship " * 7, "a ship " * 7 + "a car"])
    assert 32 < (tokens != 0).sum(1).min() < (tokens != 0).sum(1).max() < 56
    before = made.positional_embedding.detach().clone()
    close(before[:KEPT].double(), model.positional_embedding[:KEPT].double().tolist())
    first, second = made.encode_text(tokens)
    assert (first - second).abs().max() > 1e-4
    optimizer = adamw(made, 0.1, 0.2)
    hold_first(made, optimizer)
    for _ in range(3):
        optimizer.zero_grad()
        made.encode_text(tokens).square().mean().backward()
        for weight in made.parameters():
            weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
        optimizer.step()
    assert torch.equal(made.positional_embedding[:KEPT], before[:KEPT])
    assert not torch.equal(made.positional_embedding[KEPT:], before[KEPT:])


@pytest.mark.parametrize(("context", "said"), [(40, "expected 44, 56, 68"), (16, "expected 44, 56, 68")])
def test_a_context_that_cannot_be_reached_is_refused(context: int, said: str) -> None:
    architecture = vit()
    with pytest.raises(MpgiError, match=said):
        stretch(architecture, checkpoint.build(architecture)[0], context)


def test_a_model_that_writes_cannot_be_stretched() -> None:
    with pytest.raises(MpgiError, match="takes 76 tokens and cannot be stretched"):
        stretch(stock("coca_ViT-B-32"), torch.nn.Identity(), 248)
