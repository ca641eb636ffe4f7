"""Training in this very process: for short runs, most of whose time would be the start of workers."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from mpgi_ray.data.final import list_shards
from mpgi_ray.data.storage import Storage
from mpgi_ray.models import checkpoint
from mpgi_ray.models.model_folder import WEIGHTS
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import TrainConfig, recipe_hash
from mpgi_ray.train.data import Reading
from mpgi_ray.train.initial import initial
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.order import windows
from mpgi_ray.train.source import scan

RECIPE = "recipe.txt"  # beside the weights: the hash of what they learned


def learn(config: TrainConfig) -> float | None:
    """Train as `trainer.train` does with one worker, and leave the model in ``config.output``.

    Whole models on a CPU: no accumulation, nothing frozen. A model of another recipe or other samples, or
    one that does not name them, is replaced.

    Returns:
        The last step's loss; None if the model of this recipe and these samples is there already.
    """
    source, _ = scan(list_shards(config.shards), config.split, config.texts)
    recipe = recipe_hash(config.recipe(source)).encode()
    output = Storage(config.output)
    if output.exists(WEIGHTS) and output.exists(RECIPE) and output.read(RECIPE) == recipe:
        return None
    steps = config.total_steps(sum(source.counts))
    torch.manual_seed(config.seed)
    architecture, model = initial(config, source)
    task = config.learns(writes=architecture.writes)
    parts = config.augment, config.batch, 1, config.seed, config.texts_per_step
    reading = Reading(source, architecture.inputs(), task, *parts)
    normalise = architecture.normalise()

    def batches() -> Iterator[Batch]:
        for window in windows(source.counts, config.batch, steps, config.seed):
            for arrays in reading.window(window, 1):
                row = Batch.of({name: values[None] for name, values in arrays.items()})
                yield row.to(torch.device("cpu"), normalise)

    schedule = Schedule(
        steps, config.lr, config.warmup, config.weight_decay, config.max_gradient, bf16=config.computes_bf16
    )
    loss = 0.0
    for step in Learner(model, task.task(), schedule).fit(batches()):
        loss = step.loss
    output.delete(RECIPE)  # first, so that a save that is stopped names no recipe
    checkpoint.save(config.output, architecture, model)
    output.publish(RECIPE, recipe)
    return loss
