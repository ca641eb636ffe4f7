"""Training with Ray Train: the driver looks at the data, tasks read it, workers train, the first worker logs.

The output folder must be one that all nodes see, or ``s3://…``. It receives ``run.json``, checkpoints to go
on from (see `resume`), the log (see `tracking`), and at the end the model (see `checkpoint`). If a worker, a
node or the driver is lost, the run goes on from the last checkpoint with the same data.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow.fs import FSSpecHandler, PyFileSystem

from mpgi_ray.data.final import list_shards
from mpgi_ray.errors import (
    InputError,
    MpgiError,
    RecipeError,
    ResourceError,
    StorageError,
    TrainingError,
)
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture
from mpgi_ray.models.model_folder import read_log
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.train import resume
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.config import Tower, TrainConfig, recipe_hash
from mpgi_ray.train.data import Reading
from mpgi_ray.train.initial import initial, seen_before
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.order import windows
from mpgi_ray.train.run_folder import newest, open_run, step_folder
from mpgi_ray.train.source import scan
from mpgi_ray.train.stream import Stream, ordered
from mpgi_ray.train.tracking import RunLog


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run left.

    Attributes:
        checkpoint: folder for `checkpoint.load`.
        loss: of the last step.
        new: steps of this start; 0 if the run was finished already.
    """

    checkpoint: str
    steps: int
    loss: float
    new: int


@dataclass(frozen=True, slots=True)
class _Run:
    """What workers are told."""

    config: TrainConfig
    architecture: Architecture
    steps: int


def train(config: TrainConfig) -> TrainResult:
    """Train a model on final shards; go on where an earlier start of the same run stopped.

    Raises:
        InputError: there are no shards, no usable text or too few samples for a batch, or a picture or
            checkpoint cannot be read.
        OutputError: the output folder holds another run, or cannot be written.
        RecipeError: the model is unknown, or cannot be computed in parts (`accumulate`), or fewer texts are
            learned than a step takes.
        ResourceError: the cluster or its nodes are too small.
        TrainingError: a loss is not finite, or workers were lost too often.
    """
    with ray_session(config.workers * config.cpus, config.workers * config.gpu):
        source, seen = scan(list_shards(config.shards), config.split, config.texts, _on_the_cluster)
        steps = config.total_steps(sum(source.counts))
        order = list(windows(source.counts, config.batch, steps, config.seed))
        if told := source.told():
            print(told, flush=True)
        recipe = config.recipe(source)
        name = f"train-{recipe_hash(recipe)}"
        done = newest(config.output)
        if open_run(config.output, recipe, name, seen.after(seen_before(config)), source.left_out):
            done = steps
        if done is None:
            torch.manual_seed(config.seed)
            architecture, model = initial(config, source)
            resume.save(config.output, architecture, model, {"done": 0, "optimizer": None})
        elif done < steps:
            architecture = checkpoint.read_architecture(step_folder(config.output, done))
        if done is None or done < steps:
            task = config.learns(writes=architecture.writes)
            reading = Reading.of(config, source, architecture.inputs(), task)
            stream = Stream(config.output, reading, order, config.readers)
            _run_workers(_Run(config, architecture, steps), stream, name)
        resume.finish(config.output)  # not in a worker: one that is lost late starts once more
    last = read_log(config.output)[-1]
    return TrainResult(config.output, last["step"], last["loss"], steps - (done or 0))


def _on_the_cluster(look: Callable[[str], Any], shards: Sequence[str]) -> Iterable[Any]:
    return fan_out(look, [(shard,) for shard in shards])


def _plain(error: Exception) -> Exception:
    """What was raised in a task, without Ray's wrapping."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error


def _run_workers(run: _Run, stream: Stream, name: str) -> None:
    # starting workers on a cold node takes longer than the one minute that Ray Train allows
    os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "300")
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError, WorkerGroupError
    from ray.train.torch import TorchTrainer

    config = run.config
    ordered()
    trainer = TorchTrainer(
        _worker,
        train_loop_config={"run": run},
        scaling_config=ScalingConfig(
            num_workers=config.workers, use_gpu=config.gpu, resources_per_worker=_held(config)
        ),
        run_config=RunConfig(
            name=name,
            # a run goes on from our own checkpoints: what Ray Train would keep beside them is not kept
            storage_path="/mpgi-train",
            storage_filesystem=PyFileSystem(FSSpecHandler(MemoryFileSystem())),
            failure_config=FailureConfig(
                max_failures=config.restarts, controller_failure_limit=config.restarts
            ),
        ),
        datasets={"train": stream},
    )
    try:
        problem = trainer.fit().return_value
    except WorkerGroupError as error:
        reasons = [_plain(reason) for reason in error.worker_failures.values()]
        for reason in reasons:
            if isinstance(reason, MpgiError):
                raise reason from None
        raise TrainingError(
            f"workers were lost {config.restarts + 1} times, the last with {reasons[0]!r}; "
            "the same command goes on from the last checkpoint"
        ) from error
    except TrainingFailedError as error:
        raise ResourceError(
            f"{config.workers} workers that hold {_held(config)} each did not get to work: {error}. Lower "
            "workers or cpus until each fits on a node; the same command goes on from the last checkpoint"
        ) from error
    if problem is not None:
        raise problem


def _held(config: TrainConfig) -> dict[str, float]:
    return {"CPU": config.cpus, **({"GPU": 1.0} if config.gpu else {})}


def _worker(told: dict[str, Any]) -> MpgiError | None:
    """Train on this worker; return an error that all workers meet alike, so that none starts again."""
    try:
        _train(told["run"])
    except (RecipeError, TrainingError) as error:
        return error
    except (InputError, StorageError) as error:  # from a reading task, or this worker's own
        import ray.train

        if ray.train.get_context().get_world_size() > 1:  # others may be a step behind, and would wait
            raise
        plain = _plain(error)
        return (StorageError if isinstance(plain, StorageError) else InputError)(str(plain))
    return None


def _train(run: _Run) -> None:
    import ray.train
    import ray.train.torch

    config, architecture = run.config, run.architecture
    context = ray.train.get_context()
    # Ray gives a worker one thread for each of its CPUs; alone on a machine it may use all cores
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // context.get_local_world_size()))
    plain, _, _ = checkpoint.build(architecture)
    state = resume.restore(config.output, plain)
    if state is None:  # a worker was lost after the model was written
        return
    _prepare(plain, config)
    schedule = Schedule(
        steps=run.steps,
        lr=config.lr,
        warmup=config.warmup,
        weight_decay=config.weight_decay,
        max_gradient=config.max_gradient,
        accumulate=config.accumulate,
        bf16=config.computes_bf16,
    )
    task = config.learns(writes=architecture.writes).task()
    learner = Learner(plain, task, schedule, wrap=ray.train.torch.prepare_model)
    if state["optimizer"] is not None:
        learner.resume(state)
    steps = learner.fit(_batches(architecture))
    if context.get_world_rank() > 0:
        for _ in steps:
            pass
        return
    with RunLog(config.output, learner.done + 1) as log:
        for step in steps:
            log.add(step)
            if step.step % config.save_every == 0 and step.step < run.steps:
                log.publish()  # a run that goes on from here finds the lines of all earlier steps
                resume.save(config.output, architecture, plain, learner.state())
    checkpoint.save(config.output, architecture, plain)


def _prepare(model: Any, config: TrainConfig) -> None:
    if config.checkpoint_activations:
        model.set_grad_checkpointing()
    if Tower.IMAGE in config.freeze:
        model.visual.requires_grad_(False)
    if Tower.TEXT in config.freeze:
        for name, parameter in model.named_parameters():
            if not name.startswith(("visual.", "text_decoder.", "logit_")):
                parameter.requires_grad_(False)


def _batches(architecture: Architecture) -> Iterator[Batch]:
    import ray.train
    import ray.train.torch

    device, normalise = ray.train.torch.get_device(), architecture.normalise()
    shard = ray.train.get_dataset_shard("train")
    for batch in shard.iter_torch_batches(batch_size=1, prefetch_batches=2, collate_fn=Batch.of):
        yield batch.to(device, normalise)
