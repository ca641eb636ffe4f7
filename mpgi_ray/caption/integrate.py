"""Stage 2: the texts of all perspectives become comprehensive captions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from textwrap import shorten

from mpgi_ray.asking.answer_rows import records
from mpgi_ray.asking.answers import Answer, Question
from mpgi_ray.asking.attempts import ask
from mpgi_ray.asking.checks import fault, text_fault
from mpgi_ray.asking.echo import without_example
from mpgi_ray.asking.held import hold, without_source
from mpgi_ray.asking.json_reply import parse_json
from mpgi_ray.asking.merged import merged_fault
from mpgi_ray.asking.reading import Reading
from mpgi_ray.caption.best_of import by_consensus
from mpgi_ray.caption.doubles import once
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.reuse import Answers, taken_over
from mpgi_ray.caption.stage_settings import IntegrateConfig
from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.engines.base import Engine, Fault, Prompt, Reply
from mpgi_ray.prompts import PromptTemplate, sources_block
from mpgi_ray.rules import measured_text, rule_text, trusted_text
from mpgi_ray.rules.english import split_sentences
from mpgi_ray.rules.facts import Facts
from mpgi_ray.truth.lone import vouched
from mpgi_ray.truth.sourced import agreement
from mpgi_ray.truth.wording import coverage, wording

_QUOTED = 60  # characters of a text, in the reason why it cannot be used
_NO_SOURCE = Reading(fault=Fault("no_source", "no perspective gave a text"))
_NONE_VOUCHED = Reading(
    fault=Fault("no_source", "each sentence has a number, name or activity that too few perspectives tell")
)


class Integration:
    """Merges the texts of one sample; where they disagree, the facts decide.

    Args:
        template: the prompt that ``config`` names.
    """

    def __init__(
        self, engine: Engine, config: IntegrateConfig, limits: FactsConfig, template: PromptTemplate
    ) -> None:
        self.engine = engine
        self.config = config
        self.limits = limits
        self.template = template

    async def merge(
        self, perspectives: Sequence[Caption], facts: Facts, earlier: Answers = ()
    ) -> list[Caption]:
        """One record a text; all rejected as ``no_source`` if no perspective gave a text to merge.

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
        read = self._reader(_by_name(usable), prompt.sources, facts, first.sample_id)
        read = without_example(read, "" if self.engine.trusted else self.template.example, prompt.text)
        question = Question(prompt, read, tuple(self.template.texts), self.template.hash)
        if not prompt.sources:
            nothing = Answer(question, Reply("", finish_reason=""), _NONE_VOUCHED if usable else _NO_SOURCE)
            return records(base, self.engine, [nothing])
        attempts, draws = self.config.attempts, self.config.best_of
        if taken := taken_over(earlier, first.sample_id, self.engine, question, attempts, draws):
            return list(taken)
        best = by_consensus(facts, draws) if draws > 1 else None
        (answers,) = await ask(self.engine, [question], attempts, best)
        return records(base, self.engine, answers)

    def prompt(self, sample_id: str, usable: Sequence[Caption], facts: Facts) -> Prompt:
        """What the engine is first asked about a sample.

        Args:
            usable: the texts of stage 1 that are ok.
        """
        texts = _by_name(usable)
        if not self.engine.trusted:
            texts = vouched(texts, facts, trusted_text(facts, sample_id), self.config.witnesses)
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

    def _reader(
        self, described: Mapping[str, str], sources: Mapping[str, str], facts: Facts, sample_id: str
    ) -> Callable[[Reply], Reading]:
        texts = list(sources.values())

        def read(reply: Reply) -> Reading:
            if found := fault(reply):
                return Reading(fault=found)
            made = parse_json(reply.text, self.template.reply)
            if isinstance(made, Fault):
                return Reading(fault=made)
            if self.engine.trusted:
                return Reading(made)
            trusted = trusted_text(facts, sample_id)
            judged = {name: self._judged(name, text, texts, trusted, facts) for name, text in made.items()}
            good = {name: made[name] for name, found in judged.items() if not isinstance(found, Fault)}
            faults = {name: found for name, found in judged.items() if isinstance(found, Fault)}
            told, left_out = wording(texts), _sentences(described) - _sentences(sources)
            scores = {
                name: {"coverage": round(coverage(made[name], told), 4), **found, "left_out": left_out}
                for name, found in judged.items()
                if not isinstance(found, Fault)
            }
            return Reading(good, faults=faults, scores=scores)

        return read

    def _judged(
        self, name: str, text: str, texts: Sequence[str], trusted: Sequence[str], facts: Facts
    ) -> Fault | dict[str, float]:
        """What is wrong with a text, or what was measured on it.

        Args:
            texts, trusted: what it was made from, and the sentences of the facts.
        """
        found = text_fault(text, self.template.texts[name], self.template.instruction) or merged_fault(text)
        held = hold(text, facts) if self.limits.held and not found else None
        found = found or (held.fault if held else None)
        if not found and (words := without_source(text, held, [*texts, *trusted], facts)):
            found = Fault("novel", f"words that stand in no source: {', '.join(words)}; leave them out")
        if found:
            beginning = shorten(text, _QUOTED, placeholder=" …")
            return Fault(found.code, f'in "{name}" ("{beginning}"): {found.detail}')
        if held is None:
            return {}
        agreed = agreement(held.judged, texts, facts)
        return held.scores if agreed is None else {**held.scores, "agreement": round(agreed, 4)}


def _sentences(texts: Mapping[str, str]) -> int:
    return sum(len(split_sentences(text)) for text in texts.values())


def _by_name(rows: Sequence[Caption]) -> dict[str, str]:
    """Texts by perspective; where several models wrote one, the later ones get a number."""
    seen: Counter[str] = Counter()
    texts = {}
    for row in rows:
        seen[row.perspective] += 1
        number = seen[row.perspective]
        texts[f"{row.perspective} {number}" if number > 1 else row.perspective] = row.text
    return texts
