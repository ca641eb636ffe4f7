"""The actors of the caption job: each holds an engine, checks it once, and works on chunks.

Errors leave as rows, because an exception in a Ray Data task reaches the driver without its message.
"""

from __future__ import annotations

import asyncio
import pickle
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from mpgi_ray.caption.chunks import ChunkWork, Row, settle, told
from mpgi_ray.caption.observed import Occupied, observed, started
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.stages import Describe, Merge
from mpgi_ray.caption.templates import Templates
from mpgi_ray.engines.base import Engine, EngineError
from mpgi_ray.engines.connect import check_json, check_picture, check_text
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.supervised import Supervised
from mpgi_ray.errors import MpgiError

Connect = Callable[[EngineSettings], Engine]


class _Replica(ABC):
    """An engine, which is tested before the first sample, and what to do with a chunk.

    Attributes:
        stage: what it does, in metrics.
    """

    recipe: Recipe
    templates: Templates
    stage: ClassVar[str]

    def __init__(self, connect: Connect, settings: EngineSettings) -> None:
        self.at_once = settings.images_in_flight
        self._check = asyncio.Lock()
        self._problem = ""
        try:
            self.engine = Supervised(partial(started, partial(connect, settings), self.stage))
            self._unchecked = not self.engine.trusted
            self.prepare()
        except Exception as error:  # out of a constructor it would reach the driver as a dead actor
            self._problem = _line(error)
        settle()
        self._occupied = Occupied(self.stage)

    async def __call__(self, row: Row) -> Row:
        if row["unreadable"] or row["fatal"]:
            return self.pass_on(row)
        try:
            async with self._check:
                if not self._problem and self._unchecked:
                    await self.prove()
                    self._unchecked = False
            if not self._problem:
                with self._occupied.chunk():
                    return await self.do(pickle.loads(row.pop("work")))
            problem = self._problem
        except Exception as error:
            problem = _line(error)
        return self.pass_on(row | {"fatal": problem, "work": b""})

    @abstractmethod
    def prepare(self) -> None:
        """Make the stages that use the engine."""

    @abstractmethod
    async def prove(self) -> None:
        """Send the engine requests as its stages will: settings that it refuses would fail every sample.

        Raises:
            EngineError, RecipeError: it does not take them.
        """

    @abstractmethod
    async def do(self, work: ChunkWork) -> Row:
        """Work on a chunk."""

    def pass_on(self, row: Row) -> Row:
        """What is returned for a row that reports an error."""
        return told(row)


class DescribeReplica(_Replica):
    """One model of stage 1; the last one of a run that stops after stage 1 tells the driver its counts."""

    stage = "perspective"

    def __init__(
        self, recipe: Recipe, templates: Templates, connect: Connect, place: int, ends: bool
    ) -> None:
        self.recipe, self.templates, self.place, self.ends = recipe, templates, place, ends
        super().__init__(connect, recipe.generate[place].engine)

    def prepare(self) -> None:
        observe = observed("perspective")
        self.describe = Describe(self.recipe, self.templates, self.place, self.engine, self.at_once, observe)

    async def prove(self) -> None:
        await _check_describe(self.describe, self.recipe, self.place)

    async def do(self, work: ChunkWork) -> Row:
        done = await self.describe.chunk(work)
        return done.counts(done.perspectives) if self.ends else done.row()

    def pass_on(self, row: Row) -> Row:
        return told(row) if self.ends else row


class MergeReplica(_Replica):
    """Stage 2."""

    stage = "integrated"

    def __init__(self, recipe: Recipe, templates: Templates, connect: Connect) -> None:
        self.recipe, self.templates = recipe, templates
        assert recipe.merger is not None
        super().__init__(connect, recipe.merger)

    def prepare(self) -> None:
        observe = observed("integrated")
        self.merge = Merge(self.recipe, self.templates, self.engine, self.at_once, observe)

    async def prove(self) -> None:
        await _check_merge(self.merge, self.recipe)

    async def do(self, work: ChunkWork) -> Row:
        done = await self.merge.chunk(work)
        return done.counts(done.perspectives)


class BothReplica(_Replica):
    """One model that serves both stages."""

    stage = "both"

    def __init__(self, recipe: Recipe, templates: Templates, connect: Connect) -> None:
        self.recipe, self.templates = recipe, templates
        super().__init__(connect, recipe.generate[0].engine)

    def prepare(self) -> None:
        observe = observed("perspective")
        self.describe = Describe(self.recipe, self.templates, 0, self.engine, self.at_once, observe)
        observe = observed("integrated")
        self.merge = Merge(self.recipe, self.templates, self.engine, self.at_once, observe)

    async def prove(self) -> None:
        await _check_describe(self.describe, self.recipe, 0)
        await _check_merge(self.merge, self.recipe)

    async def do(self, work: ChunkWork) -> Row:
        done = await self.merge.chunk(await self.describe.chunk(work))
        return done.counts(done.perspectives)


async def _check_describe(describe: Describe, recipe: Recipe, place: int) -> None:
    stage, sampling = describe.stage, recipe.generate[place].sampling
    if shown := [template.name for template in stage.templates if template.picture]:
        await check_picture(stage.engine, sampling, shown)
    else:
        await check_text(stage.engine, sampling)


async def _check_merge(merge: Merge, recipe: Recipe) -> None:
    await check_json(merge.stage.engine, recipe.integrate.sampling, merge.stage.template.schema or {})


def _line(error: Exception) -> str:
    """What went wrong: one line for an expected error, with the traceback for a defect."""
    if isinstance(error, MpgiError | EngineError):
        return str(error)
    return "".join(traceback.format_exception(error))
