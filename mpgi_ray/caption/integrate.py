"""Stage 2: the texts of all perspectives become comprehensive captions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from mpgi_ray.asking.attempts import Answer, Question, ask, records
from mpgi_ray.asking.checks import fault, text_fault
from mpgi_ray.asking.echo import without_example
from mpgi_ray.asking.json_reply import parse_json
from mpgi_ray.asking.reading import Reading
from mpgi_ray.caption.doubles import once
from mpgi_ray.caption.recipe import IntegrateConfig
from mpgi_ray.caption.reuse import Answers, taken_over
from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.engines.base import Engine, Fault, Prompt, Reply
from mpgi_ray.prompts import load, sources_block
from mpgi_ray.rules import measured_text, rule_text
from mpgi_ray.rules.facts import Facts
from mpgi_ray.truth.wording import coverage, novel, wording

_NO_SOURCE = Reading(fault=Fault("no_source", "no perspective gave a text"))


class Integration:
    """Merges the texts of one sample; where they disagree, the facts decide."""

    def __init__(self, engine: Engine, config: IntegrateConfig) -> None:
        self.engine = engine
        self.config = config
        self.template = load(config.prompt)

    async def merge(
        self, perspectives: Sequence[Caption], facts: Facts, earlier: Answers = ()
    ) -> list[Caption]:
        """One record a text; all rejected as ``no_source`` if no perspective gave a text.

        Args:
            perspectives: the stage 1 records of one sample.
            earlier: answers of another run, which may answer the question.
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
        prompt = self.prompt(first.sample_id, usable, facts)
        read = self._reader(list(prompt.sources.values()), facts, first.sample_id)
        read = without_example(read, "" if self.engine.trusted else self.template.example, prompt.text)
        question = Question(prompt, read, tuple(self.template.texts), self.template.hash)
        if not usable:
            nothing = Answer(question, Reply("", finish_reason=""), _NO_SOURCE)
            return records(base, self.engine, [nothing])
        if taken := taken_over(earlier, first.sample_id, self.engine, question, self.config.attempts):
            return list(taken)
        (answers,) = await ask(self.engine, [question], self.config.attempts)
        return records(base, self.engine, answers)

    def prompt(self, sample_id: str, usable: Sequence[Caption], facts: Facts) -> Prompt:
        """What the engine is first asked about a sample.

        Args:
            usable: the texts of stage 1 that are ok.
        """
        texts = _by_name(usable)
        told, measured = rule_text(facts, sample_id), measured_text(facts, sample_id)
        block = sources_block(told, once([*told, *measured], texts), measured)
        return Prompt(
            name=self.template.name,
            text=self.template.with_block(block),
            seed=sample_id,
            facts=facts,
            sources=texts,
            system=self.template.system,
            schema=self.template.schema,
            sampling={} if self.engine.trusted else self.config.sampling,
        )

    def _reader(self, texts: Sequence[str], facts: Facts, sample_id: str) -> Callable[[Reply], Reading]:
        def read(reply: Reply) -> Reading:
            if found := fault(reply):
                return Reading(fault=found, retries=0 if reply.fault else None)
            made = parse_json(reply.text, self.template.reply)
            if isinstance(made, Fault):
                return Reading(fault=made)
            if self.engine.trusted:
                return Reading(made)
            for name, text in made.items():
                if found := text_fault(text, self.template.texts[name], self.template.instruction):
                    return Reading(fault=found)
            known = wording([*texts, *rule_text(facts, sample_id), *measured_text(facts, sample_id)])
            new = {name: novel(text, known) for name, text in made.items()}
            if any(new.values()):
                words = ", ".join(dict.fromkeys(word for words in new.values() for word in words))
                detail = f"words that stand in no source: {words}; leave them out"
                # named once and used again: the model will not leave them out
                return Reading(fault=Fault("novel", detail), retries=1)
            told = wording(texts)
            scores = {name: {"coverage": round(coverage(text, told), 4)} for name, text in made.items()}
            return Reading(made, scores=scores)

        return read


def _by_name(rows: Sequence[Caption]) -> dict[str, str]:
    """Texts by perspective; where several models wrote one, the later ones get a number."""
    seen: Counter[str] = Counter()
    texts = {}
    for row in rows:
        seen[row.perspective] += 1
        number = seen[row.perspective]
        texts[f"{row.perspective} {number}" if number > 1 else row.perspective] = row.text
    return texts
