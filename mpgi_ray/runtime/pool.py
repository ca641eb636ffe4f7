"""A pool of actors that take call after call: each opens once what it needs, a model say.

It is for work whose results the calls publish, so that a listing tells what is left: when the cluster lost
an actor for good, the pool is started again over what is left, for as long as that makes progress.
"""

from __future__ import annotations

import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import ray

from mpgi_ray.data.stop_flag import Stopping
from mpgi_ray.errors import MpgiError, UnfinishedError
from mpgi_ray.runtime.blocks import one_row_blocks
from mpgi_ray.runtime.ready import ready_actors
from mpgi_ray.runtime.room import Pool
from mpgi_ray.runtime.stopping import Stop
from mpgi_ray.runtime.waiting import Waiting

C = TypeVar("C")
T = TypeVar("T")
_STALLED_PASSES = 2
_AHEAD = 2  # calls that an actor holds, so that it does not wait for the driver between two


def pooled(
    opened: Callable[[], Callable[[C], T]],
    left: Callable[[], Sequence[C]],
    pool: Pool,
    *,
    stop: Stop,
    check: Callable[[], None] = lambda: None,
) -> Iterator[T]:
    """The results of a function for each call that is left, as they come.

    Args:
        opened: makes the function, in each actor once. One that raises `Stopping` was asked to begin
            nothing more, and has no result; calls that have begun are finished.
        pool: its actors; as many threads may compute in one as it holds CPUs, as Ray sets
            ``OMP_NUM_THREADS`` to that if nobody did.
        left: the calls whose results are not published; asked again when actors were lost.
        check: called again and again; what it raises ends the work.

    Raises:
        StoppedError: the process was asked to stop.
        UnfinishedError: in two passes in a row the cluster lost actors and finished no call; or the actors
            were asked to stop, and not by this process.
        Exception: what the function, or making it, raised, as it raised it, and without a worker's
            traceback; an exception that is a defect carries that as a note.
    """
    stalled, calls = 0, left()
    while calls:
        finished = 0
        try:
            for result in _pass(opened, calls, pool):
                check()
                finished += 1
                yield result
            stop.check()
            return
        except Stopping as error:
            stop.check()
            raise UnfinishedError(
                "another process asked the workers of this one to stop, one that had the folder before, "
                "maybe: run the same command again, which goes on"
            ) from error
        except ray.exceptions.RayError as error:
            stop.check()
            stalled = 0 if finished else stalled + 1
            if stalled == _STALLED_PASSES:
                reason = str(error).partition("\n")[0]
                raise UnfinishedError(
                    f"{_STALLED_PASSES} passes in a row finished nothing, as the cluster lost their workers: "
                    f"{reason} The same command goes on"
                ) from error
        calls = left()


def _pass(opened: Callable[[], Callable[[C], T]], calls: Sequence[C], pool: Pool) -> Iterator[T]:
    context = one_row_blocks()  # a call is a row is a task
    context.execution_no_progress_timeout_s = -1  # a call may take hours
    context.max_consecutive_actor_init_deaths = 2
    context.memory_usage_poll_interval_s = None  # reads every memory page of an actor once a second
    items = [{"call": pickle.dumps(call)} for call in calls]
    rows = ray.data.from_items(items, override_num_blocks=len(calls))
    size = min(pool.count, len(calls))
    with warnings.catch_warnings():
        # Ray 2.60 wants named arguments, and has none for restarts
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        results = rows.map(
            _Actor,
            fn_constructor_args=(opened,),
            compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=_AHEAD),
            num_cpus=pool.cpus,
            num_gpus=pool.gpus,
            # few restarts, so that a call that kills its actor ends the pass; retries without bound, because
            # every call to a dying node counts as one
            max_restarts=3,
            max_task_retries=-1,
        )
    stopping: Stopping | None = None
    with Waiting(partial(_opening, pool.what, size, ready_actors(_Actor.__name__))) as waiting:
        for row in results.iter_rows():
            waiting.over()
            if not row["error"]:
                yield pickle.loads(row["result"])
                continue
            error = pickle.loads(row["error"])
            if not isinstance(error, Stopping):
                raise error
            stopping = error
    if stopping is not None:
        raise stopping


def _opening(name: str, size: int, count: Callable[[], int | None]) -> str:
    ready = count()
    if ready is not None and ready >= size:
        return "the first result"
    return f"each {name} to load what it needs{'' if ready is None else f' ({ready:,} of {size:,} ready)'}"


class _Actor:
    """Errors leave as rows, because an exception in a task of Ray Data ends the job without its message."""

    def __init__(self, opened: Callable[[], Callable[[Any], Any]]) -> None:
        self._problem: Exception | None = None
        try:
            self._call = opened()
        except Exception as error:  # out of a constructor it would reach the driver as a dead actor
            self._problem = error

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            if self._problem is not None:
                raise self._problem
            return {"result": pickle.dumps(self._call(pickle.loads(row["call"]))), "error": b""}
        except Exception as error:
            return {"result": b"", "error": _pickled(error)}


def _pickled(error: Exception) -> bytes:
    told = "".join(traceback.format_exception(error))
    if not isinstance(error, MpgiError | ImportError):
        error.add_note(told)
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:  # some exceptions cannot be sent
        return pickle.dumps(RuntimeError(told))
    return data
