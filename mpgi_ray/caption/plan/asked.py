"""Every prompt of a sample as its model will get it, before any model is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.compute as pc

from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.plan.stock import Subject
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.templates import Templates
from mpgi_ray.data.caption import Caption, Stage, Status, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Prompt
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.prompts import PromptTemplate

_TOKENS_PER_WORD = 4 / 3  # of English prose, in the usual tokenizers


@dataclass(frozen=True, slots=True)
class Asked:
    """The prompts of one sample to one model.

    Attributes:
        place: of the model in stage 1, from 0; None for stage 2.
        model: its name; empty for the embedded engine.
        templates: of the prompts, in their order.
        assumed: placeholders in the prompts' texts, for texts that stage 1 has not written yet, and about
            how many tokens these will have.
    """

    place: int | None
    model: str
    prompts: tuple[Prompt, ...]
    templates: tuple[PromptTemplate, ...]
    assumed: tuple[tuple[str, int], ...] = ()


class Asking:
    """The stages of a recipe, as far as they write prompts.

    Prompts depend on the recipe alone, so the embedded engine stands in for all others; it is never asked.
    """

    def __init__(self, recipe: Recipe, templates: Templates, folder: CaptionFolder) -> None:
        self.folder = folder
        self.models = [block.engine.model for block in recipe.generate]
        self.stage1 = [
            Perspectives(TemplateEngine(), block, recipe.facts, asked)
            for block, asked in zip(recipe.generate, templates.stage1, strict=True)
        ]
        self.stage2 = Integration(TemplateEngine(), recipe.integrate, recipe.facts, templates.stage2)
        self.merger = self.models[0] if recipe.merger is None else recipe.merger.model

    def about(self, subject: Subject) -> list[Asked]:
        """What each model is asked about a sample: those of stage 1 in the recipe's order, then stage 2."""
        asked = []
        for place, (stage, model) in enumerate(zip(self.stage1, self.models, strict=True)):
            prompts = stage.prompts(subject.sample, subject.picture, subject.facts)
            asked.append(Asked(place, model, tuple(prompts), tuple(stage.templates)))
        texts: list[Caption] = []
        assumed: list[tuple[str, int]] = []
        for place in range(len(self.stage1)):
            written = self._texts(place, subject)
            standing_in = [] if written else list(self._placeholders(place, subject))
            texts += written or [row for row, _ in standing_in]
            assumed += [(row.text, tokens) for row, tokens in standing_in]
        merge = self.stage2.prompt(subject.sample.sample_id, texts, subject.facts)
        return [*asked, Asked(None, self.merger, (merge,), (self.stage2.template,), tuple(assumed))]

    def _texts(self, place: int, subject: Subject) -> list[Caption]:
        """The texts of a model of stage 1 that the output folder holds of a sample already."""
        parts = [stage.read(subject.chunk) for stage in self.folder.stage1[place : place + 1]]
        wanted = (
            (pc.field("index") == subject.sample.index)
            & (pc.field("stage") == Stage.PERSPECTIVE.value)
            & (pc.field("status") == Status.OK.value)
        )
        return [row for part in parts if part for row in from_table(part.rows.filter(wanted))]

    def _placeholders(self, place: int, subject: Subject) -> Iterator[tuple[Caption, int]]:
        author = self.models[place] or "the embedded engine"
        for template in self.stage1[place].templates:
            row = Caption(
                caption_id="",
                sample_id=subject.sample.sample_id,
                shard=subject.chunk.shard,
                index=subject.sample.index,
                key=subject.sample.key,
                stage=Stage.PERSPECTIVE.value,
                perspective=template.name,
                text=f"‹placeholder: {template.name} by {author}, about {typical_words(template)} words›",
            )
            yield row, typical_tokens(template)


def typical_words(template: PromptTemplate) -> int:
    """Words of a good answer: the middle of what its texts may have."""
    return sum((least + most) // 2 for least, most in template.texts.values())


def typical_tokens(template: PromptTemplate) -> int:
    """About how many tokens a good answer has."""
    return round(typical_words(template) * _TOKENS_PER_WORD)
