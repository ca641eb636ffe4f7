"""Stage 2: the texts of all perspectives become comprehensive captions."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.engines.base import Engine, Prompt
from mpgi_ray.generate.reply import NoReply, ask, records
from mpgi_ray.prompts import PromptTemplate
from mpgi_ray.rules import rule_text
from mpgi_ray.rules.facts import Facts

_NO_SOURCE = NoReply(Status.REJECTED, "no_source: no perspective gave a text")


class Integration:
    """Merges the texts of one sample; the facts referee where they disagree."""

    def __init__(self, engine: Engine, templates: Sequence[PromptTemplate]) -> None:
        self.engine = engine
        self.templates = tuple(templates)

    async def merge(self, perspectives: Sequence[Caption], facts: Facts) -> list[Caption]:
        """One record a text; all rejected as ``no_source`` if no perspective gave a text.

        Args:
            perspectives: the stage 1 records of one sample.
        """
        usable = [row for row in perspectives if row.status == Status.OK.value]
        first = perspectives[0]
        base = Caption(
            caption_id="",
            sample_id=first.sample_id,
            shard=first.shard,
            index=first.index,
            key=first.key,
            stage=Stage.INTEGRATED.value,
            parents=tuple(row.caption_id for row in usable),
        )
        texts = {row.perspective: row.text for row in usable}
        sentences = rule_text(facts, first.sample_id)
        prompts = [
            Prompt(
                name=template.name,
                text=template.render(facts=sentences, texts=texts) if usable else template.source,
                seed=first.sample_id,
                facts=facts,
                sources=texts,
            )
            for template in self.templates
        ]
        replies = await ask(self.engine, prompts) if usable else _NO_SOURCE
        return records(base, Stage.INTEGRATED, self.engine, self.templates, prompts, replies)
