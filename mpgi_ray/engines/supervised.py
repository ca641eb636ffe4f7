"""An engine that is started again when its process dies, with a search for the image that kills it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from mpgi_ray.engines.base import Engine, EngineDied, EngineError, Fault, Prompt, Reply

MAX_DEATHS = 5  # consecutive deaths without an answer in between: then the engine itself is tested


class Supervised:
    """Wraps an engine's start. Calls that were in flight when it died are asked again, one image at a time.

    An image that kills the engine when it is alone in it is set aside: its replies carry the error
    ``engine_death``. So an image costs two deaths at most, and the others lose only time.

    Many consecutive deaths may come from the images or from the engine. An engine that dies even of prompts
    that were answered before is given up.
    """

    def __init__(self, start: Callable[[], Engine]) -> None:
        self._start = start
        self._engine = start()
        self.kind = self._engine.kind
        self.model = self._engine.model
        self.revision = self._engine.revision
        self.trusted = self._engine.trusted
        self._dead = False
        self._deaths = 0  # since the last answer
        self._harmless: Sequence[Prompt] = ()  # the last prompts that were answered
        self._inside = 0  # calls in flight
        self._suspects = 0  # calls that wait to be alone, or are
        self._turn = asyncio.Condition()

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """One reply for each prompt, in order.

        Raises:
            EngineError: the engine died five consecutive times and of what it answered before, or cannot be
                started again.
        """
        async with self._turn:
            await self._turn.wait_for(lambda: not self._suspects)
            await self._alive()
            self._inside += 1
        try:
            return await self._ask(prompts)
        except EngineDied:
            self._suspects += 1
        finally:
            self._inside -= 1  # before anything that a cancellation could interrupt
            await self._wake()
        try:
            return await self._alone(prompts)
        finally:
            self._suspects -= 1
            await self._wake()

    async def _alone(self, prompts: Sequence[Prompt]) -> list[Reply]:
        async with self._turn:  # held to the end: no other call enters
            try:
                await self._turn.wait_for(lambda: not self._inside)
                await self._alive()
                return await self._ask(prompts)
            except EngineDied as error:
                gone = f"the engine died twice on this image, the second time alone: {error}"
                return [Reply("", finish_reason="", fault=Fault("engine_death", gone))] * len(prompts)

    async def _wake(self) -> None:
        async with self._turn:
            self._turn.notify_all()

    async def _ask(self, prompts: Sequence[Prompt]) -> list[Reply]:
        try:
            replies = await self._engine.reply(prompts)
        except EngineDied:
            self._deaths += not self._dead
            self._dead = True
            raise
        if any(not reply.fault for reply in replies):  # a refusal may come without the engine's process
            self._deaths, self._harmless = 0, prompts
        return replies

    async def _alive(self) -> None:
        if not self._dead:
            return
        if self._deaths < MAX_DEATHS:
            await self._restart()
        elif not await self._proved():
            raise EngineError(f"{self.model} died {self._deaths} times without an answer in between")

    async def _proved(self) -> bool:
        """Whether a new engine answers what another one has answered; without any such answer, it cannot."""
        if not self._harmless:
            return False
        await self._restart()
        try:
            await self._ask(self._harmless)
        except EngineDied:
            self._harmless = ()  # so that calls that still wait do not start it again
            return False
        return True

    async def _restart(self) -> None:
        await asyncio.to_thread(self._engine.close)
        self._engine = await asyncio.to_thread(self._start)
        self._dead = False

    def close(self) -> None:
        """Release what the engine holds."""
        self._engine.close()
