"""The model with a bridge that a run starts from: a small one around a tower, or that of an earlier stage."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from itertools import islice
from typing import Any

from mpgi_ray.errors import RecipeError
from mpgi_ray.models import SMALL_BRIDGE_NOVA, bridge_folder, checkpoint
from mpgi_ray.models.architecture import Architecture
from mpgi_ray.models.bridge import Variant
from mpgi_ray.models.bridge_layout import Bridged
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.not_taken import refuse
from mpgi_ray.train.source import Source
from mpgi_ray.train.tasks.instruction import Settings

TEXTS = 200_000  # how many a small tokenizer is trained on


def fresh(config: TrainConfig, source: Source) -> tuple[Bridged, Any]:
    """A small one, with the image tower of ``config.init``.

    Raises:
        RecipeError: the task is another one, a setting is not for it, or no tower is named, or one without
            levels.
        InputError: the folder of the tower cannot be read.
    """
    task = _task(config, ("weights", "context"))
    if config.init is None:
        raise RecipeError(
            f"model {config.model}: it takes the image tower of another run: expected init=FOLDER of a CLIP, "
            "e.g. one of `mpgi train --model small`"
        )
    clip = checkpoint.read_architecture(config.init)
    tokenizer = TextTokenizer.train(islice(task.words(source), TEXTS), task.tokens)
    architecture = small(config.model, clip, tokenizer, task.question)
    tower = checkpoint.build(clip)[0]
    checkpoint.load_weights(tower, config.init)
    visual: Any = tower.visual
    model = bridge_folder.build(architecture)
    model.visual.load_state_dict(visual.state_dict())
    return architecture, model


def small(name: str, clip: Architecture, tokenizer: TextTokenizer, question: str) -> Bridged:
    """What the small model of a name is."""
    told = json.loads(files("mpgi_ray.models").joinpath("small_bridge.json").read_text())
    return Bridged(
        clip=replace(clip, tokenizer=None),
        variant=Variant.NOVA if name == SMALL_BRIDGE_NOVA else Variant.MAIN,
        tokens=tokenizer.context_length,
        tokenizer=tokenizer.to_json(),
        question=question,
        **told,
    )


def of_folder(config: TrainConfig, folder: str) -> tuple[Bridged, Any]:
    """That of an earlier stage.

    Raises:
        RecipeError: the task is another one, or a setting is not for it.
        InputError: the folder holds no whole model.
    """
    task = _task(config, ("weights", "context", "init"))
    architecture = replace(
        bridge_folder.read_architecture(folder), tokens=task.tokens, question=task.question
    )
    model = bridge_folder.build(architecture)
    bridge_folder.load_weights(model, folder)
    return architecture, model


def _task(config: TrainConfig, not_for_it: tuple[str, ...]) -> Settings:
    task = config.learns(writes=False)
    if not isinstance(task, Settings):
        raise RecipeError(
            f"model {config.model}: it answers questions, and task {config.task or 'clip'} teaches it none: "
            "expected task=instruction"
        )
    refuse(config, not_for_it, "it takes", " (task_settings.tokens says how long its conversations are)")
    if of_adapters := sorted(task.model_fields_set & {"pixels", "rank"}):
        raise RecipeError(
            f"model {config.model}: task_settings.{' and '.join(of_adapters)} are of multimodal models: "
            "leave that out"
        )
    return task
