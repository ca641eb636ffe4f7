"""The caption job: pass by pass, until everything is captioned or no pass makes progress any more.

The graph is run again over what is left for as long as a pass publishes something, so the loss of a node
never ends a job, and a job that cannot succeed ends with an error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from mpgi_ray.caption.best_of import require_packages
from mpgi_ray.caption.chunks import Row, ShardTask
from mpgi_ray.caption.graph import loading, pools, room, run_graph
from mpgi_ray.caption.judge import judge
from mpgi_ray.caption.labels import labels_in_words
from mpgi_ray.caption.mended import mended
from mpgi_ray.caption.outcome import Outcome, concluded
from mpgi_ray.caption.progress import Progress
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.replicas import Connect
from mpgi_ray.caption.retry import Retry, take_back
from mpgi_ray.caption.reuse import earlier_stage2
from mpgi_ray.caption.run_json import lost_shards, open_run
from mpgi_ray.caption.templates import Templates
from mpgi_ray.caption.todo import Phase, Pilot, left_to_do
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.events import Events, recorded
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.shard_list import ShardList, find_shards, shards_in_words
from mpgi_ray.data.stop_flag import STOPPED, StopFlag
from mpgi_ray.data.storage import Storage
from mpgi_ray.engines.base import EngineError
from mpgi_ray.engines.connect import connect as connect_engine
from mpgi_ray.errors import StoppedError, StorageError, UnfinishedError
from mpgi_ray.models.model_folder import require_scorer
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.stopping import GRACE, Stop
from mpgi_ray.runtime.waiting import Waiting

_STALLED_PASSES = 2
_TOLD = ("samples", "new", "records", "not_ok", "chunks", "problem")  # of the outcome, in the last event


def caption(
    recipe: Recipe,
    *,
    pilot: Pilot | None = None,
    connect: Connect = connect_engine,
    retry: Retry | None = None,
    takeover: bool = False,
    grace: float = GRACE,
) -> Outcome:
    """Caption every sample of the recipe's shards that has no published captions yet.

    Args:
        connect: starts an engine from its settings, in the replica that uses it.
        retry: which published records are asked for again, with the integrations made from them.
        takeover: see `lease.held`.
        grace: seconds in which images that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: no shards, or some are missing; nothing to retry or to reuse in that folder.
        OutputError: the output belongs to another recipe, is worked on, or cannot be written.
        ResourceError: the cluster is too small.
        StoppedError: the process was asked to stop.
        UnfinishedError: work was left undone, or more samples than ``max_reject_rate`` are not wholly ok.
    """
    shards = find_shards(recipe.input.shards)
    folder = CaptionFolder(recipe.output)
    for block in recipe.generate:
        if block.scorer:
            require_packages()
            require_scorer(Storage(block.scorer))
    earlier_stage2(recipe)  # a folder that cannot be reused is told before anything starts
    if retry is not None:
        folder.run_record()  # must be there
    with held(folder.storage, "caption", takeover=takeover) as lease:
        templates, versions = open_run(folder, recipe, shards)
        if retry is not None:
            count = take_back(retry, folder, shards)
            print(f"--retry {retry}: records that are asked for again: {count:,}", file=sys.stderr)
        outcome = _caption(recipe, templates, shards, folder, pilot, connect, lease, grace)
        return replace(outcome, versions=versions)


def _caption(
    recipe: Recipe,
    templates: Templates,
    shards: ShardList,
    folder: CaptionFolder,
    pilot: Pilot | None,
    connect: Connect,
    lease: Lease,
    grace: float,
) -> Outcome:
    found = mended(folder)
    outcome = Outcome()
    if left := left_to_do(recipe, shards, folder, pilot):
        if labels := labels_in_words(recipe, shards):
            print(labels, file=sys.stderr)
        flag = StopFlag(folder.storage)
        flag.clear()  # a driver that was killed may have left it
        stop = Stop(grace, flag.set)
        facts = {"shards": len(shards.files), "shards_left": len(left), "pilot": pilot is not None}
        with recorded(folder.storage, "caption", **facts) as events:
            try:
                outcome = _caption_all(recipe, templates, shards, folder, pilot, connect, lease, stop, events)
            except StoppedError:
                left = left_to_do(recipe, shards, folder, pilot)
                raise stop.error(f"{len(left):,} of {shards_in_words(len(shards.files))} are left") from None
            finally:
                with suppress(StorageError):  # what ended the job is told; the next start clears it, too
                    flag.clear()
            found = concluded(folder, outcome, pilot)
            told = {name: getattr(outcome, name) for name in _TOLD}
            events.add("ended", **told, seconds=round(outcome.seconds, 3))
    if outcome.problem:
        raise UnfinishedError(outcome.problem)
    shards.require_all(lost_shards(folder, shards))
    if pilot is None:
        folder.sweep()
        judge(folder, recipe.max_reject_rate, found)
    return outcome


def _caption_all(
    recipe: Recipe,
    templates: Templates,
    shards: ShardList,
    folder: CaptionFolder,
    pilot: Pilot | None,
    connect: Connect,
    lease: Lease,
    stop: Stop,
    events: Events,
) -> Outcome:
    """The phases of the recipe, in one Ray session."""
    phases = [Phase.BOTH] if recipe.phases == "fused" else [Phase.DESCRIBE, Phase.INTEGRATE]
    unreadable: dict[str, str] = {}
    started, startup, new = time.monotonic(), 0.0, 0
    with ray_session(*room(recipe), pools(recipe)), stop.listening():
        events.add("ray_ready", seconds=round(time.monotonic() - started, 3))
        for phase in phases:
            progress = Progress()

            def left(phase: Phase = phase) -> list[ShardTask]:
                tasks = left_to_do(recipe, shards, folder, pilot, phase)
                return [task for task in tasks if task.shard not in unreadable]

            def graph(tasks: Sequence[ShardTask], phase: Phase = phase) -> Iterator[Row]:
                with Waiting(loading(recipe, phase)) as waiting:
                    for row in run_graph(recipe, templates, tasks, connect, phase):
                        waiting.over()
                        lease.check()
                        yield row
                stop.check()

            counted, problem = _passes(left, graph, progress, unreadable, events)
            new = max(new, counted)  # stage 2 is asked about the samples of stage 1
            startup += progress.startup
            rate = progress.rate()
            progress.end()
            if problem:
                break
    if unreadable and not problem:
        problem = (
            f"{len(unreadable)} of {len(shards.files)} shards could not be read, the others are done: "
            + "; ".join(sorted(unreadable.values())[:5])
        )
    seconds = time.monotonic() - started
    if len(phases) > 1:
        rate = progress.samples / max(seconds - startup, 1e-6)
    rate *= new / max(progress.samples, 1)  # samples that are taken over take almost no time
    done = progress.samples, new, progress.records, progress.not_ok
    return Outcome(*done, seconds, startup, rate, problem, progress.chunks)


def _passes(
    left: Callable[[], list[ShardTask]],
    graph: Callable[[Sequence[ShardTask]], Iterator[Row]],
    progress: Progress,
    unreadable: dict[str, str],
    events: Events,
) -> tuple[int, str]:
    """Pass over what is left until nothing is, or until two consecutive passes published nothing.

    Args:
        unreadable: is told of shards that cannot be read, with the reason.

    Returns:
        Samples that were worked on, and why work was left undone, if any was.
    """
    stalled, problem, new = 0, "", 0
    while stalled < _STALLED_PASSES:
        tasks = left()
        if not tasks:
            return new, ""
        before = progress.chunks
        progress.begin(len(tasks))
        events.add("pass", shards=len(tasks), chunks_done=progress.chunks)
        try:
            for row in graph(tasks):
                if row["fatal"] == STOPPED:
                    continue
                if row["fatal"]:
                    raise EngineError(row["fatal"])
                if row["unreadable"]:
                    unreadable[row["shard"]] = row["unreadable"]
                    progress.skip()
                    continue
                new += row["new"]
                progress.add(row["shard"], row["left"], row["samples"], row["records"], row["not_ok"])
            return new, ""
        except EngineError as error:
            events.add("pass_failed", reason=str(error), chunks_done=progress.chunks)
            problem = f"{_STALLED_PASSES} consecutive passes finished no chunk: {error}"
        stalled = 0 if progress.chunks > before else stalled + 1
    return new, problem
