"""How much of what a run would ask is answered by an earlier run, counted on the samples of a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from mpgi_ray.asking.attempts import Unanswered
from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.plan.stock import Subject
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.reuse import Answers, earlier_stage1, earlier_stage2
from mpgi_ray.caption.templates import Templates
from mpgi_ray.data.caption import Caption
from mpgi_ray.engines.base import EngineError, Prompt, Reply


@dataclass(frozen=True, slots=True)
class Reused:
    """Questions about the samples of a plan, and how many of them are answered."""

    questions: int
    answered: int


class _Silent:
    """Stands for the engine that gave some answers, and counts what it is asked.

    Args:
        model: as in the recipe; empty for the embedded engine.
    """

    def __init__(self, answers: Answers, model: str) -> None:
        author = next((rows[0] for rows in answers), None)
        self.kind, self.model, self.revision = (
            (author.engine, author.model, author.revision) if author else ("", model, "")
        )
        self.trusted = not model
        self.asked = 0

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        self.asked += len(prompts)
        raise EngineError("a plan asks nobody")

    def close(self) -> None:
        pass


def reused(recipe: Recipe, templates: Templates, subjects: Sequence[Subject]) -> Reused | None:
    """Count the questions about some samples; None if the recipe reuses no run.

    Raises:
        InputError, RecipeError: ``reuse`` is not a caption folder that this version can read.
    """
    if recipe.reuse is None:
        return None
    return asyncio.run(_reused(recipe, templates, subjects))


async def _reused(recipe: Recipe, templates: Templates, subjects: Sequence[Subject]) -> Reused:
    blocks = [
        (block, templates.stage1[place], earlier_stage1(recipe, place))
        for place, block in enumerate(recipe.generate)
    ]
    merger, before = recipe.merger or recipe.generate[0].engine, earlier_stage2(recipe)
    questions = asked = 0
    for subject in subjects:
        shard, sample = subject.chunk.shard, subject.sample
        texts: list[Caption] = []
        open_ = 0
        for block, asked_of, earlier in blocks:
            known = earlier.of(shard, [sample.index]).get(sample.index, ())
            engine = _Silent(known, block.engine.model)
            stage = Perspectives(engine, block, recipe.facts, asked_of)
            texts += await _taken(
                stage.describe(shard, sample, subject.facts, subject.picture, earlier=known)
            )
            questions, open_ = questions + len(stage.names), open_ + engine.asked
        if open_:  # what is integrated is not known yet
            open_ += 1
        else:
            known = before.of(shard, [sample.index]).get(sample.index, ())
            engine = _Silent(known, merger.model)
            stage2 = Integration(engine, recipe.integrate, recipe.facts, templates.stage2)
            await _taken(stage2.merge(texts, subject.facts, known))
            open_ = engine.asked
        questions, asked = questions + 1, asked + open_
    return Reused(questions, questions - asked)


async def _taken(made: Awaitable[list[Caption]]) -> list[Caption]:
    """The records that an earlier run gives."""
    try:
        return await made
    except Unanswered as silence:
        return silence.records
