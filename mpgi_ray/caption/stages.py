"""What the stages do with a chunk: describe it, merge it, publish it.

Every step looks first for what is already published and makes only what is missing: a task that runs
again (a lost object, a restarted replica, a second run) reads its part instead of asking a model twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from mpgi_ray.caption.at_once import Slots, each
from mpgi_ray.caption.best_of import Chooser
from mpgi_ray.caption.chunks import ChunkWork
from mpgi_ray.caption.describe import Perspectives, refusal
from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.published import answered, by_sample, changed, known_of, publish
from mpgi_ray.caption.recipe import FactsConfig, Recipe
from mpgi_ray.caption.reuse import Answers, earlier_stage1, earlier_stage2
from mpgi_ray.caption.templates import Templates
from mpgi_ray.data.caption import BESIDE, Caption, Stage, digest
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.stop_flag import StopFlag
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

    def __init__(
        self,
        recipe: Recipe,
        templates: Templates,
        place: int,
        engine: Engine,
        at_once: int,
        observe: Observe,
    ) -> None:
        folder = CaptionFolder(recipe.output)
        self.parts, self.stop = folder.stage1[place], StopFlag(folder.storage)
        self.first, self.last = place == 0, place == len(recipe.generate) - 1
        self.limits = recipe.facts
        block = recipe.generate[place]
        chooser = Chooser.load(block.scorer) if block.best_of > 1 else None
        self.stage = Perspectives(engine, block, recipe.facts, templates.stage1[place], chooser)
        self.slots = Slots(at_once)
        self.observe = observe
        self.earlier = earlier_stage1(recipe, place)

    async def chunk(self, work: ChunkWork) -> ChunkWork:
        """The chunk with the records of stage 1.

        Raises:
            EngineError, MpgiError: the engine is in trouble; what it answered is published all the same.
        """
        known = await asyncio.to_thread(known_of, work, self.parts)
        wanted = {entry.index: self._unanswered(known.get(entry.index, ())) for entry in work.entries}
        missing = [entry for entry in work.entries if wanted[entry.index]]
        facts: dict[int, Facts] = {}
        earlier = await asyncio.to_thread(self.earlier.of, work.chunk.shard, [e.index for e in missing])

        async def describe(entry: Sample | Rejected) -> list[Caption]:
            if isinstance(entry, Rejected):
                return [refusal(work.chunk.shard, entry)]
            before = earlier.get(entry.index, ())
            return await _guarded(
                self._describe(work, entry, facts, wanted[entry.index], before), entry, work
            )

        made, trouble = await each(missing, describe, self.slots, self.stop)
        made = answered(made) if trouble else made
        new = _asked(made, earlier)
        self.observe(new)
        rows = await asyncio.to_thread(publish, work, self.parts, known, made, None, trouble is None)
        if trouble:
            raise trouble
        # a published part may hold more than a pilot asks for
        captions = [*work.perspectives, *(c for index in sorted(wanted) for c in rows.get(index, ()))]
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
            new=max(work.new, len({c.index for c in new})),
        )

    def _unanswered(self, rows: Sequence[Caption]) -> frozenset[str]:
        """The perspectives of which a sample's records hold no final one."""
        if any(row.stage == Stage.INPUT.value for row in rows):
            return frozenset()
        answered = {row.perspective for row in rows if row.status not in BESIDE}
        return frozenset(self.stage.names) - answered

    async def _describe(
        self,
        work: ChunkWork,
        sample: Sample,
        facts: dict[int, Facts],
        wanted: Collection[str],
        earlier: Answers,
    ) -> list[Caption]:
        """The records of a sample, whose facts are added to ``facts``."""
        try:
            picture = work.picture(sample.index) or decode(sample.image)
        except ImageError as error:
            refused = Rejected(sample.key, sample.index, error.reason, str(error), sample.sample_id)
            return [refusal(work.chunk.shard, refused)]
        # a model before this one may have had them gathered
        known = work.facts.get(sample.index) or facts_of(sample.annotation, picture, self.limits)
        rows = await self.stage.describe(work.chunk.shard, sample, known, picture, wanted, earlier)
        facts[sample.index] = known
        return rows


class Merge:
    """Stage 2 of a chunk: publishes its integrated texts, which makes the chunk done.

    Args:
        at_once: samples that are asked about at the same time, over all chunks.
        observe: is told of new records.
    """

    def __init__(
        self, recipe: Recipe, templates: Templates, engine: Engine, at_once: int, observe: Observe
    ) -> None:
        folder = CaptionFolder(recipe.output)
        self.parts, self.stop = folder.stage2, StopFlag(folder.storage)
        self.stage = Integration(engine, recipe.integrate, recipe.facts, templates.stage2)
        self.slots = Slots(at_once)
        self.observe = observe
        self.earlier = earlier_stage2(recipe)

    async def chunk(self, work: ChunkWork) -> ChunkWork:
        """The chunk with the records of both stages; what only stage 2 had left to do is new, too.

        Texts that were made from others than those that are published are made again.

        Raises:
            EngineError, MpgiError: the engine is in trouble; what it answered is published all the same.
        """
        sources = by_sample(work.perspectives)
        told = {index: digest(sources[index]) for index in work.facts}
        known = await asyncio.to_thread(known_of, work, self.parts, told)

        async def merge(index: int) -> list[Caption]:
            rows = sources[index]
            merged = self.stage.merge(rows, work.facts[index], earlier.get(index, ()))
            return await _guarded(merged, rows[0], work)

        missing = [index for index in work.facts if index not in known]
        earlier = await asyncio.to_thread(self.earlier.of, work.chunk.shard, missing)
        made, trouble = await each(missing, merge, self.slots, self.stop)
        made = answered(made) if trouble else made
        new = _asked(made, earlier)
        self.observe(new)
        published = await asyncio.to_thread(publish, work, self.parts, known, made, told, trouble is None)
        if trouble:
            raise trouble
        rows = [*work.perspectives, *(c for index in sorted(sources) for c in published.get(index, ()))]
        return replace(work, perspectives=rows, new=max(work.new, len({c.index for c in new})))


def _asked(made: Sequence[Caption], earlier: Mapping[int, Answers]) -> list[Caption]:
    """The records that were not taken over."""
    taken = {row.caption_id for answers in earlier.values() for rows in answers for row in rows}
    return [caption for caption in made if caption.caption_id not in taken]


def _facts(work: ChunkWork, described: Collection[int], limits: FactsConfig) -> dict[int, Facts]:
    """The facts of samples that stage 1 described in an earlier run."""
    return {
        entry.index: work.facts.get(entry.index)
        or facts_of(entry.annotation, work.picture(entry.index) or decode(entry.image), limits)
        for entry in work.entries
        if isinstance(entry, Sample) and entry.index in described
    }


def described_work(work: ChunkWork, recipe: Recipe) -> ChunkWork:
    """A chunk for stage 2 from what stage 1 published: its texts, and facts from the annotations.

    Raises:
        InputError: nothing is published of this chunk: the shard is not the one that stage 1 was shown.
    """
    wanted = {entry.index for entry in work.entries}
    rows = []
    for stage in CaptionFolder(recipe.output).stage1:
        if not (stage.full.holds(work.chunk) or stage.pilot.holds(work.chunk)):
            raise changed(work)
        known = known_of(work, stage)
        rows += [caption for index in sorted(wanted) for caption in known.get(index, ())]
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
