"""Stage 1: an image is described from several perspectives, each text on its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from mpgi_ray.asking.answer_rows import records
from mpgi_ray.asking.answers import Answer, Question
from mpgi_ray.asking.attempts import Unanswered, ask
from mpgi_ray.asking.checks import fault, text_fault
from mpgi_ray.asking.echo import without_example
from mpgi_ray.asking.held import Held, hold, without_source
from mpgi_ray.asking.reading import Reading
from mpgi_ray.caption.best_of import Chooser
from mpgi_ray.caption.boxes import box_style, boxes
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.reuse import Answers, taken_over
from mpgi_ray.caption.stage_settings import GenerateConfig
from mpgi_ray.data.caption import Caption, Stage, Status, caption_id
from mpgi_ray.data.image import Picture
from mpgi_ray.data.sample import Annotation, Rejected, Sample
from mpgi_ray.engines.base import Engine, Fault, Prompt, Reply
from mpgi_ray.prompts import Boxes, Kind, PromptTemplate, facts_block
from mpgi_ray.rules import measured_text, rule_text, told, told_objects, trusted_text
from mpgi_ray.rules.facts import Facts
from mpgi_ray.truth.claim import About
from mpgi_ray.truth.sourced import unsourced

_NO_FACTS = Reading(
    fault=Fault("no_facts", "the prompt shows no picture, and nothing is known of what is there")
)


class Perspectives:
    """Describes one sample: all perspectives of an image go to the engine together.

    Relay prompts hand the rules' sentences over as trusted facts; free prompts do not see them, so that
    their texts stay independent witnesses. A relay prompt that shows no picture is not asked where the facts
    say nothing: it could only invent.

    Args:
        templates: of the perspectives that ``config`` names.
        chooser: which of several answers is taken, where ``config`` asks for several.
    """

    def __init__(
        self,
        engine: Engine,
        config: GenerateConfig,
        limits: FactsConfig,
        templates: Sequence[PromptTemplate],
        chooser: Chooser | None = None,
    ) -> None:
        self.engine = engine
        self.config = config
        self.limits = limits
        self.templates = templates
        self.chooser = chooser
        self.box_style, self.grid = box_style(config.engine)

    async def describe(
        self,
        shard: str,
        sample: Sample,
        facts: Facts,
        picture: Picture,
        wanted: Collection[str] | None = None,
        earlier: Answers = (),
    ) -> list[Caption]:
        """The records of a sample.

        Args:
            picture: as the model gets it.
            wanted: the perspectives to ask for; None for all.
            earlier: answers of another run; what they answer is not asked.

        Raises:
            Unanswered: the engine is in trouble; with the records of what it answered.
        """
        questions = [
            Question(prompt, self._read(template, prompt, facts), tuple(template.texts), template.hash)
            for template, prompt in zip(self.templates, self.prompts(sample, picture, facts), strict=True)
            if wanted is None or template.name in wanted
        ]
        by_eye = facts.false_colour and self.config.scorer  # a scorer knows the colours that eyes see
        draws = 1 if by_eye else self.config.best_of
        best = self.chooser.of(picture, facts, draws) if self.chooser else None
        known = [
            taken_over(earlier, sample.sample_id, self.engine, question, self.config.attempts, draws)
            for question in questions
        ]
        open_ = [question for question, rows in zip(questions, known, strict=True) if not rows]
        taken = [row for rows in known for row in rows]
        base = Caption(
            caption_id="",
            sample_id=sample.sample_id,
            shard=shard,
            index=sample.index,
            key=sample.key,
            stage=Stage.PERSPECTIVE.value,
        )
        blind = [question for question in open_ if question.prompt.picture is None]
        if blind and not told(facts, sample.sample_id):
            open_ = [question for question in open_ if question not in blind]
            unasked = [Answer(question, Reply("", finish_reason=""), _NO_FACTS) for question in blind]
            taken += self._records(base, [[answer] for answer in unasked])
        if not open_:
            return taken
        try:
            answers = await ask(self.engine, open_, self.config.attempts, best)
        except Unanswered as trouble:
            trouble.records = [*taken, *self._records(base, trouble.answers)]
            raise
        return [*taken, *self._records(base, answers)]

    def _records(self, base: Caption, answers: Sequence[Sequence[Answer]]) -> list[Caption]:
        return [row for tries in answers if tries for row in records(base, self.engine, tries)]

    @property
    def names(self) -> tuple[str, ...]:
        """The perspectives that it is asked for."""
        return tuple(template.name for template in self.templates)

    def prompts(self, sample: Sample, picture: Picture, facts: Facts) -> list[Prompt]:
        """What the engine is first asked about a sample: one prompt a perspective, in the recipe's order.

        Args:
            picture: the sample's, decoded; prompts that need none go without.
        """
        seed = sample.sample_id
        measured = measured_text(facts, seed)
        blocks = {
            seen: facts_block(
                rule_text(facts, seed, how_taken=seen),  # how large a pixel is tells nothing to who sees none
                self._boxes(sample.annotation, picture) if seen else None,
                measured,
                picture=seen,
            )
            for seen in {template.picture for template in self.templates}
        }
        return [
            Prompt(
                name=template.name,
                text=template.with_block(blocks[template.picture]),
                seed=sample.sample_id,
                picture=picture if template.picture else None,
                facts=facts if template.kind is Kind.RELAY else None,
                false_colour=facts.false_colour,
                system=template.system,
                sampling={} if self.engine.trusted else self.config.sampling,
            )
            for template in self.templates
        ]

    def _boxes(self, note: Annotation, picture: Picture) -> Boxes | None:
        if self.box_style == "none":
            return None
        objects = told_objects(note, view_px=self.limits.view_px, min_px=self.limits.min_px)
        return boxes(objects, self.box_style, self.grid, (note.width, note.height), picture.pixels.size)

    def _read(self, template: PromptTemplate, prompt: Prompt, facts: Facts) -> Callable[[Reply], Reading]:
        example = "" if self.engine.trusted else template.example
        return without_example(self._reader(template, facts, prompt.seed), example, prompt.text)

    def _reader(self, template: PromptTemplate, facts: Facts, seed: str) -> Callable[[Reply], Reading]:
        def read(reply: Reply) -> Reading:
            name, text = template.name, reply.text.strip()
            if found := fault(reply):
                return Reading(fault=found)
            if self.engine.trusted:
                return Reading({name: text})
            if found := text_fault(text, template.texts[name], template.instruction):
                return Reading(fault=found)
            if not self.limits.held:
                return Reading({name: text})
            held = hold(text, facts)
            if template.kind is Kind.FREE:
                # it is told what is wrong, and not what is so: it stays a witness of its own
                found = held.bare_fault
            else:
                found = held.fault or (_counted if template.picture else _invented)(held, facts, seed)
            return Reading(fault=found) if found else Reading({name: text}, scores={name: held.scores})

        return read


def _counted(held: Held, facts: Facts, seed: str) -> Fault | None:
    """Numbers of a relay's own: they come from the facts alone."""
    numbers = [one for one in held.judged if one.claim.about is About.COUNT]
    found = unsourced(held.text, numbers, trusted_text(facts, seed), facts)
    named = ", ".join(f'"{words}"' for words in found)
    return Fault("novel", f"numbers that no fact gives: {named}; leave them out") if found else None


def _invented(held: Held, facts: Facts, seed: str) -> Fault | None:
    """What a relay that sees no picture says of its own: it has nothing but the facts."""
    words = without_source(held.text, held, trusted_text(facts, seed), facts)
    return Fault("novel", f"words that no fact gives: {', '.join(words)}; leave them out") if words else None


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
        reason=entry.reason,
        detail=entry.detail,
    )
