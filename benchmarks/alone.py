"""Training in this very process: for short runs, most of whose time would be the start of workers.

It uses as many threads as torch is told to: ``torch.set_num_threads(1)`` where several processes share the
cores.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from mpgi_ray.data.final import list_shards
from mpgi_ray.data.storage import Storage
from mpgi_ray.models import kept
from mpgi_ray.models.kept import Architecture
from mpgi_ray.models.model_folder import Seen, is_whole
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.data import Reading
from mpgi_ray.train.initial import initial
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.order import windows
from mpgi_ray.train.run_folder import recipe_hash
from mpgi_ray.train.scan import scan
from mpgi_ray.train.source import Source
from mpgi_ray.train.worker import prepare

RECIPE = "recipe.txt"  # beside the weights: the hash of what they learned


def learn(config: TrainConfig) -> float | None:
    """Train as `trainer.train` does with one worker, and leave the model in ``config.output``.

    Whole models on a CPU, without accumulation. A model of another recipe or other samples, or
    one that does not name them, is replaced.

    Returns:
        The last step's loss; None if the model of this recipe and these samples is there already.
    """
    source, seen = scan(list_shards(config.shards), config.split, config.weights_of_texts)
    recipe = recipe_hash(config.recipe(source)).encode()
    output = Storage(config.output)
    if _finished(output, recipe):
        return None
    architecture, model = _first(config, source)
    loss, learner = 0.0, _learner(config, source, architecture, model)
    for step in learner.fit(_batches(config, source, seen, architecture)):
        loss = step.loss
    if not _finished(output, recipe):  # by another process, which may be reading it
        output.delete(RECIPE)  # first, so that a save that is stopped names no recipe
        for name, data in learner.learned.task.files().items():
            output.publish(name, data)
        kept.save(config.output, architecture, model)
        output.publish(RECIPE, recipe)
    return loss


def cpu_seconds(config: TrainConfig) -> float:
    """What the steps of a run cost this process, reading included; the model is not saved."""
    source, seen = scan(list_shards(config.shards), config.split, config.weights_of_texts)
    architecture, model = _first(config, source)
    learner = _learner(config, source, architecture, model)
    steps = learner.fit(_batches(config, source, seen, architecture))
    next(steps)  # the first one warms up, and reads a whole window
    started = time.process_time()
    for _ in steps:
        pass
    return time.process_time() - started


def _finished(output: Storage, recipe: bytes) -> bool:
    return is_whole(output) and output.exists(RECIPE) and output.read(RECIPE) == recipe


def _first(config: TrainConfig, source: Source) -> tuple[Architecture, torch.nn.Module]:
    torch.manual_seed(config.seed)
    return initial(config, source)


def _learner(
    config: TrainConfig, source: Source, architecture: Architecture, model: torch.nn.Module
) -> Learner:
    """The model in training, in place."""
    prepare(model, config)
    steps = config.total_steps(sum(source.counts))
    task = config.learns(writes=architecture.writes).task(model)
    schedule = Schedule(
        steps, config.lr, config.warmup, config.weight_decay, config.max_gradient, bf16=config.computes_bf16
    )
    return Learner(model, task, schedule)


def _batches(config: TrainConfig, source: Source, seen: Seen, architecture: Architecture) -> Iterator[Batch]:
    steps = config.total_steps(sum(source.counts))
    task = config.learns(writes=architecture.writes)
    reading = Reading.of(config, source, architecture.inputs(), task)
    normalise = architecture.normalise()
    weights = task.weigh(seen.samples)
    for window in windows(source.counts, config.batch, steps, config.seed, weights):
        for arrays in reading.window(window, 1):
            row = Batch.of({name: values[None] for name, values in arrays.items()})
            yield row.to(torch.device("cpu"), normalise)
