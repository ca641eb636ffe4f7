"""Many images at a time, until all are done, or the engine is in trouble, or the run is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from mpgi_ray.asking.attempts import Unanswered
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.stop_flag import StopFlag, Stopping
from mpgi_ray.engines.base import EngineError
from mpgi_ray.errors import MpgiError

_LAST_ANSWERS = 30.0  # seconds for what is under way when an engine gets into trouble
T = TypeVar("T")


async def each(
    items: Sequence[T],
    work: Callable[[T], Awaitable[list[Caption]]],
    slots: asyncio.Semaphore,
    stop: StopFlag,
) -> tuple[list[Caption], EngineError | MpgiError | None]:
    """All records, in the order of the items, and the trouble that ended the work early, if any did.

    After trouble, or when the run is stopped, no further item is begun; those under way have a while to end
    by themselves, because what they are answered was worked for.
    """
    troubles: list[EngineError | MpgiError] = []

    async def one(item: T) -> list[Caption]:
        async with slots:
            if stop.is_old:
                await asyncio.to_thread(stop.is_set)
            if not troubles and stop.is_set():
                troubles.append(Stopping())
            if troubles:
                return []
            try:
                return await work(item)
            except (EngineError, MpgiError) as error:
                troubles.append(error)
                return error.records if isinstance(error, Unanswered) else []

    tasks = [asyncio.create_task(one(item)) for item in items]
    try:
        for ended in asyncio.as_completed(tasks):
            await ended
            if troubles:
                break
        if troubles:
            ends_by_itself = isinstance(troubles[0], Stopping)  # or its process is ended by the driver
            await asyncio.wait(tasks, timeout=None if ends_by_itself else _LAST_ANSWERS)
        made = [caption for task in tasks if task.done() for caption in task.result()]
    finally:
        for task in tasks:
            task.cancel()
    return made, troubles[0] if troubles else None
