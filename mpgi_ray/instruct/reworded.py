"""Questions and answers in the words of a model, unless facts contradict it or the answer is lost.

A model sees the facts and the template's wording, no picture. What it writes is asked for again with the
reason, up the ladder of attempts; where no answer can be used, the template's wording stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import resources
from typing import Any

from mpgi_ray.asking.answers import Answer, Question, giver
from mpgi_ray.asking.attempts import LADDER, ask
from mpgi_ray.asking.checks import fault
from mpgi_ray.asking.json_reply import parse_json
from mpgi_ray.asking.reading import Reading
from mpgi_ray.data.final import read_records
from mpgi_ray.data.instructions import Conversation, Turn, write_instructions
from mpgi_ray.data.storage import Storage
from mpgi_ray.engines.base import Engine, EngineError, Fault, Prompt, Reply
from mpgi_ray.engines.connect import check_json, connect
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.errors import UnfinishedError
from mpgi_ray.instruct.kinds.describing import LONG, SHORT
from mpgi_ray.instruct.known import known_of
from mpgi_ray.instruct.parts import Shard
from mpgi_ray.instruct.same_answer import answer_fault, question_fault
from mpgi_ray.prompts import PromptTemplate, parse, sources_block
from mpgi_ray.rules import rule_text
from mpgi_ray.rules.facts import Facts

FOLDER = "reworded"  # of a folder for each shard


@dataclass(frozen=True)
class Rewording:
    """What every replica needs to know.

    Attributes:
        output: folder of the job.
        sampling: of the requests, under the names of the OpenAI API.
    """

    engine: EngineSettings
    output: str
    sampling: Mapping[str, Any]
    measured: bool

    def open(self) -> Rewriter:
        """Start the engine, in the replica that will use it.

        Raises:
            UnfinishedError: it cannot be started, or does not take the requests.
        """
        with _told():
            return Rewriter(self, connect(self.engine))


class Rewriter:
    """A replica: its engine was started, and words the conversations of shard after shard."""

    def __init__(self, job: Rewording, engine: Engine) -> None:
        self.job, self.engine = job, engine
        asyncio.run(check_json(engine, job.sampling, template().schema or {}))

    def __call__(self, call: tuple[Shard, Sequence[Conversation]]) -> str:
        """Publish ``reworded/SHARD/instructions.parquet``.

        Args:
            call: a final shard, and the conversations about its pictures.

        Raises:
            UnfinishedError: the engine is in trouble.
            InputError: the shard cannot be read.
        """
        shard, conversations = call
        facts = {}
        about = {one.sample_id for one in conversations}
        for record in read_records([shard.url], pictures=self.job.measured):
            if record.sample_id in about:
                facts[record.sample_id] = known_of(record, 0, measured=self.job.measured).facts
        with _told():
            made = asyncio.run(self._all(conversations, facts))
        write_instructions(Storage(self.job.output).child(f"{FOLDER}/{shard.name}"), made)
        return shard.name

    async def _all(
        self, conversations: Sequence[Conversation], facts: Mapping[str, Facts]
    ) -> list[Conversation]:
        slots = asyncio.Semaphore(self.job.engine.images_in_flight)

        async def one(conversation: Conversation) -> Conversation:
            async with slots:
                return await reworded(
                    self.engine, conversation, facts[conversation.sample_id], self.job.sampling
                )

        return list(await asyncio.gather(*map(one, conversations)))


@contextmanager
def _told() -> Iterator[None]:
    """Trouble of an engine as one line for whoever runs the job."""
    try:
        yield
    except EngineError as error:
        raise UnfinishedError(f"{error}; shards that are worded stay, the same command goes on") from error


async def reworded(
    engine: Engine, conversation: Conversation, facts: Facts, sampling: Mapping[str, Any]
) -> Conversation:
    """The conversation in the engine's words, turn by turn, each with the model's name where it was used.

    Descriptions are texts of the shards already: of these only the question is worded anew.

    Raises:
        EngineError: the engine is in trouble.
    """
    told = rule_text(facts, conversation.sample_id)
    questions = [
        _question(turn, conversation.sample_id, facts, told, sampling) for turn in conversation.turns
    ]
    answers = await ask(engine, questions, LADDER)
    turns = [
        _taken(turn, given, engine.model) for turn, given in zip(conversation.turns, answers, strict=True)
    ]
    return replace(conversation, turns=tuple(turns))


@cache
def template() -> PromptTemplate:
    """The prompt of a turn."""
    text = resources.files(__package__).joinpath("reword.j2").read_text(encoding="utf-8")
    return parse("reword", text)


def _question(
    turn: Turn, seed: str, facts: Facts, told: Sequence[str], sampling: Mapping[str, Any]
) -> Question:
    form = template()
    block = sources_block(told, {"question": turn.question, "answer": turn.answer})
    prompt = Prompt(
        name=form.name,
        text=form.with_block(block),
        seed=seed,
        facts=facts,
        system=form.system,
        schema=form.schema,
        sampling=sampling,
    )
    return Question(prompt, partial(_read, turn, facts), tuple(form.texts), form.hash)


def _taken(turn: Turn, answers: Sequence[Answer], model: str) -> Turn:
    given = giver(answers, "question")
    if given is None or giver(answers, "answer") is not given:
        return turn
    texts = given.reading.texts
    answer = turn.answer if turn.kind in (SHORT, LONG) else texts["answer"]
    return replace(turn, question=texts["question"], answer=answer, model=model)


def _read(turn: Turn, facts: Facts, reply: Reply) -> Reading:
    if found := fault(reply):
        return Reading(fault=found)
    made = parse_json(reply.text, template().reply)
    if isinstance(made, Fault):
        return Reading(fault=made)
    found = question_fault(turn, made["question"]) or answer_fault(turn, made["answer"], facts)
    return Reading(fault=found) if found else Reading(made)
