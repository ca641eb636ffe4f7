"""What one task of the caption job does with a chunk; `pipeline` spreads it over a cluster.

Every step looks first for what is already published and makes only what is missing: a task that runs
again (a lost object, a restarted actor, a second run) reads its part instead of asking a model twice.
"""

from __future__ import annotations

import asyncio
import pickle
import traceback
from collections.abc import Callable, Sequence

from mpgi_ray.data.caption import Caption, Stage, Status, from_table, to_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import Parts
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.engines.base import Engine, EngineError
from mpgi_ray.errors import MpgiError
from mpgi_ray.generate import Perspectives, refusal
from mpgi_ray.integrate import Integration
from mpgi_ray.prompts import load
from mpgi_ray.reading import WELL, ChunkWork, Row, settle
from mpgi_ray.recipe import FactsConfig, Recipe, TemplateEngineConfig
from mpgi_ray.rules import Facts, gather

Connect = Callable[[TemplateEngineConfig], Engine]


class GenerateChunk:
    """Stage 1 of a chunk: publishes its perspectives, passes text and facts on."""

    def __init__(self, recipe: Recipe, connect: Connect) -> None:
        folder = CaptionFolder(recipe.output)
        self.full, self.pilot = folder.perspectives, folder.pilot_perspectives
        self.limits: FactsConfig = recipe.facts
        engine = connect(recipe.generate.engine)
        self.stage = Perspectives(engine, [load(name) for name in recipe.generate.perspectives])
        settle()

    async def __call__(self, row: Row) -> Row:
        if row["unreadable"]:
            return row
        try:
            return await self._chunk(pickle.loads(row["work"]))
        except Exception as error:
            return row | {"fatal": _told(error), "work": b""}

    async def _chunk(self, work: ChunkWork) -> Row:
        known = await asyncio.to_thread(_known, work, self.full, self.pilot)
        facts = {e.index: self._facts(e) for e in work.entries if isinstance(e, Sample)}
        missing = [entry for entry in work.entries if entry.index not in known]
        made: list[Caption] = []
        for entry in missing:
            made += await self._describe(work.chunk.shard, entry, facts.get(entry.index))
        rows = await asyncio.to_thread(_publish, work, known, made, self.full, self.pilot)
        wanted = {
            entry.index for entry in work.entries
        }  # a published part may hold more than a pilot asks for
        captions = [caption for caption in rows if caption.index in wanted]
        readable = {c.index for c in captions if c.stage == Stage.PERSPECTIVE.value}
        usable = {i: f for i, f in facts.items() if i in readable and isinstance(f, Facts)}
        return ChunkWork(
            work.chunk,
            (),
            work.left,
            work.shard_sha256,
            work.pilot,
            captions,
            usable,
            new=len(missing),
        ).row()

    async def _describe(
        self, shard: str, entry: Sample | Rejected, facts: Facts | Exception | None
    ) -> list[Caption]:
        if isinstance(entry, Rejected):
            return [refusal(shard, entry)]
        try:
            if not isinstance(facts, Facts):
                raise facts or AssertionError("a sample has facts")
            return await self.stage.describe(shard, entry, facts)
        except (EngineError, MpgiError):
            raise
        except Exception as error:  # an annotation like no other must not end the job
            detail = f"{type(error).__name__}: {error}"
            return [refusal(shard, Rejected(entry.key, entry.index, "rule_error", detail, entry.sample_id))]

    def _facts(self, sample: Sample) -> Facts | Exception:
        try:
            return gather(sample.annotation, view_px=self.limits.view_px, min_px=self.limits.min_px)
        except Exception as error:
            return error


class IntegrateChunk:
    """Stage 2 of a chunk: publishes its integrated texts, which makes the chunk done; returns its counts."""

    def __init__(self, recipe: Recipe, connect: Connect) -> None:
        folder = CaptionFolder(recipe.output)
        self.full, self.pilot = folder.integrated, folder.pilot_integrated
        engine = connect(recipe.integrate.engine)
        self.stage = Integration(engine, [load(name) for name in recipe.integrate.texts])
        settle()

    async def __call__(self, row: Row) -> Row:
        if row["unreadable"] or row["fatal"]:
            return _counts(row)
        try:
            return await self._chunk(pickle.loads(row["work"]))
        except Exception as error:
            return _counts(row | {"fatal": _told(error)})

    async def _chunk(self, work: ChunkWork) -> Row:
        known = await asyncio.to_thread(_known, work, self.full, self.pilot)
        sources = _by_sample(work.perspectives)
        made: list[Caption] = []
        for index, facts in (work.facts or {}).items():
            if index not in known:
                made += await self.stage.merge(sources[index], facts)
        published = await asyncio.to_thread(_publish, work, known, made, self.full, self.pilot)
        wanted = {caption.index for caption in work.perspectives}
        rows = [*work.perspectives, *(caption for caption in published if caption.index in wanted)]
        return _counts(
            {"shard": work.chunk.shard, **WELL},
            samples=len({c.index for c in rows}),
            new=work.new,
            records=len(rows),
            not_ok=sum(c.status != Status.OK.value for c in rows),
            left=work.left,
        )


def _counts(row: Row, **counts: int) -> Row:
    names = ("samples", "new", "records", "not_ok", "left")
    told = {key: row[key] for key in ("shard", *WELL)}
    return told | {name: counts.get(name, 0) for name in names}


def _told(error: Exception) -> str:
    """What went wrong, in one line for trouble that is known of, with its traceback for a defect."""
    if isinstance(error, MpgiError | EngineError):
        return str(error)
    return "".join(traceback.format_exception(error))


def _known(work: ChunkWork, full: Parts, pilot: Parts) -> dict[int, list[Caption]]:
    """Published records of the chunk by sample: the full part's, or else what a pilot left."""
    for parts in (full, pilot):
        if parts.holds(work.chunk):
            return _by_sample(from_table(parts.read(work.chunk)))
    return {}


def _by_sample(captions: Sequence[Caption]) -> dict[int, list[Caption]]:
    groups: dict[int, list[Caption]] = {}
    for caption in captions:
        groups.setdefault(caption.index, []).append(caption)
    return groups


def _publish(
    work: ChunkWork, known: dict[int, list[Caption]], made: Sequence[Caption], full: Parts, pilot: Parts
) -> list[Caption]:
    """Publish known and new records together, unless they all are published; returns them."""
    target = pilot if work.pilot else full
    rows = sorted([*(c for group in known.values() for c in group), *made], key=lambda c: c.index)
    if made or not (full.holds(work.chunk) or target.holds(work.chunk)):
        target.publish(work.chunk, to_table(rows), work.shard_sha256)
    return rows
