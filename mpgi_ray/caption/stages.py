"""What the stages do with a chunk: describe it, merge it, publish it.

Every step looks first for what is already published and makes only what is missing: a task that runs
again (a lost object, a restarted replica, a second run) reads its part instead of asking a model twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from mpgi_ray.caption.chunks import ChunkWork
from mpgi_ray.caption.describe import Perspectives, refusal
from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.recipe import FactsConfig, Recipe
from mpgi_ray.data.caption import Caption, Stage, from_table, to_table
from mpgi_ray.data.caption_folder import CaptionFolder, StageParts
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.engines.base import Engine, EngineError
from mpgi_ray.errors import MpgiError
from mpgi_ray.rules import Facts

T = TypeVar("T")
Observe = Callable[[Sequence[Caption]], None]


class Describe:
    """Stage 1 of a chunk by one model: publishes its texts, passes text and facts on.

    Args:
        place: of the model in the recipe, from 0.
        at_once: images that are asked about at the same time, over all chunks.
        observe: is told of new records.
    """

    def __init__(self, recipe: Recipe, place: int, engine: Engine, at_once: int, observe: Observe) -> None:
        self.parts = CaptionFolder(recipe.output).stage1[place]
        self.first, self.last = place == 0, place == len(recipe.generate) - 1
        self.limits = recipe.facts
        self.stage = Perspectives(engine, recipe.generate[place], recipe.facts)
        self.slots = asyncio.Semaphore(at_once)
        self.observe = observe

    async def chunk(self, work: ChunkWork) -> ChunkWork:
        known = await asyncio.to_thread(_known, work, self.parts)
        missing = [entry for entry in work.entries if entry.index not in known]
        facts: dict[int, Facts] = {}

        async def describe(entry: Sample | Rejected) -> list[Caption]:
            if isinstance(entry, Rejected):
                return [refusal(work.chunk.shard, entry)]
            return await _guarded(self._describe(work, entry, facts), entry, work)

        made = await _each(missing, describe, self.slots)
        self.observe(made)
        rows = await asyncio.to_thread(_publish, work, known, made, self.parts)
        # a published part may hold more than a pilot asks for
        wanted = {entry.index for entry in work.entries}
        captions = [*work.perspectives, *(caption for caption in rows if caption.index in wanted)]
        described = {c.index for c in captions if c.stage == Stage.PERSPECTIVE.value}
        facts |= await asyncio.to_thread(_facts, work, described - facts.keys(), self.limits)
        # the next model is not asked about what this one could not look at
        going_on = () if self.last else [entry for entry in work.entries if entry.index in described]
        return replace(
            work,
            entries=going_on,
            pictures={} if self.last else work.pictures,
            perspectives=captions,
            facts={i: f for i, f in facts.items() if i in described},
            new=max(work.new, len(missing)),
        )

    async def _describe(self, work: ChunkWork, sample: Sample, facts: dict[int, Facts]) -> list[Caption]:
        """The records of a sample, whose facts are added to ``facts``."""
        try:
            picture = work.picture(sample.index) or decode(sample.image)
        except ImageError as error:
            refused = Rejected(sample.key, sample.index, error.reason, str(error), sample.sample_id)
            return [refusal(work.chunk.shard, refused)]
        # a model before this one may have had them gathered
        known = work.facts.get(sample.index) or facts_of(sample.annotation, picture, self.limits)
        rows = await self.stage.describe(work.chunk.shard, sample, known, picture)
        facts[sample.index] = known
        return rows


class Merge:
    """Stage 2 of a chunk: publishes its integrated texts, which makes the chunk done.

    Args:
        at_once: samples that are asked about at the same time, over all chunks.
        observe: is told of new records.
    """

    def __init__(self, recipe: Recipe, engine: Engine, at_once: int, observe: Observe) -> None:
        self.parts = CaptionFolder(recipe.output).stage2
        self.stage = Integration(engine, recipe.integrate)
        self.slots = asyncio.Semaphore(at_once)
        self.observe = observe

    async def chunk(self, work: ChunkWork) -> ChunkWork:
        """The chunk with the records of both stages; what only stage 2 had left to do is new, too."""
        known = await asyncio.to_thread(_known, work, self.parts)
        sources = _by_sample(work.perspectives)

        async def merge(index: int) -> list[Caption]:
            rows = sources[index]
            return await _guarded(self.stage.merge(rows, work.facts[index]), rows[0], work)

        missing = [index for index in work.facts if index not in known]
        made = await _each(missing, merge, self.slots)
        self.observe(made)
        published = await asyncio.to_thread(_publish, work, known, made, self.parts)
        rows = [*work.perspectives, *(caption for caption in published if caption.index in sources)]
        return replace(work, perspectives=rows, new=max(work.new, len(missing)))


def _facts(work: ChunkWork, described: Collection[int], limits: FactsConfig) -> dict[int, Facts]:
    """The facts of samples that stage 1 described in an earlier run."""
    return {
        entry.index: work.facts.get(entry.index)
        or facts_of(entry.annotation, work.picture(entry.index) or decode(entry.image), limits)
        for entry in work.entries
        if isinstance(entry, Sample) and entry.index in described
    }


def described_work(work: ChunkWork, recipe: Recipe) -> ChunkWork:
    """A chunk for stage 2 from what stage 1 published: its texts, and facts from the annotations."""
    wanted = {entry.index for entry in work.entries}
    rows = [
        caption
        for stage in CaptionFolder(recipe.output).stage1
        for group in _known(work, stage).values()
        for caption in group
        if caption.index in wanted
    ]
    described = {c.index for c in rows if c.stage == Stage.PERSPECTIVE.value}
    facts = _facts(work, described, recipe.facts)
    return replace(work, entries=(), pictures={}, perspectives=rows, facts=facts)


async def _guarded(
    made: Awaitable[list[Caption]], sample: Sample | Caption, work: ChunkWork
) -> list[Caption]:
    """The records of a sample, or its refusal: one unusual sample must not end the job."""
    try:
        return await made
    except (EngineError, MpgiError):
        raise
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        refused = Rejected(sample.key, sample.index, "rule_error", detail, sample.sample_id)
        return [refusal(work.chunk.shard, refused)]


async def _each(
    items: Sequence[T], work: Callable[[T], Awaitable[list[Caption]]], slots: asyncio.Semaphore
) -> list[Caption]:
    """All records, in the order of the items; the first exception ends the others."""

    async def one(item: T) -> list[Caption]:
        async with slots:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return [caption for task in tasks for caption in task.result()]


def _known(work: ChunkWork, parts: StageParts) -> dict[int, list[Caption]]:
    """Published records of the chunk by sample."""
    table = parts.read(work.chunk)
    return {} if table is None else _by_sample(from_table(table))


def _by_sample(captions: Iterable[Caption]) -> dict[int, list[Caption]]:
    groups: dict[int, list[Caption]] = {}
    for caption in captions:
        groups.setdefault(caption.index, []).append(caption)
    return groups


def _publish(
    work: ChunkWork, known: dict[int, list[Caption]], made: Sequence[Caption], parts: StageParts
) -> list[Caption]:
    """Publish known and new records together, unless they all are published; returns them."""
    target = parts.pilot if work.pilot else parts.full
    rows = sorted([*(c for group in known.values() for c in group), *made], key=lambda c: c.index)
    if made or not (parts.full.holds(work.chunk) or target.holds(work.chunk)):
        target.publish(work.chunk, to_table(rows), work.shard_sha256)
    return rows
