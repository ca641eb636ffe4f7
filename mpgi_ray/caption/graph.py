"""The Ray Data graph of the caption job: shards → chunks → perspectives → integrated texts.

One row is one chunk is one block is one task. Actor pools hold the engines; a chunk's pixels cross the
object store once for each model that looks at them, and only text goes on.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ray
from ray.exceptions import RayError

from mpgi_ray.caption.chunks import Row, ShardTask, read_chunks
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.replicas import BothReplica, Connect, DescribeReplica, MergeReplica
from mpgi_ray.caption.stages import described_work
from mpgi_ray.caption.templates import Templates
from mpgi_ray.caption.todo import Phase
from mpgi_ray.engines.base import EngineError
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.errors import InputError, StorageError
from mpgi_ray.runtime import metrics
from mpgi_ray.runtime.blocks import one_row_blocks
from mpgi_ray.runtime.export import count
from mpgi_ray.runtime.ready import ready_actors
from mpgi_ray.runtime.room import Pool

_READING_CPUS = 1.0  # more readers than cores only take time from the engines
_PATIENCE = 7200  # seconds without any progress; Ray's half hour ends slow model loads
_CHUNKS_AHEAD = 2  # that wait in a replica while it works on others


def room(recipe: Recipe) -> tuple[float, int]:
    """Logical CPUs and GPUs needed for what the pools hold at once, in the phase that holds most."""
    phases = recipe.pools()
    return (
        max(sum(engine.replicas.min * engine.cpus for engine in engines) for engines in phases),
        max(
            gpus_for([engine.gpus for engine in engines for _ in range(engine.replicas.min)])
            for engines in phases
        ),
    )


def pools(recipe: Recipe) -> list[Pool]:
    """The pools of all phases, with the replicas that each starts with."""
    engines = [engine for phase in recipe.pools() for engine in phase]
    return [
        Pool(f"replica of {engine.model or engine.kind}", engine.replicas.min, engine.cpus, engine.gpus)
        for engine in engines
    ]


def loading(recipe: Recipe, phase: Phase) -> Callable[[], str]:
    """What a pass waits for until its first chunk, in words that change as replicas are ready."""
    engines = _engines(recipe, phase)
    named = (f"the model {one.model}" if one.model else f"the {one.kind} engine" for one in engines)
    names = " and ".join(dict.fromkeys(named))
    replicas = sum(engine.replicas.min for engine in engines)
    count = ready_actors("Replica")

    def told() -> str:
        ready = count()
        if ready is not None and ready >= replicas:
            return f"the first chunk ({replicas:,} of {replicas:,} replicas ready)"
        tail = "" if ready is None else f" ({ready:,} of {replicas:,} replicas ready)"
        return f"{names} to load{tail}"

    return told


def _engines(recipe: Recipe, phase: Phase) -> Sequence[EngineSettings]:
    """The engines that a phase starts."""
    return recipe.pools()[-1 if phase is Phase.INTEGRATE else 0]


def gpus_for(shares: Sequence[float]) -> int:
    """How many GPUs are needed for replicas with these shares; a share below 1 must lie on one GPU."""
    free: list[float] = []
    for share in sorted((share for share in shares if 0 < share < 1), reverse=True):
        place = next((i for i, room in enumerate(free) if room >= share - 1e-9), None)
        if place is None:
            place = len(free)
            free.append(1.0)
        free[place] -= share
    return len(free) + sum(int(share) for share in shares if share >= 1)


def run_graph(
    recipe: Recipe, templates: Templates, tasks: Sequence[ShardTask], connect: Connect, phase: Phase
) -> Iterator[Row]:
    """One pass over some shards: the driver's counts, one row a chunk, as they are finished.

    Raises:
        EngineError: the pass ended early; what was published stays.
    """
    try:
        yield from build(recipe, templates, tasks, connect, phase).iter_rows()
    except RayError as error:
        raise EngineError(str(error)) from error
    except ray.data.exceptions.ExecutionTimeoutError as error:  # not one of the others
        raise EngineError(
            f"nothing happened for {_PATIENCE:,} s: a replica waits for a node that is gone, or for its model"
        ) from error


def build(
    recipe: Recipe, templates: Templates, tasks: Sequence[ShardTask], connect: Connect, phase: Phase
) -> ray.data.Dataset:
    """The graph of one pass over some shards; its rows are the driver's counts, one a chunk."""
    context = one_row_blocks()  # a chunk is a row is a block is a task
    context.execution_no_progress_timeout_s = _PATIENCE
    context.max_consecutive_actor_init_deaths = 2
    # a pool grows when all places of its replicas are taken; by default chunks for 1.75 times as many would
    # have to be given to them, which `_CHUNKS_AHEAD` does not allow where many are worked on at once
    context.autoscaling_config.actor_pool_util_upscaling_threshold = 1.0
    context.memory_usage_poll_interval_s = None  # reads every memory page of a replica once a second
    items = [{"task": pickle.dumps(task)} for task in tasks]
    rows = ray.data.from_items(items, override_num_blocks=len(tasks))
    with warnings.catch_warnings():
        # Ray 2.60 wants named arguments, and has none for restarts
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        if phase is Phase.INTEGRATE:
            chunks = rows.flat_map(_read_described, fn_args=(recipe,), num_cpus=_READING_CPUS)
            return _merge(chunks, recipe, templates, connect)
        chunks = rows.flat_map(_read, num_cpus=_READING_CPUS)
        if recipe.merger is None:
            arguments = recipe, templates, connect
            return chunks.map(BothReplica, **_pool(recipe, recipe.generate[0].engine, arguments))
        for place, block in enumerate(recipe.generate):
            ends = phase is Phase.DESCRIBE and place == len(recipe.generate) - 1
            made_of = recipe, templates, connect, place, ends
            chunks = chunks.map(DescribeReplica, **_pool(recipe, block.engine, made_of))
        return chunks if phase is Phase.DESCRIBE else _merge(chunks, recipe, templates, connect)


def _merge(
    chunks: ray.data.Dataset, recipe: Recipe, templates: Templates, connect: Connect
) -> ray.data.Dataset:
    assert recipe.merger is not None
    return chunks.map(MergeReplica, **_pool(recipe, recipe.merger, (recipe, templates, connect)))


def _read(row: dict[str, Any]) -> Iterator[Row]:
    return read_chunks(pickle.loads(row["task"]), _count_shard)


def _count_shard(size: int) -> None:
    count(metrics.SHARDS_READ)
    count(metrics.BYTES_READ, size)


def _read_described(row: dict[str, Any], recipe: Recipe) -> Iterator[Row]:
    for read in read_chunks(pickle.loads(row["task"]), _count_shard):
        if read["unreadable"] or read["fatal"]:
            yield read
            continue
        try:
            yield described_work(pickle.loads(read["work"]), recipe).row()
        except InputError as error:
            yield {**read, "unreadable": str(error), "work": b""}
            return
        except StorageError as error:
            yield {**read, "fatal": str(error), "work": b""}
            return


def _pool(recipe: Recipe, engine: EngineSettings, arguments: tuple[Any, ...]) -> dict[str, Any]:
    # enough chunks at once to keep every slot of the engine taken while one chunk's last images finish
    at_once = -(-engine.images_in_flight // recipe.chunk_size) + 1
    return {
        "compute": ray.data.ActorPoolStrategy(
            min_size=engine.replicas.min,
            max_size=engine.replicas.max,
            max_tasks_in_flight_per_actor=at_once + _CHUNKS_AHEAD,
        ),
        "num_cpus": engine.cpus,
        "num_gpus": engine.gpus,
        "max_concurrency": at_once,
        # few restarts, so that a chunk that kills its replica ends the pass; retries without bound, because
        # every call to a dying node counts as one
        "max_restarts": 3,
        "max_task_retries": -1,
        "fn_constructor_args": arguments,
    }
