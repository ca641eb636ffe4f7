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


class Slots(asyncio.Semaphore):
    """Places for the images of all chunks of a replica; who has one keeps it for image after image."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


async def each(
    items: Sequence[T],
    work: Callable[[T], Awaitable[list[Caption]]],
    slots: Slots,
    stop: StopFlag,
) -> tuple[list[Caption], EngineError | MpgiError | None]:
    """All records, in the order of the items, and the trouble that ended the work early, if any did.

    After trouble, or when the run is stopped, no further item is begun; those under way have a while to end
    by themselves, because what they are answered was worked for.
    """
    made: list[list[Caption]] = [[] for _ in items]
    left = enumerate(items)
    troubles: list[EngineError | MpgiError] = []

    async def serve() -> None:
        """Work on what is left in one slot: a task for each image would cost as much as its records."""
        async with slots:
            for place, item in left:
                if stop.is_old:
                    await asyncio.to_thread(stop.is_set)
                if not troubles and stop.is_set():
                    troubles.append(Stopping())
                if troubles:
                    return
                try:
                    made[place] = await work(item)
                except (EngineError, MpgiError) as error:
                    troubles.append(error)
                    made[place] = error.records if isinstance(error, Unanswered) else []
                await asyncio.sleep(0)  # embedded engines never wait: other chunks have their turn here

    servers = [asyncio.create_task(serve()) for _ in range(min(slots.count, len(items)))]
    under_way = set(servers)
    try:
        while under_way and not troubles:
            ended, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for server in ended:
                server.result()
        if under_way:
            ends_by_itself = isinstance(troubles[0], Stopping)  # or its process is ended by the driver
            ended, _ = await asyncio.wait(under_way, timeout=None if ends_by_itself else _LAST_ANSWERS)
            for server in ended:
                server.result()
    finally:
        for server in servers:
            server.cancel()
    return [caption for captions in made for caption in captions], troubles[0] if troubles else None
