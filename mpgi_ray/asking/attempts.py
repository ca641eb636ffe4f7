"""The ladder of attempts: ask, check, ask again with the reason, and keep every answer as a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from mpgi_ray.asking.reading import Reading
from mpgi_ray.config import Config
from mpgi_ray.data.caption import Caption, Status, caption_id, encode_sampling
from mpgi_ray.engines.base import Engine, EngineError, Fault, Prompt, Reply
from mpgi_ray.errors import MpgiError
from mpgi_ray.prompts import again


class Attempt(Config):
    """A rung of the ladder of attempts: the first answer that passes the checks is kept.

    From the second on, the prompt ends with the reason why the answer before could not be used.

    Attributes:
        temperature: of this attempt; by default the stage's.
    """

    temperature: float | None = Field(default=None, ge=0)


LADDER = (Attempt(), Attempt(temperature=0.2), Attempt(temperature=0.8))
_TOLD_ONCE = ("novel",)  # words that were named once and come again: the model will not leave them out


@dataclass(slots=True)  # see `Prompt`
class Question:
    """A prompt, and how to read and judge the replies to it. Nobody changes it.

    Attributes:
        read: a pure function.
        texts: the names of the texts of a good reply; each becomes a record.
        prompt_hash: of the prompt's file, see `PromptTemplate.hash`.
        number: of the attempt, from 1.
    """

    prompt: Prompt
    read: Callable[[Reply], Reading]
    texts: tuple[str, ...]
    prompt_hash: str
    number: int = 1


@dataclass(slots=True)  # see `Prompt`
class Answer:
    """A reply to a question, and its texts or fault. Nobody changes it."""

    question: Question
    reply: Reply
    reading: Reading


class Unanswered(EngineError):
    """The engine got into trouble before all questions were answered.

    Attributes:
        answers: as of `ask`, with nothing for the questions that have to be asked again.
        records: made of these, by who knows how.
    """

    def __init__(self, message: str, answers: Sequence[Sequence[Answer]]) -> None:
        super().__init__(message)
        self.answers = answers
        self.records: list[Caption] = []


async def ask(engine: Engine, questions: Sequence[Question], ladder: Sequence[Attempt]) -> list[list[Answer]]:
    """All attempts at every question, the last of which is the good one if any is.

    The questions of an image go to the engine together; those whose replies have a fault go again together.

    Raises:
        Unanswered: the engine itself is in trouble: every sample would fail, so the job must stop.
        MpgiError: as must it if the recipe's settings of the engine are wrong.
    """
    answers: list[list[Answer]] = [[] for _ in questions]
    open_ = list(enumerate(questions))
    for attempt in ladder:
        asked = [(place, _at(question, attempt)) for place, question in open_]
        replies, trouble = await _reply(engine, [question.prompt for _, question in asked])
        open_ = []
        for (place, question), reply in zip(asked, replies, strict=True):
            if reply is None:
                open_.append((place, question))
                continue
            answers[place].append(Answer(question, reply, question.read(reply)))
            lacking = _lacking(answers[place])
            if lacking and _worth_asking(answers[place]):
                open_.append((place, _again(questions[place], question.number + 1, lacking)))
        if trouble and open_:
            for place, _ in open_:
                answers[place].clear()
            raise Unanswered(str(trouble), answers) from trouble
        if not open_:
            break
    return answers


def is_answered_by(
    rows: Sequence[Caption], sample_id: str, engine: Engine, question: Question, ladder: Sequence[Attempt]
) -> bool:
    """Whether rows tell of this very question: the same prompts about the same picture to the same model.

    Args:
        rows: of all attempts at a question, as `records` made them.
    """
    asked = question
    for attempt in ladder:
        asked = _at(asked, attempt)
        found = [row for row in rows if row.attempt == asked.number]
        if any(row.caption_id != _id(sample_id, engine, asked, row.perspective) for row in found):
            return False
        told = next((row for row in found if row.status == Status.RETRIED.value), None)
        if told is None:
            names = [row.perspective for row in rows if row.status != Status.RETRIED.value]
            same = all(row.prompt_hash == question.prompt_hash for row in rows)
            return bool(found) and same and sorted(names) == sorted(question.texts)
        asked = _again(question, asked.number + 1, Fault(told.reason, told.detail))
    return False


def _again(first: Question, number: int, fault: Fault) -> Question:
    prompt = replace(first.prompt, text=again(first.prompt.text, fault.code, fault.detail))
    return replace(first, prompt=prompt, number=number)


def _giver(answers: Sequence[Answer], name: str) -> Answer | None:
    """The first answer with a text that can be used: what was good once is kept."""
    return next((answer for answer in answers if answer.reading.fault_of(name) is None), None)


def _lacking(answers: Sequence[Answer]) -> Fault | None:
    """Why the last answer did not bring the first of the texts that are still lacking; None if none is."""
    last = answers[-1]
    lacking = (name for name in last.question.texts if _giver(answers, name) is None)
    return next((last.reading.fault_of(name) for name in lacking), None)


def _worth_asking(answers: Sequence[Answer]) -> bool:
    """Not if the engine refused, or a model was told once already of a fault that it will not leave off."""
    *before, last = answers
    lacking = _lacking(answers)
    if last.reply.fault or lacking is None:
        return False
    told = [_lacking(answers[: place + 1]) for place in range(len(before))]
    return lacking.code not in _TOLD_ONCE or all(
        fault is None or fault.code != lacking.code for fault in told
    )


def _at(question: Question, attempt: Attempt) -> Question:
    if attempt.temperature is None:
        return question
    sampling = {**question.prompt.sampling, "temperature": attempt.temperature}
    return replace(question, prompt=replace(question.prompt, sampling=sampling))


async def _reply(
    engine: Engine, prompts: Sequence[Prompt]
) -> tuple[Sequence[Reply | None], EngineError | None]:
    """What the engine answers, and its trouble if it is in any."""
    try:
        return await engine.reply(prompts), None
    except EngineError as error:
        return error.replies or [None] * len(prompts), error
    except MpgiError:
        raise
    except Exception as error:  # one unusual sample must not end the job: it is recorded with its reason
        failed = Reply("", finish_reason="", fault=Fault("engine_error", f"{type(error).__name__}: {error}"))
        return [failed] * len(prompts), None


def records(base: Caption, engine: Engine, answers: Sequence[Answer]) -> list[Caption]:
    """The rows of one question: one for each attempt that had to be repeated, then one for each text.

    Args:
        base: carries the sample's place, the stage and the parents.
        answers: all attempts at the question, in order.
    """
    rows = [
        _row(base, engine, answer, answer.question.prompt.name, Status.RETRIED, _lacking(answers[: i + 1]))
        for i, answer in enumerate(answers[:-1])
    ]
    last = answers[-1]
    undone = Status.FAILED if last.reply.fault else Status.REJECTED
    counted = False
    for name in last.question.texts:
        giver = _giver(answers, name) or last
        fault = giver.reading.fault_of(name)
        row = _row(base, engine, giver, name, undone if fault else Status.OK, fault)
        # one request gave several texts: its tokens and its time are counted once
        rows.append(_uncounted(row) if counted or giver is not last else row)
        counted |= giver is last
    return rows


def _uncounted(row: Caption) -> Caption:
    return replace(row, prompt_tokens=0, cached_tokens=0, completion_tokens=0, seconds=0.0)


def _row(
    base: Caption, engine: Engine, answer: Answer, name: str, status: Status, fault: Fault | None
) -> Caption:
    prompt, reply, reading = answer.question.prompt, answer.reply, answer.reading
    return Caption(
        caption_id=_id(base.sample_id, engine, answer.question, name),
        sample_id=base.sample_id,
        shard=base.shard,
        index=base.index,
        key=base.key,
        stage=base.stage,
        perspective=name,
        status=status.value,
        reason=fault.code if fault else "",
        detail=fault.detail if fault else "",
        text="" if fault else reading.texts.get(name, ""),
        raw=reply.text,
        engine=engine.kind,
        model=engine.model,
        revision=engine.revision,
        prompt_hash=answer.question.prompt_hash,
        sampling=encode_sampling(prompt.sampling),
        attempt=answer.question.number,
        finish_reason=reply.finish_reason,
        prompt_tokens=reply.prompt_tokens,
        cached_tokens=reply.cached_tokens,
        completion_tokens=reply.completion_tokens,
        parents=base.parents,
        scores=encode_sampling(reading.scores.get(name, {})),
        seconds=reply.seconds,
    )


def _id(sample_id: str, engine: Engine, question: Question, name: str) -> str:
    asked = f"{name}\0{question.number}\0{question.prompt.text}"
    return caption_id(sample_id, asked, engine.model, engine.revision, question.prompt.sampling)
