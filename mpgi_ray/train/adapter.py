"""The adapter that a run starts from: a fresh one on a published model, or that of an earlier stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import RecipeError
from mpgi_ray.models import adapted_folder
from mpgi_ray.models.adapted_layout import Adapted, Base
from mpgi_ray.models.hub import HUB, commit_of
from mpgi_ray.models.model_folder import is_adapter
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.not_taken import refuse
from mpgi_ray.train.tasks.instruction import Settings

_RANK = 16  # of a fresh adapter, if none is told
_NOT_FOR_IT = ("weights", "init", "context", "freeze")


def initial(config: TrainConfig, folder: str) -> tuple[Adapted, Any]:
    """What the model is, and the model with an adapter.

    Args:
        folder: of a published model, or of an adapter.

    Raises:
        RecipeError: the task is another one, or a setting is not for it.
        InputError: a file is missing or damaged.
    """
    task = _task(config)
    limits, goes_on = task.limits(), is_adapter(Storage(absolute(folder)))
    if goes_on:
        earlier = adapted_folder.read_architecture(folder)
        if task.rank not in (None, earlier.rank):
            raise RecipeError(
                f"task_settings.rank {task.rank}: that of {config.model} is {earlier.rank}: leave it "
                "out to go on with it, or merge it (`mpgi merge`) and begin another one"
            )
        architecture = replace(earlier, limits=limits, question=task.question)
    else:
        base = _base(config.model, folder)
        architecture = adapted_folder.adapted(base, task.rank or _RANK, limits, task.question)
    architecture.normalise()  # a folder that does not say how is told now
    model = adapted_folder.build(architecture)
    if goes_on:
        adapted_folder.load_weights(model, folder)
    _tell_of_the_cut(architecture, task)
    return architecture, model


def _tell_of_the_cut(architecture: Adapted, task: Settings) -> None:
    """Say how many conversations are not learnt whole; of long texts of the shards runs of sentences are."""
    if task.draws is None:
        return
    inputs, told = architecture.inputs(), [one.turns for one in task.draws.conversations()]
    lengths = [inputs.tokens([(turn.question, turn.answer) for turn in own]) for own in told]
    if over := sum(length > task.tokens for length in lengths):
        print(
            f"{over:,} of {len(lengths):,} conversations have more than {task.tokens:,} tokens: their last "
            "turns are left out, or their only answer is cut; "
            f"task_settings.tokens={max(lengths)} takes them whole",
            flush=True,
        )


def _base(model: str, folder: str) -> Base:
    if model.startswith(HUB):
        return Base(model.removeprefix(HUB), commit_of(folder))
    return Base(absolute(folder))


def _task(config: TrainConfig) -> Settings:
    task = config.learns(writes=False)
    if not isinstance(task, Settings):
        raise RecipeError(
            f"model {config.model}: it is an adapter, and task {config.task or 'clip'} trains none: expected "
            "task=instruction"
        )
    refuse(config, _NOT_FOR_IT, "an adapter is all that learns of it, and takes")
    if not task.pictures:
        raise RecipeError(
            f"model {config.model}: it was taught with pictures: expected task_settings.pictures=true"
        )
    return task
