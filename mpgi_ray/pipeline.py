"""The caption job: shards → chunks → perspectives → integrated texts, as one Ray Data graph.

One row is one chunk is one block is one task. Actor pools hold the engines; a chunk's pixels cross the
object store once, between reading and stage 1, and only text goes on. The graph is run again over what is
left for as long as a pass publishes something, so the loss of a node never ends a job and a hopeless one
ends loudly.
"""

from __future__ import annotations

import json
import pickle
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ray
from ray.exceptions import RayError

from mpgi_ray.cluster import ray_session
from mpgi_ray.data.caption import Status
from mpgi_ray.data.caption_folder import LOG, CaptionFolder
from mpgi_ray.data.shard_list import ShardList, find_shards
from mpgi_ray.engines.base import EngineError
from mpgi_ray.engines.connect import connect as connect_engine
from mpgi_ray.errors import UnfinishedError
from mpgi_ray.progress import Progress
from mpgi_ray.reading import ShardTask, read_chunks
from mpgi_ray.recipe import Recipe, TemplateEngineConfig
from mpgi_ray.run_record import check_missing, lost_shards, open_run
from mpgi_ray.todo import Pilot, left_to_do
from mpgi_ray.work import Connect, GenerateChunk, IntegrateChunk

_READER_CPUS = 0.5  # reading is mostly waiting for bytes
_STALLED_PASSES = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a start of the job did.

    Attributes:
        samples: captioned or refused in this start.
        new: samples that were worked on; what a pilot or an earlier start published is taken over.
        records, not_ok: rows of those samples, and how many are rejected or failed.
        startup_seconds: until the first chunk was finished.
        images_per_second: after that.
        problem: why work was left undone; empty if none was.
    """

    samples: int = 0
    new: int = 0
    records: int = 0
    not_ok: int = 0
    seconds: float = 0.0
    startup_seconds: float = 0.0
    images_per_second: float = 0.0
    problem: str = ""


def caption(recipe: Recipe, *, pilot: Pilot | None = None, connect: Connect = connect_engine) -> Outcome:
    """Caption every sample of the recipe's shards that has no published captions yet.

    Args:
        connect: starts an engine from its settings, in the replica that uses it.

    Raises:
        InputError: no shards, or some are missing.
        OutputError: the output belongs to another recipe, or cannot be written.
        ResourceError: the cluster is too small.
        UnfinishedError: work was left undone, or more samples than ``max_reject_rate`` are not wholly ok.
    """
    shards = find_shards(recipe.input.shards)
    folder = CaptionFolder(recipe.output)
    open_run(folder, recipe, shards)
    outcome = Outcome()
    if left_to_do(recipe, shards, folder, pilot):
        outcome = _caption_all(recipe, shards, folder, pilot, connect)
        _log(folder, outcome, pilot)
    if outcome.problem:
        raise UnfinishedError(outcome.problem)
    check_missing(shards, lost_shards(folder, shards))
    if pilot is None:
        folder.storage.sweep()
        _judge(recipe, folder)
    return outcome


def _caption_all(
    recipe: Recipe, shards: ShardList, folder: CaptionFolder, pilot: Pilot | None, connect: Connect
) -> Outcome:
    """Pass over what is left until nothing is, or until two passes in a row published nothing."""
    engines = (recipe.generate.engine, recipe.integrate.engine)
    unreadable: dict[str, str] = {}
    stalled, problem, new = 0, "", 0
    with ray_session(sum(engine.replicas * engine.cpus for engine in engines)):
        progress = Progress(len(shards.files))
        while stalled < _STALLED_PASSES:
            tasks = [t for t in left_to_do(recipe, shards, folder, pilot) if t.shard not in unreadable]
            if not tasks:
                problem = ""
                break
            before = progress.chunks
            try:
                for row in _graph(recipe, tasks, connect).iter_rows():
                    if row["fatal"]:
                        raise EngineError(row["fatal"])
                    if row["unreadable"]:
                        unreadable[row["shard"]] = row["unreadable"]
                        continue
                    new += row["new"]
                    progress.add(row["shard"], row["left"], row["samples"], row["records"], row["not_ok"])
                problem = ""
                break
            except (RayError, EngineError) as error:
                problem = f"{_STALLED_PASSES} passes in a row finished no chunk: {error}"
            stalled = 0 if progress.chunks > before else stalled + 1
        rate = progress.rate()
        progress.end()
    if unreadable and not problem:
        problem = (
            f"{len(unreadable)} of {len(shards.files)} shards could not be read, the others are done: "
            + "; ".join(sorted(unreadable.values())[:5])
        )
    return Outcome(
        progress.samples,
        new,
        progress.records,
        progress.not_ok,
        time.monotonic() - progress.started,
        progress.startup,
        rate,
        problem,
    )


def _graph(recipe: Recipe, tasks: Sequence[ShardTask], connect: Connect) -> ray.data.Dataset:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # a chunk is a block is a task; larger values join chunks
    context.execution_no_progress_timeout_s = 7200  # the default half hour ends slow model loads
    context.max_consecutive_actor_init_deaths = 2
    context.memory_usage_poll_interval_s = None  # walks every page of a replica once a second
    items = [{"task": pickle.dumps(task)} for task in tasks]
    rows = ray.data.from_items(items, override_num_blocks=len(tasks))
    chunks = rows.flat_map(_read, num_cpus=_READER_CPUS)
    with warnings.catch_warnings():
        # Ray 2.60 wants named arguments, and has none for restarts
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        described = chunks.map(GenerateChunk, **_pool(recipe, recipe.generate.engine, connect))
        return described.map(IntegrateChunk, **_pool(recipe, recipe.integrate.engine, connect))


def _read(row: dict[str, Any]) -> Any:
    return read_chunks(pickle.loads(row["task"]))


def _pool(recipe: Recipe, engine: TemplateEngineConfig, connect: Connect) -> dict[str, Any]:
    return {
        "compute": ray.data.ActorPoolStrategy(size=engine.replicas, max_tasks_in_flight_per_actor=4),
        "num_cpus": engine.cpus,
        # few restarts, so that a chunk that kills its engine ends the pass; retries without bound, because
        # every call to a dying node counts as one
        "max_restarts": 3,
        "max_task_retries": -1,
        "fn_constructor_args": (recipe, connect),
    }


def _log(folder: CaptionFolder, outcome: Outcome, pilot: Pilot | None) -> None:
    record = {
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "pilot": pilot is not None,
        "samples": outcome.samples,
        "new": outcome.new,
        "records": outcome.records,
        "not_ok": outcome.not_ok,
        "seconds": round(outcome.seconds, 3),
        "startup_seconds": round(outcome.startup_seconds, 3),
        "images_per_second": round(outcome.samples / max(outcome.seconds - outcome.startup_seconds, 1e-6), 3),
    }
    lines = [json.dumps(entry) for entry in [*folder.log(), record]]
    folder.storage.publish(LOG, ("\n".join(lines) + "\n").encode())


def _judge(recipe: Recipe, folder: CaptionFolder) -> None:
    """Fail a run that rots: by the share of its samples, whenever made, with a record that is not ok."""
    samples = not_ok = 0
    for table in folder.tables():
        pairs = list(zip(table["index"].to_pylist(), table["status"].to_pylist(), strict=True))
        samples += len({index for index, _ in pairs})
        not_ok += len({index for index, status in pairs if status != Status.OK.value})
    if not_ok > recipe.max_reject_rate * samples:
        raise UnfinishedError(
            f"{not_ok:,} of {samples:,} samples have a rejected or failed record ({not_ok / samples:.1%}), "
            f"max_reject_rate allows {recipe.max_reject_rate:.1%}: "
            f"see `mpgi inspect --rejects {folder.storage.url}`"
        )
