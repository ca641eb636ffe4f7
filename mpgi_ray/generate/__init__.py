"""Stage 1: an image is described from several perspectives, each text on its own."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.data.caption import Caption, Stage, Status, caption_id
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.engines.base import Engine, Prompt
from mpgi_ray.generate.reply import ask, records
from mpgi_ray.prompts import PromptTemplate
from mpgi_ray.rules import rule_text
from mpgi_ray.rules.facts import Facts


class Perspectives:
    """Describes one sample: all perspectives of an image go to the engine together.

    Relay prompts hand the rules' sentences over as trusted facts; free prompts do not see them, so that
    their texts stay independent witnesses.
    """

    def __init__(self, engine: Engine, templates: Sequence[PromptTemplate]) -> None:
        self.engine = engine
        self.templates = tuple(templates)

    async def describe(self, shard: str, sample: Sample, facts: Facts) -> list[Caption]:
        """One record a perspective, or a single input record if the picture cannot be decoded."""
        try:
            picture = decode(sample.image)
        except ImageError as error:
            return [
                refusal(shard, Rejected(sample.key, sample.index, error.reason, str(error), sample.sample_id))
            ]
        sentences = rule_text(facts, sample.sample_id)
        prompts = []
        for template in self.templates:
            relay = template.kind == "relay"
            prompts.append(
                Prompt(
                    name=template.name,
                    text=template.render(facts=sentences) if relay else template.render(),
                    seed=sample.sample_id,
                    picture=picture,
                    facts=facts if relay else None,
                )
            )
        base = Caption(
            caption_id="",
            sample_id=sample.sample_id,
            shard=shard,
            index=sample.index,
            key=sample.key,
            stage=Stage.PERSPECTIVE.value,
        )
        replies = await ask(self.engine, prompts)
        return records(base, Stage.PERSPECTIVE, self.engine, self.templates, prompts, replies)


def refusal(shard: str, entry: Rejected) -> Caption:
    """The record of a sample that cannot be used."""
    place = f"{shard}\0{entry.index}\0{entry.reason}"
    return Caption(
        caption_id=caption_id(entry.sample_id, place, "", "", {}),
        sample_id=entry.sample_id,
        shard=shard,
        index=entry.index,
        key=entry.key,
        stage=Stage.INPUT.value,
        status=Status.REJECTED.value,
        reason=f"{entry.reason}: {entry.detail}",
    )
