"""Training with Ray Train: the driver looks at the data, the workers train, the first one writes.

The output folder must be one that all nodes see. It receives the checkpoint (see `checkpoint`) and
``train.jsonl``, one line a step.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch
from pydantic import Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.errors import MpgiError, OutputError
from mpgi_ray.train import checkpoint
from mpgi_ray.train.checkpoint import Architecture
from mpgi_ray.train.clip import clip_loss
from mpgi_ray.train.data import Batch, EpochPlan, Loader, Source, all_texts, plan_epoch, scan
from mpgi_ray.train.loop import fit
from mpgi_ray.train.records import list_shards
from mpgi_ray.train.tokenizer import TextTokenizer

LOG = "train.jsonl"
SMALL_CONTEXT = 77


class TrainConfig(Config):
    """A training run.

    Attributes:
        shards: folder of final shards.
        output: folder for the checkpoint; must not hold one already.
        model: ``small`` or an open_clip model name; it starts from fresh weights.
        split: train on samples of this split only; None takes all.
        texts: the perspectives a sample's text is drawn from, a new one each epoch.
        epochs, steps: how long; one of the two.
        batch: samples of a step over all workers.
        lr: the learning rate's peak.
    """

    shards: Path
    output: Path
    model: str = checkpoint.SMALL
    split: str | None = None
    texts: tuple[str, ...] = Field(
        default=("objects", "layout", "scene", "attributes", "short", "long"), min_length=1
    )
    epochs: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=1)
    batch: int = Field(default=128, ge=2)
    lr: float = Field(default=1e-3, gt=0)
    seed: int = 0
    workers: int = Field(default=1, ge=1)
    gpu: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give either epochs or steps")
        if self.batch % self.workers:
            raise ValueError(f"batch {self.batch} cannot be shared evenly by {self.workers} workers")
        return self


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run left.

    Attributes:
        checkpoint: folder for `checkpoint.load`.
        loss: of the last step.
        samples: usable samples in the shards.
    """

    checkpoint: Path
    steps: int
    loss: float
    samples: int


def train(config: TrainConfig) -> TrainResult:
    """Train a model on final shards.

    Raises:
        InputError: no shards, no usable text, or less than a batch.
        OutputError: the output folder holds a checkpoint already or cannot be written.
        RecipeError: the model is unknown.
        MpgiError: the loss is not finite.
    """
    output = config.output.resolve()
    if (output / checkpoint.WEIGHTS).exists():
        raise OutputError(f"{output} holds a checkpoint already: choose another output folder or remove it")
    source = scan(list_shards(config.shards), config.split, config.texts)
    plans = _plans(config, source)
    if config.model == checkpoint.SMALL:
        architecture = checkpoint.small(TextTokenizer.train(all_texts(source), SMALL_CONTEXT))
    else:
        architecture = checkpoint.stock(config.model)
    run = _Run(config.model_copy(update={"output": output}), source, plans, architecture)
    output.mkdir(parents=True, exist_ok=True)
    _run_workers(run)
    last = json.loads((output / LOG).read_text().splitlines()[-1])
    return TrainResult(output, last["step"], last["loss"], sum(source.counts))


@dataclass(frozen=True, slots=True)
class _Run:
    """What every worker is told."""

    config: TrainConfig
    source: Source
    plans: tuple[EpochPlan, ...]
    architecture: Architecture

    @property
    def share(self) -> int:
        return self.config.batch // self.config.workers

    @property
    def steps(self) -> int:
        return self.config.steps or sum(plan.steps for plan in self.plans)


def _plans(config: TrainConfig, source: Source) -> tuple[EpochPlan, ...]:
    """As many epochs as the configuration asks for, or as its steps need."""
    plans: list[EpochPlan] = []
    while len(plans) < (config.epochs or 0) or sum(plan.steps for plan in plans) < (config.steps or 0):
        share = config.batch // config.workers
        plans.append(plan_epoch(source.counts, config.workers, share, config.seed, len(plans)))
    return tuple(plans)


def _run_workers(run: _Run) -> None:
    # starting workers on a cold node takes longer than Ray Train's own minute
    os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "600")
    from ray.train import RunConfig, ScalingConfig, WorkerGroupError
    from ray.train.torch import TorchTrainer

    config = run.config
    scratch = config.output / ".ray"
    shutil.rmtree(scratch, ignore_errors=True)  # a run of this name left there would be taken up silently
    trainer = TorchTrainer(
        _worker,
        train_loop_config={"run": run},
        scaling_config=ScalingConfig(num_workers=config.workers, use_gpu=config.gpu),
        run_config=RunConfig(name="train", storage_path=str(scratch)),
    )
    try:
        trainer.fit()
    except WorkerGroupError as error:
        for failure in error.worker_failures.values():
            if isinstance(failure, MpgiError):
                raise failure from None
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _worker(told: dict[str, Any]) -> None:
    import ray.train
    import ray.train.torch

    run: _Run = told["run"]
    context = ray.train.get_context()
    threads = max(1, len(os.sched_getaffinity(0)) // context.get_local_world_size())
    torch.set_num_threads(threads)  # Ray sets one
    torch.manual_seed(run.config.seed)
    plain, preprocess, tokenize = checkpoint.build(run.architecture)
    model = ray.train.torch.prepare_model(plain)
    loader = Loader(run.source, preprocess, tokenize, share=run.share, seed=run.config.seed, threads=threads)
    rank = context.get_world_rank()
    steps = fit(model, clip_loss, _batches(run, loader, rank), steps=run.steps, lr=run.config.lr)
    if rank > 0:
        for _ in steps:
            pass
        return
    with (run.config.output / LOG).open("w", buffering=1) as log:
        for step in steps:
            log.write(json.dumps(asdict(step)) + "\n")
    checkpoint.save(run.config.output, run.architecture, plain)


def _batches(run: _Run, loader: Loader, rank: int) -> Iterator[Batch]:
    for epoch, plan in enumerate(run.plans):
        yield from loader.epoch(plan, rank, epoch)
