"""The multimodal scorer that a run starts from: a model of the hub, or of an earlier run with its head."""

from __future__ import annotations

from typing import Any

from mpgi_ray.errors import RecipeError
from mpgi_ray.models import multimodal_folder
from mpgi_ray.models.multimodal_layout import Multimodal
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.not_taken import refuse
from mpgi_ray.train.source import Source

_NOT_FOR_IT = ("weights", "init", "context")


def initial(config: TrainConfig, source: Source, folder: str) -> tuple[Multimodal, Any]:
    """What the model is, and the model with its first weights; it says how many texts it will not read whole.

    Args:
        folder: in the layout of transformers.

    Raises:
        RecipeError: the task trains no such model, or a setting is not for it.
        InputError: a file is missing or damaged.
    """
    task = config.learns(writes=False)
    limits = task.limits()
    if limits is None:
        raise RecipeError(
            f"model {config.model}: it is a multimodal model, and task {config.task or 'clip'} trains none: "
            "expected task=preference, or a model of open_clip"
        )
    instead = " (task_settings.tokens says how long its texts are)"
    refuse(config, _NOT_FOR_IT, "it is a multimodal model, which takes", instead)
    architecture = multimodal_folder.read_architecture(folder, limits)
    architecture.normalise()  # a folder that does not say how is told now
    model = multimodal_folder.build(architecture)
    multimodal_folder.load_weights(model, folder)
    inputs = architecture.inputs()
    _, length = inputs.reader()
    lengths = [length(text) - length("") for text in dict.fromkeys(task.words(source))]
    if over := sum(one > limits.tokens for one in lengths):
        print(
            f"{over:,} of {len(lengths):,} texts have more than {limits.tokens:,} tokens and are cut: "
            f"task_settings.tokens={max(lengths)} takes them whole",
            flush=True,
        )
    return architecture, model
