"""Training with Ray Train: the driver looks at the data, tasks read it, workers train, the first worker logs.

The output folder must be one that all nodes see, or ``s3://…``. It receives ``run.json``, checkpoints to go
on from (see `resume`), the log (see `tracking`), and at the end the model (see `kept`). If a worker, a
node or the driver is lost, the run goes on from the last checkpoint with the same data.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from typing import Any, TypeVar

import torch
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow.fs import FSSpecHandler, PyFileSystem

from mpgi_ray.data.final import list_shards
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.stop_flag import StopFlag
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import MpgiError, ResourceError, StoppedError, TrainingError
from mpgi_ray.models import kept
from mpgi_ray.models.model_folder import read_log
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.ready import ready_actors
from mpgi_ray.runtime.room import Pool
from mpgi_ray.runtime.stopping import GRACE, Stop
from mpgi_ray.runtime.waiting import Waiting
from mpgi_ray.train import resume
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.data import Reading
from mpgi_ray.train.initial import initial, seen_before
from mpgi_ray.train.order import windows
from mpgi_ray.train.run_folder import finished, newest, open_run, recipe_hash, step_folder
from mpgi_ray.train.scan import scan
from mpgi_ray.train.stream import Stream, ordered
from mpgi_ray.train.worker import Run, plain, work

T = TypeVar("T")
_WORKER = "RayTrainWorker"  # the class of Ray Train's workers


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run left.

    Attributes:
        checkpoint: folder for `kept.load`.
        loss: of the last step.
        new: steps of this start; 0 if the run was finished already.
    """

    checkpoint: str
    steps: int
    loss: float
    new: int


def train(config: TrainConfig, *, takeover: bool = False, grace: float = GRACE) -> TrainResult:
    """Train a model on final shards; go on where an earlier start of the same run stopped.

    A damaged model or checkpoint is named and removed, and the run goes on from the one before.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which a step may be finished and kept when the job is asked to stop.

    Raises:
        InputError: there are no shards, no usable text or too few samples for a batch, or a picture or
            checkpoint cannot be read.
        OutputError: the output folder holds another run, is worked on, or cannot be written.
        RecipeError: the model is unknown, or cannot be computed in parts (`accumulate`), or fewer texts are
            learned than a step takes.
        ResourceError: the cluster or its nodes are too small.
        StoppedError: the process was asked to stop.
        TrainingError: a loss is not finite, or workers were lost too often.
    """
    shards = list_shards(config.shards)  # a wrong path is told before Ray starts
    storage = Storage(config.output)
    flag = StopFlag(storage)
    stop = Stop(grace, flag.set)
    with (
        held(storage, "train", takeover=takeover) as lease,
        ray_session(
            config.workers * config.cpus,
            config.workers * config.gpu,
            [Pool("training worker", config.workers, config.cpus, config.gpu)],
        ),
        stop.listening(),
    ):
        flag.clear()  # a driver that was killed may have left it
        try:
            return _train(config, shards, lease, stop)
        finally:
            if not lease.lost.is_set():
                flag.clear()


def _train(config: TrainConfig, shards: Sequence[str], lease: Lease, stop: Stop) -> TrainResult:
    look = partial(_on_the_cluster, lease=lease, stop=stop)
    source, seen = scan(shards, config.split, config.weights_of_texts, look)
    steps = config.total_steps(sum(source.counts))
    lease.tell(steps)
    weights = config.learns(writes=False).weigh(seen.samples)
    if weights is not None:  # others are not drawn
        seen = replace(seen, samples=tuple(compress(seen.samples, weights)))
    order = list(windows(source.counts, config.batch, steps, config.seed, weights))
    if told := source.told():
        print(told, flush=True)
    config.learns(writes=False).check(source)
    recipe = config.recipe(source)
    name = f"train-{recipe_hash(recipe)}"
    lease.check()
    ended = open_run(config.output, recipe, name, seen.after(seen_before(config)), source.left_out)
    Storage(config.output).sweep()
    whole = ended and resume.is_whole(config.output)
    done = steps if whole else resume.newest_whole(config.output)
    if done is None:
        torch.manual_seed(config.seed)
        architecture, model = initial(config, source)
        resume.save(config.output, architecture, model, {"done": 0, "optimizer": None})
    elif done < steps:
        architecture = kept.read_architecture(step_folder(config.output, done))
    if done is None or done < steps:
        task = config.learns(writes=architecture.writes)
        reading = Reading.of(config, source, architecture.inputs(), task)
        stream = Stream(config.output, reading, order, config.readers)
        try:
            _run_workers(Run(config, architecture, steps), stream, name, lease)
            if not finished(config.output):
                stop.check()
        except StoppedError:
            left = steps - (newest(config.output) or 0)
            raise stop.error(f"{left:,} of {steps:,} steps are left") from None
    resume.finish(config.output)  # not in a worker: one that is lost late starts once more
    last = read_log(config.output)[-1]
    return TrainResult(config.output, last["step"], last["loss"], steps - (done or 0))


def _on_the_cluster(
    look: Callable[[str], Any], shards: Sequence[str], *, lease: Lease, stop: Stop
) -> Iterable[Any]:
    return fan_out(look, [(shard,) for shard in shards], stop=stop, check=lease.check)


def _run_workers(run: Run, stream: Stream, name: str, lease: Lease) -> None:
    # starting workers on a cold node takes longer than the one minute that Ray Train allows
    os.environ.setdefault("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "300")
    from ray.exceptions import RayActorError
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError, WorkerGroupError
    from ray.train.torch import TorchTrainer

    config = run.config
    ordered()
    trainer = TorchTrainer(
        work,
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
        told = f"learning; `mpgi inspect {config.output} --status` tells how far it is"
        problem = _in_a_thread(trainer.fit, lease, config.workers, told).return_value
    except WorkerGroupError as error:
        reasons = [plain(reason) for reason in error.worker_failures.values()]
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
    except RayActorError as error:  # Ray Train runs its controller once
        said = " ".join(str(error).split())[:300]
        raise TrainingError(
            f"the process that leads the workers was lost ({said}); the same command goes on from the last "
            "checkpoint"
        ) from error
    if problem is not None:
        raise problem


def _in_a_thread(fit: Callable[[], T], lease: Lease, workers: int, told: str) -> T:
    """What a call returns or raises; the main thread takes signals meanwhile, which Ray Train would take.

    Args:
        told: is said once the workers are there.
    """
    result: Future[T] = Future()

    def call() -> None:
        try:
            result.set_result(fit())
        except BaseException as error:
            result.set_exception(error)

    ready = ready_actors(_WORKER)
    with Waiting(partial(_starting, workers, ready)) as waiting:
        threading.Thread(target=call, daemon=True).start()
        while not wait([result], timeout=1.0).done:
            lease.check()
            count = ready()
            if waiting.runs and (count is None or count >= workers):
                waiting.over()
                print(told, file=sys.stderr, flush=True)
    return result.result()


def _starting(workers: int, count: Callable[[], int | None]) -> str:
    ready = count()
    return f"the training workers to start{'' if ready is None else f' ({ready:,} of {workers:,} ready)'}"


def _held(config: TrainConfig) -> dict[str, float]:
    return {"CPU": config.cpus, **({"GPU": 1.0} if config.gpu else {})}
