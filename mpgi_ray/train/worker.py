"""What each worker of a training run does: build the model, go on from the last checkpoint, learn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import torch

from mpgi_ray.data.stop_flag import StopFlag
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, MpgiError, RecipeError, StorageError, TrainingError
from mpgi_ray.models import kept
from mpgi_ray.models.kept import Architecture
from mpgi_ray.models.long_text import hold_first
from mpgi_ray.runtime import metrics
from mpgi_ray.runtime.export import count, show
from mpgi_ray.train import resume
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import Tower, TrainConfig
from mpgi_ray.train.loop import Learner, Schedule, Step
from mpgi_ray.train.tracking import RunLog

# weights that belong to no text tower; a multimodal scorer has its image tower in its backbone
_NO_TEXT = ("visual.", "bridge.", "bridge_inputs.", "backbone.visual.", "text_decoder.", "logit_", "head.")


@dataclass(frozen=True, slots=True)
class Run:
    """What workers are told."""

    config: TrainConfig
    architecture: Architecture
    steps: int


def plain(error: Exception) -> Exception:
    """What was raised in a task, without Ray's wrapping."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error


def work(told: dict[str, Any]) -> MpgiError | None:
    """Train on this worker; return an error that all workers meet alike, so that none starts again."""
    try:
        _train(told["run"])
    except (RecipeError, TrainingError) as error:
        return error
    except (InputError, StorageError) as error:  # from a reading task, or this worker's own
        import ray.train

        if ray.train.get_context().get_world_size() > 1:  # others may be a step behind, and would wait
            raise
        cause = plain(error)
        return (StorageError if isinstance(cause, StorageError) else InputError)(str(cause))
    return None


def _train(run: Run) -> None:
    import ray.train
    import ray.train.torch

    config, architecture = run.config, run.architecture
    context = ray.train.get_context()
    # Ray gives a worker one thread for each of its CPUs; alone on a machine it may use all cores
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // context.get_local_world_size()))
    model = kept.build(architecture)
    state = resume.restore(config.output, model)
    if state is None:  # a worker was lost after the model was written
        return
    prepare(model, config)
    schedule = Schedule(
        steps=run.steps,
        lr=config.lr,
        warmup=config.warmup,
        weight_decay=config.weight_decay,
        max_gradient=config.max_gradient,
        accumulate=config.accumulate,
        bf16=config.computes_bf16,
    )
    torch.manual_seed(config.seed)  # of the task's own weights
    task = config.learns(writes=architecture.writes).task(model)
    learner = Learner(model, task, schedule, wrap=ray.train.torch.prepare_model)
    if config.stretches:
        hold_first(model, learner.optimizer)
    if state["optimizer"] is not None:
        learner.resume(state)
    first, flag = context.get_world_rank() == 0, StopFlag(Storage(config.output))
    steps = learner.fit(_batches(architecture), lambda: first and flag.is_set())
    if not first:
        for _ in steps:
            pass
        return
    saved = learner.done
    with closing(RunLog(config.output, saved + 1)) as log:
        for step in steps:
            log.add(step)
            _count(step, config.batch)
            if step.step % config.save_every == 0 and step.step < run.steps:
                _keep(config, architecture, learner, log)
                saved = step.step
        if saved < learner.done < run.steps:  # the run was asked to stop
            _keep(config, architecture, learner, log)
    if learner.done == run.steps:
        for name, data in task.files().items():
            Storage(config.output).publish(name, data)
        kept.save(config.output, architecture, model)


def _count(step: Step, samples: int) -> None:
    count(metrics.TRAIN_STEPS)
    count(metrics.TRAIN_SAMPLES, samples)
    show(metrics.TRAIN_LOSS, step.loss)
    show(metrics.TRAIN_DATA_WAIT, step.data_wait)


def _keep(config: TrainConfig, architecture: Architecture, learner: Learner, log: RunLog) -> None:
    log.publish()  # a run that goes on from here finds the lines of all earlier steps
    resume.save(config.output, architecture, learner.model, learner.state())


def prepare(model: Any, config: TrainConfig) -> None:
    """Freeze the towers that stay as they are."""
    if config.checkpoint_activations:
        model.set_grad_checkpointing()
    if Tower.IMAGE in config.freeze:
        model.visual.requires_grad_(False)
    if Tower.TEXT in config.freeze:
        for name, parameter in model.named_parameters():
            if not name.startswith(_NO_TEXT):
                parameter.requires_grad_(False)


def _batches(architecture: Architecture) -> Iterator[Batch]:
    import ray.train
    import ray.train.torch

    device, normalise = ray.train.torch.get_device(), architecture.normalise()
    shard = ray.train.get_dataset_shard("train")
    for batch in shard.iter_torch_batches(batch_size=1, prefetch_batches=2, collate_fn=Batch.of):
        yield batch.to(device, normalise)
