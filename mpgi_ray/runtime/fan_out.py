"""One task for each of many inputs, on the cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import ray

from mpgi_ray.errors import MpgiError, UnfinishedError
from mpgi_ray.runtime.stopping import Stop

T = TypeVar("T")
_AHEAD = 2  # tasks at a time at least, so that a small cluster is never idle between two of them


def fan_out(
    task: Callable[..., T],
    calls: Iterable[tuple[object, ...]],
    *,
    stop: Stop | None = None,
    check: Callable[[], None] = lambda: None,
) -> list[T]:
    """The results of a function for each tuple of arguments, in the order of the calls.

    As many tasks are under way at a time as the cluster has CPUs: the arguments of a million calls are not
    all held at once.

    Args:
        stop: when it was asked for, no further call is made and those under way are waited for.
        check: called again and again; what it raises ends the work.

    Raises:
        StoppedError: the process was asked to stop.
        UnfinishedError: the cluster lost the node or the worker of a task, again and again.
        MpgiError: what the function raised, as it raised it, without a worker's traceback.
    """
    try:
        results = _results(task, calls, stop, check)
    except ray.exceptions.RayTaskError as error:
        raise (error.cause if isinstance(error.cause, MpgiError) else error) from None
    except ray.exceptions.RayError as error:
        reason = str(error).partition("\n")[0]
        raise UnfinishedError(f"the cluster lost a task: {reason} The same command goes on") from error
    if stop:
        stop.check()
    return results


def _results(
    task: Callable[..., T], calls: Iterable[tuple[object, ...]], stop: Stop | None, check: Callable[[], None]
) -> list[T]:
    remote = ray.remote(num_cpus=1)(lambda *call: task(*call))
    at_once = max(_AHEAD, int(ray.cluster_resources().get("CPU", _AHEAD)))
    results: dict[int, T] = {}
    running: dict[ray.ObjectRef, int] = {}
    for number, call in enumerate(calls):
        if len(running) >= at_once:
            _collect(running, results)
        check()
        if stop:
            break
        running[remote.remote(*call)] = number
    while running:
        _collect(running, results)
        check()
    return [results[number] for number in sorted(results)]


def _collect(running: dict[ray.ObjectRef, int], results: dict[int, T]) -> None:
    """Move the tasks that have finished, one at least, from ``running`` to ``results``."""
    finished, _ = ray.wait(list(running), num_returns=1)
    for reference in finished:
        results[running.pop(reference)] = ray.get(reference)
