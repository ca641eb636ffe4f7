"""The training step and loop on tiny models: any number of workers and parts learn the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import open_clip
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from mpgi_ray.errors import RecipeError, TrainingError
from mpgi_ray.models import bridge_folder, checkpoint
from mpgi_ray.models.adapted import AdaptedNetwork
from mpgi_ray.models.architecture import Architecture, small, small_coca
from mpgi_ray.models.bridge import Variant
from mpgi_ray.models.bridge_layout import Bridged
from mpgi_ray.models.conversation import Around, ConversationInputs
from mpgi_ray.models.multimodal import MultimodalNetwork
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.losses import contrastive_loss
from mpgi_ray.train.optimizer import learning_rate, parameter_groups
from mpgi_ray.train.step import Learned, backward
from mpgi_ray.train.tasks import task_settings
from mpgi_ray.train.tasks.base import Task, Tensors
from mpgi_ray.train.tasks.clip import ClipTask
from mpgi_ray.train.tasks.coca import CocaTask
from support.worker import leave

TEXTS = [
    "a red ship",
    "sand",
    "two green trees",
    "sand",
    "a ship",
    "a red ship on sand",
    "trees",
    "a red ship",
]
STEPS = 12
TOLERANCE = 2e-5  # of parameters that moved by some 1e-2: what float32 sums in another order differ by


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def tiny(kind: str) -> tuple[Architecture, TextTokenizer]:
    """A model without batch norm, whose statistics each worker takes from its own part."""
    tokenizer = TextTokenizer.train(TEXTS, 16)
    tower = {"image_size": 32, "patch_size": 16, "layers": 2, "width": 64, "head_width": 32}
    layers = {"width": 64, "heads": 2, "layers": 2}
    if kind in TASKS:
        base = small(tokenizer)
        text = base.model_cfg["text_cfg"] | layers
        return replace(base, model_cfg={"embed_dim": 64, "vision_cfg": tower, "text_cfg": text}), tokenizer
    base = small_coca(tokenizer)
    own = base.model_cfg
    own = own | {
        "embed_dim": 64,
        "vision_cfg": own["vision_cfg"] | tower,
        "text_cfg": own["text_cfg"] | layers,
        "multimodal_cfg": own["multimodal_cfg"] | layers,
    }
    return replace(base, model_cfg=own), tokenizer


class WithAHead(torch.nn.Module, ClipTask):
    """Features are contrasted behind a head of the task's own."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        ClipTask.__init__(self)
        torch.manual_seed(1)
        self.head = torch.nn.Linear(64, 64)

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        return super().contrast({**features, "image_features": self.head(features["image_features"])}, batch)


class WithoutContrast(ClipTask):
    """Only losses that need no other sample."""

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        return {"pairs": len(batch.keys)}

    def features(self, model: Any, batch: Batch) -> Tensors:
        return {}

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        return super().features(model, batch)

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        return {}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        cosines = (out["image_features"] * out["text_features"][:, 0]).sum(1)
        return {"pairs": shares["pairs"] * (1 - cosines * out["logit_scale"] / 10).sum()}


REGIONS = {"distill": 0.5, "teacher": "ema", "align": "both", "momentum": 0.5}
CMID = {
    "cells": 2,
    "matches": 3,
    "queue": 40,
    "hidden_width": 32,
    "dim": 16,
    "prototypes": 24,
    "momentum": 0.5,
}
TASKS: dict[str, Callable[[Any], Task]] = {
    "clip": lambda _: ClipTask(),
    "head": lambda _: WithAHead(),
    "regions": task_settings("regions", REGIONS).task,
    "cmid": task_settings("cmid", CMID).task,
    "preference": task_settings("preference", {"preferences": "p"}).task,
}
LOSSES = {
    "clip": {"contrastive"},
    "coca": {"contrastive", "caption"},
    "head": {"contrastive"},
    "regions": {"contrastive", "regions", "distill"},
    "cmid": {"reconstruct", "contrast", "local"},
    "preference": {"ranking"},
    "answers": {"ranking"},
    "adapter": {"answers"},
    "instruction": {"answers"},
    "language": {"answers"},
}


def fresh(kind: str) -> tuple[Any, Task, Any]:
    if kind in ("answers", "adapter"):
        return multimodal(kind)
    if kind in ("instruction", "language"):
        return bridged(sees=kind == "instruction")
    architecture, tokenizer = tiny(kind)
    torch.manual_seed(0)
    model, _, _ = checkpoint.build(architecture)
    task = TASKS[kind](model) if kind in TASKS else CocaTask()
    task.prepare(model)
    return model, task, tokenizer


def multimodal(kind: str) -> tuple[Any, Task, Any]:
    """A Qwen2-VL of two layers that sees pictures of 32 pixels as four tokens, and texts as answers."""
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLModel

    pieces = TextTokenizer.train(TEXTS, 16)
    image = len(pieces)
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]}
    config = Qwen2VLConfig(
        text_config={
            "vocab_size": image + 1,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_parameters": rope,
            "bos_token_id": None,
            "eos_token_id": None,
        },
        vision_config={
            "depth": 1,
            "embed_dim": 32,
            "hidden_size": 64,
            "num_heads": 2,
            "mlp_ratio": 2,
            "patch_size": 8,
        },
        image_token_id=image,
    )
    torch.manual_seed(0)
    model: Any
    if kind == "adapter":
        model = AdaptedNetwork(Qwen2VLForConditionalGeneration(config), 4, "base")
        task = task_settings("instruction", {"instructions": "i"}).task(model)
    else:
        model = MultimodalNetwork(Qwen2VLModel(config))
        task = task_settings("preference", {"preferences": "p"}).task(model)
    around = Around((1, *[image] * 4), (2,))
    ids, _ = ConversationInputs({"size": 32}, 24, pieces.to_json(), around).reader()

    def tokens(texts: str | list[str]) -> Tensor:
        return torch.from_numpy(ids([texts] if isinstance(texts, str) else texts))

    return model, task, tokens


def bridged(*, sees: bool) -> tuple[Any, Task, Any]:
    """A model with a bridge, and its task with pictures or without; its texts are answers."""
    clip, tokenizer = tiny("clip")
    tower = clip.model_cfg["vision_cfg"] | {"layers": 3}
    language = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    made = Bridged(
        replace(clip, model_cfg=clip.model_cfg | {"vision_cfg": tower}, tokenizer=None),
        Variant.NOVA,
        queries=9,
        blocks=1,
        heads=2,
        language=language,
        tokens=16,
        tokenizer=tokenizer.to_json(),
        question="what",
    )
    torch.manual_seed(0)
    model = bridge_folder.build(made)
    return model, task_settings("instruction", {"pictures": sees}).task(model), tokenizer


def batches(
    tokenizer: Callable[[Any], Tensor], rank: int = 0, workers: int = 1, first: int = 1, texts: int = 1
) -> list[Batch]:
    """This worker's part of batches of 8; texts repeat within a part and across parts, and so do the classes
    of two regions a picture, of which some are padding.
    """
    part = slice(rank * 8 // workers, (rank + 1) * 8 // workers)
    made = []
    for step in range(first, STEPS + 1):
        pixels = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(step))
        turned = [deque(TEXTS) for _ in range(texts)]
        for number, each in enumerate(turned):
            each.rotate(-step - 3 * number)
        tokens = torch.stack([tokenizer(list(each)) for each in turned], dim=1)
        arrays = {name: values[part] for name, values in regions(tokenizer, step).items()}
        made.append(Batch(pixels[part], tokens[part], tuple(f"s/{step}-{i}" for i in range(8))[part], arrays))
    return made


def regions(tokenizer: Callable[[Any], Tensor], step: int) -> Mapping[str, Tensor]:
    """What other tasks make of 8 samples; the first half of them has no region and no answer in step 3."""
    chance = torch.Generator().manual_seed(1000 + step)
    classes = torch.randint(-1, 3, (8, 2), generator=chance)
    classes[: 4 if step == 3 else 0] = -1
    names = torch.stack([tokenizer(["", "ship", "sand", "trees"][one + 1]) for one in classes.flatten()])
    corners = torch.rand(8, 2, 2, generator=chance) / 2
    places = torch.cat([corners, corners + 0.4], dim=2) * (classes >= 0)[..., None]
    crops, parts = torch.randn(2, 8, 2, 3, 32, 32, generator=chance)
    others = torch.randn(8, 3, 32, 32, generator=chance)
    cells = torch.stack([torch.randperm(4, generator=chance)[:3] for _ in range(32)]).reshape(8, 2, 2, 3)
    answers = torch.stack([tokenizer(TEXTS[1:3]), tokenizer(TEXTS[4:6])] * 4)
    learnt = (torch.arange(answers.shape[2]) > 1) & (answers > 0)
    learnt[: 4 if step == 3 else 0] = False
    return {
        "ids": answers.masked_fill(answers == 0, -1),
        "learnt": learnt,
        "ranked": torch.stack([tokenizer(TEXTS[:3]), tokenizer(TEXTS[2:5])]).expand(8, -1, -1, -1),
        "there": torch.arange(3) < torch.tensor([[3, 2], [2, 0]] * 4)[..., None],
        "others": others,
        "hidden": torch.rand(8, 2, 2, 2, generator=chance) < 0.5,
        "matches": cells,
        "crops": crops,
        "names": names.reshape(8, 2, -1),
        "classes": classes,
        "parts": parts,
        "places": places,
    }


def schedule(**changes: Any) -> Schedule:
    return Schedule(**{"steps": STEPS, "lr": 1e-3, **changes})


RUNS = [(1, 1), (1, 4), (2, 1), (2, 2)]  # workers, parts


def _learn(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    for workers, accumulate in RUNS:
        if workers == 1 and rank == 1:
            continue
        if workers == 2 and not dist.is_initialized():
            dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
        for kind in LOSSES:
            plain, task, tokenizer = fresh(kind)
            wrap = {"wrap": DistributedDataParallel} if workers > 1 else {}
            learner = Learner(plain, task, schedule(accumulate=accumulate), **wrap)
            shown = batches(tokenizer, rank, workers, texts=3 if kind == "coca" else 1)
            losses = [step.losses for step in learner.fit(shown)]
            if rank == 0:
                torch.save(
                    (losses, learner.learned.state_dict()), f"{folder}/{kind}-{workers}-{accumulate}.pt"
                )
    plain, _, tokenizer = fresh("clip")
    learner = Learner(plain, BadOnTheSecondWorker(), schedule(), DistributedDataParallel)
    with pytest.raises(TrainingError) as caught:
        next(learner.fit(batches(tokenizer, rank, 2)))
    Path(folder, f"error-{rank}").write_text(str(caught.value))
    coca, _, tokenizer = fresh("coca")
    learner = Learner(coca, ClipTask(), schedule(), DistributedDataParallel)
    with pytest.raises(RecipeError, match=r"does not use \d+ weights of the model \(text_decoder"):
        next(learner.fit(batches(tokenizer, rank, 2)))
    leave()


class BadOnTheSecondWorker(ClipTask):
    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        return {"own": torch.tensor(torch.nan if dist.get_rank() == 1 else 1.0)}


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learnt")
    torch.multiprocessing.spawn(_learn, (str(folder),), nprocs=2)
    return folder


@pytest.mark.parametrize("kind", LOSSES)
def test_workers_and_parts_learn_what_one_learns_from_the_whole_batch(kind: str, learnt: Path) -> None:
    (expected, weights), *others = (torch.load(learnt / f"{kind}-{w}-{p}.pt") for w, p in RUNS)
    assert {name for step in expected for name in step} == LOSSES[kind]
    start = Learned(*fresh(kind)[:2]).state_dict()
    assert max((weights[name] - start[name]).abs().max() for name in weights) > 5e-3
    for (workers, parts), (losses, found) in zip(RUNS[1:], others, strict=True):
        for step, (one, other) in enumerate(zip(expected, losses, strict=True)):
            assert other == pytest.approx(one, abs=1e-4), (workers, parts, step)
        for name, value in weights.items():
            difference = (found[name] - value).abs().max()
            assert difference < TOLERANCE, (workers, parts, name, difference)


def test_every_worker_names_the_samples_of_the_one_whose_loss_is_not_finite(learnt: Path) -> None:
    first, second = ((learnt / f"error-{rank}").read_text() for rank in range(2))
    assert first == second
    assert "own loss nan at step 1: lower lr" in first
    assert first.endswith("look at samples of worker 1: s/1-4, s/1-5, s/1-6, s/1-7")


@pytest.mark.parametrize("kind", ["clip", "coca", "regions", "cmid", "preference", "answers", "adapter"])
def test_a_run_that_goes_on_equals_one_that_was_not_stopped(kind: str) -> None:
    model, task, tokenizer = fresh(kind)
    whole = [step.loss for step in Learner(model, task, schedule()).fit(batches(tokenizer))]
    first, first_task, _ = fresh(kind)
    learner = Learner(first, first_task, schedule())
    steps = learner.fit(batches(tokenizer))
    stopped = [next(steps).loss for _ in range(7)]
    saved = checkpoint.to_bytes((first.state_dict(), learner.state()))
    weights, state = checkpoint.from_bytes(saved, "state.pt")
    second, second_task, _ = fresh(kind)
    second.load_state_dict(weights)
    again = Learner(second, second_task, schedule())
    again.resume(state)
    assert [*stopped, *(step.loss for step in again.fit(batches(tokenizer, first=8)))] == whole


class WithATeacher(torch.nn.Module, ClipTask):
    """Pictures towards what a slow copy of their tower says of them."""

    def __init__(self, model: Any) -> None:
        torch.nn.Module.__init__(self)
        ClipTask.__init__(self)
        self.teacher = deepcopy(model.visual).requires_grad_(False)

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        with torch.no_grad():
            for slow, fast in zip(self.teacher.parameters(), model.visual.parameters(), strict=True):
                slow.lerp_(fast, 0.1)
        return {"distil": len(batch.keys)}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        said = torch.nn.functional.normalize(self.teacher(batch.images), dim=1)
        return {"distil": shares["distil"] * (1 - (out["image_features"] * said).sum(1)).sum()}


def test_what_a_task_holds_beside_the_model_goes_on_with_the_run() -> None:
    model, _, tokenizer = fresh("clip")
    learner = Learner(model, WithATeacher(model), schedule())
    whole = [step.losses for step in learner.fit(batches(tokenizer))]
    assert whole[0]["distil"] < 1e-5 < whole[-1]["distil"]
    first, _, _ = fresh("clip")
    learner = Learner(first, WithATeacher(first), schedule(accumulate=2))
    steps = learner.fit(batches(tokenizer))
    stopped = [next(steps).losses for _ in range(7)]
    saved = checkpoint.to_bytes(learner.state())
    again = Learner(first, WithATeacher(first), schedule(accumulate=2))
    again.resume(checkpoint.from_bytes(saved, "state.pt"))
    gone_on = [*stopped, *(step.losses for step in again.fit(batches(tokenizer, first=8)))]
    assert gone_on == [pytest.approx(losses, abs=1e-4) for losses in whole]


def test_a_task_without_contrast_learns_the_same_in_parts() -> None:
    learned = []
    for accumulate in (1, 2):
        model, _, tokenizer = fresh("clip")
        steps = Learner(model, WithoutContrast(), schedule(accumulate=accumulate)).fit(batches(tokenizer))
        learned.append([next(steps).losses["pairs"] for _ in range(5)])
    assert learned[1] == pytest.approx(learned[0], abs=1e-5)
    assert learned[0][-1] < learned[0][0]


def test_the_captioning_head_is_not_what_memory_happened_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = torch.empty

    def poisoned(*size: Any, **options: Any) -> Tensor:
        made = empty(*size, **options)
        return made.fill_(torch.nan) if made.is_floating_point() else made

    architecture, tokenizer = tiny("coca")
    monkeypatch.setattr(torch, "empty", poisoned)
    model, _, _ = checkpoint.build(architecture)
    unset = [name for name, value in model.named_parameters() if not value.isfinite().all()]
    assert unset == ["text_decoder.text_projection"]  # else open_clip mended it, and this file can go
    task = CocaTask()
    task.prepare(model)
    head = model.text_decoder.text_projection
    assert head.std().item() == pytest.approx(64**-0.5, rel=0.1)
    assert next(Learner(model, task, schedule()).fit(batches(tokenizer))).loss < 20


def test_a_repeated_text_is_no_negative() -> None:
    features = torch.nn.functional.normalize(torch.randn(4, 8), dim=1)
    tokens = torch.tensor([[1, 5, 2], [1, 6, 2], [1, 5, 2], [1, 7, 2]])
    scale = torch.tensor(10.0)
    logits = scale * features @ features.T
    expected = torch.zeros(())
    for i in range(4):
        rivals = [j for j in range(4) if j == i or not torch.equal(tokens[i], tokens[j])]
        expected += torch.logsumexp(logits[i, rivals], 0) - logits[i, i]
    loss = contrastive_loss(features, features[:, None], scale, tokens[:, None])
    torch.testing.assert_close(loss, expected / 4)


def test_the_loss_of_one_text_is_the_plain_one() -> None:
    images, texts = torch.nn.functional.normalize(torch.randn(2, 8, 16), dim=2).requires_grad_()
    tokens, scale, own = torch.arange(8)[:, None, None], torch.tensor(10.0), torch.arange(8)
    to_texts, to_images = scale * images @ texts.T, scale * texts @ images.T
    entropy = torch.nn.functional.cross_entropy
    plain = (entropy(to_texts, own) + entropy(to_images, own)) / 2
    loss = contrastive_loss(images, texts[:, None], scale, tokens)
    assert torch.equal(loss, plain)
    expected, found = (torch.autograd.grad(value, (images, texts)) for value in (plain, loss))
    torch.testing.assert_close(found, expected, atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("accumulate", [1, 4])
@pytest.mark.parametrize("kind", ["clip", "coca"])
def test_several_texts_learn_the_mean_of_their_losses_and_the_first_is_written(
    kind: str, accumulate: int
) -> None:
    model, task, tokenizer = fresh(kind)
    batch = batches(tokenizer, texts=3)[0]
    losses: dict[str, float] = {}
    for number in range(3):
        alone: Task = ClipTask(1 / 3)
        if kind == "coca" and number == 0:
            alone = CocaTask(1 / 3)
        one = replace(batch, tokens=batch.tokens[:, number : number + 1])
        for name, loss in backward(Learned(model, alone), one).items():
            losses[name] = losses.get(name, 0.0) + loss.item()
    expected = {name: weight.grad for name, weight in model.named_parameters()}
    model.zero_grad()
    seen: list[int] = []
    model.visual.register_forward_hook(lambda _, pictures, __: seen.append(len(pictures[0])))
    found = backward(Learned(model, task), batch, accumulate)
    assert {name: loss.item() for name, loss in found.items()} == pytest.approx(losses, abs=1e-5)
    assert sum(seen) == (8 if accumulate == 1 else 16)  # in parts each picture is computed twice
    for name, weight in model.named_parameters():
        assert weight.grad.abs().max() > 0, name
        torch.testing.assert_close(weight.grad, expected[name], atol=2e-6, rtol=1e-4, msg=name)


def test_both_losses_are_those_of_open_clip_where_no_text_repeats() -> None:
    model, task, tokenizer = fresh("coca")
    tokens = tokenizer([f"{text} {n}" for n, text in enumerate(TEXTS)])
    batch = replace(batches(tokenizer)[0], tokens=tokens[:, None])
    out: Mapping[str, Tensor] = model(batch.images, tokens)
    contrastive, caption = (loss.item() for loss in open_clip.CoCaLoss(2.0, 1.0)(**out))
    step = next(Learner(model, task, schedule()).fit([batch]))
    assert step.losses == pytest.approx({"contrastive": contrastive, "caption": caption}, rel=1e-5)


def test_a_loss_that_is_not_finite_stops_with_step_and_samples_and_harms_nothing() -> None:
    model, task, tokenizer = fresh("clip")
    good, bad, *_ = batches(tokenizer)
    bad = replace(bad, images=bad.images * torch.nan)
    steps = Learner(model, task, schedule()).fit([good, bad])
    assert next(steps).step == 1
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(TrainingError, match=r"contrastive loss nan at step 2: .*s/2-0, s/2-1"):
        next(steps)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_gradient_that_is_not_finite_stops_before_it_reaches_the_weights() -> None:
    model, task, tokenizer = fresh("clip")
    learner = Learner(model, task, schedule())
    steps = learner.fit(batches(tokenizer))
    assert next(steps).step == 1
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.get_parameter("token_embedding.weight").register_hook(lambda gradient: gradient * torch.nan)
    with pytest.raises(TrainingError, match=r"gradient norm nan at step 2: .*of worker 0: s/2-0, s/2-1"):
        next(steps)
    assert learner.done == 1
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_waiting_for_data_is_not_what_happens_between_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("mpgi_ray.train.loop.time", SimpleNamespace(perf_counter=lambda: clock[0]))
    model, task, tokenizer = fresh("clip")

    def slowly() -> Iterator[Batch]:
        for batch in batches(tokenizer):
            clock[0] += 1
            yield batch

    steps = Learner(model, task, schedule()).fit(slowly())
    next(steps)
    clock[0] += 3  # a checkpoint is saved
    assert next(steps).data_wait == 1 / 4


def test_a_model_that_drops_at_random_is_not_computed_in_parts() -> None:
    model, task, _ = fresh("clip")
    model.visual.dropped = torch.nn.Dropout(0.1)
    Learner(model, task, schedule())
    with pytest.raises(RecipeError, match="accumulate 2"):
        Learner(model.eval(), task, schedule(accumulate=2))


def test_data_that_ends_too_early_is_said() -> None:
    model, task, tokenizer = fresh("clip")
    with pytest.raises(TrainingError, match=f"the data ended at step 3 of {STEPS}"):
        list(Learner(model, task, schedule()).fit(batches(tokenizer)[:2]))


def test_bfloat16_and_checkpointed_activations_learn_too() -> None:
    losses = {}
    for name, changes, checkpointed in (
        ("plain", {}, False),
        ("bf16", {"bf16": True}, False),
        ("saved", {}, True),
    ):
        model, task, tokenizer = fresh("coca")
        model.set_grad_checkpointing(checkpointed)
        losses[name] = [
            step.loss for step in Learner(model, task, schedule(**changes)).fit(batches(tokenizer))
        ]
    assert losses["saved"] == pytest.approx(losses["plain"], abs=1e-4)
    assert losses["bf16"] == pytest.approx(losses["plain"], rel=0.05)
    assert losses["bf16"] != losses["plain"]


def test_a_frozen_tower_stays_and_the_rest_learns() -> None:
    model, task, tokenizer = fresh("clip")
    model.visual.requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    list(Learner(model, task, schedule()).fit(batches(tokenizer)))
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert not any(name.startswith("visual.") for name in moved)
    assert {"logit_scale", "token_embedding.weight"} <= moved


def test_schedule_and_weight_decay() -> None:
    rates = [learning_rate(step, 100, 10, 1.0) for step in range(1, 101)]
    assert rates[9] == max(rates) == 1.0
    assert rates == [*sorted(rates[:9]), *sorted(rates[9:], reverse=True)]
    assert rates[-1] == pytest.approx(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3))
    decayed, free = parameter_groups(model, 0.2)
    assert [tuple(p.shape) for p in decayed["params"]] == [(3, 3)]
    assert len(free["params"]) == 3
    assert free["weight_decay"] == 0
