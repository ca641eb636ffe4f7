"""The ladder of attempts: ask, check, ask again with the reason, and keep every answer as a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mpgi_ray.caption.recipe import Attempt
from mpgi_ray.data.caption import Caption, Status, caption_id, encode_sampling
from mpgi_ray.engines.base import Engine, EngineError, Prompt, Reply
from mpgi_ray.errors import MpgiError
from mpgi_ray.prompts import PromptTemplate, again


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply comes to.

    Attributes:
        texts: by name; empty if there is a fault.
        fault: why it cannot be used, as ``code: one line``; empty if it can.
        final: another attempt would be no use.
        scores: measured on the texts, by their names.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    final: bool = False
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, and how to read and judge the replies to it; ``number`` is that of the attempt, from 1."""

    template: PromptTemplate
    prompt: Prompt
    read: Callable[[Reply], Reading]
    number: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply to a question and what it came to."""

    question: Question
    reply: Reply
    reading: Reading


async def ask(engine: Engine, questions: Sequence[Question], ladder: Sequence[Attempt]) -> list[list[Answer]]:
    """All attempts at every question, the last of which is the good one if any is.

    The questions of an image go to the engine together; those whose replies have a fault go again together.

    Raises:
        EngineError, MpgiError: the engine itself is in trouble, or the recipe's settings of it are wrong;
            every sample would fail, so the job must stop.
    """
    answers: list[list[Answer]] = [[] for _ in questions]
    open_ = list(enumerate(questions))
    for attempt in ladder:
        asked = [(place, _at(question, attempt)) for place, question in open_]
        replies = await _reply(engine, [question.prompt for _, question in asked])
        open_ = []
        for (place, question), reply in zip(asked, replies, strict=True):
            reading = question.read(reply)
            answers[place].append(Answer(question, reply, reading))
            # words from nowhere, named once and used again: the model will not leave them out
            told = [answer.reading.fault for answer in answers[place][:-1]]
            stubborn = reading.fault.startswith("novel:") and any(f.startswith("novel:") for f in told)
            if reading.fault and not reading.final and not stubborn:
                prompt = replace(
                    questions[place].prompt, text=again(questions[place].prompt.text, reading.fault)
                )
                open_.append((place, replace(question, prompt=prompt, number=question.number + 1)))
        if not open_:
            break
    return answers


def _at(question: Question, attempt: Attempt) -> Question:
    if attempt.temperature is None:
        return question
    sampling = {**question.prompt.sampling, "temperature": attempt.temperature}
    return replace(question, prompt=replace(question.prompt, sampling=sampling))


async def _reply(engine: Engine, prompts: Sequence[Prompt]) -> list[Reply]:
    try:
        return await engine.reply(prompts)
    except (EngineError, MpgiError):
        raise
    except Exception as error:  # one odd sample must not end the job: it is recorded with its reason
        failed = Reply("", finish_reason="", error=f"engine_error: {type(error).__name__}: {error}")
        return [failed] * len(prompts)


def records(base: Caption, engine: Engine, answers: Sequence[Answer]) -> list[Caption]:
    """The rows of one question: one for each attempt that had to be repeated, then one for each text.

    Args:
        base: carries the sample's place, the stage and the parents.
        answers: all attempts at the question, in order.
    """
    rows = [
        _row(base, engine, answer, answer.question.template.name, Status.RETRIED) for answer in answers[:-1]
    ]
    last = answers[-1]
    status = Status.OK
    if last.reading.fault:
        status = Status.FAILED if last.reply.error else Status.REJECTED
    for position, name in enumerate(last.question.template.texts):
        row = _row(base, engine, last, name, status)
        # one request gave several texts: its tokens and its time are counted once
        rows.append(row if position == 0 else _uncounted(row))
    return rows


def _uncounted(row: Caption) -> Caption:
    return replace(row, prompt_tokens=0, cached_tokens=0, completion_tokens=0, seconds=0.0)


def _row(base: Caption, engine: Engine, answer: Answer, name: str, status: Status) -> Caption:
    prompt, reply, reading = answer.question.prompt, answer.reply, answer.reading
    number = answer.question.number
    asked = f"{name}\0{number}\0{prompt.text}"
    return Caption(
        caption_id=caption_id(base.sample_id, asked, engine.model, engine.revision, prompt.sampling),
        sample_id=base.sample_id,
        shard=base.shard,
        index=base.index,
        key=base.key,
        stage=base.stage,
        perspective=name,
        status=status.value,
        reason=reading.fault,
        text=reading.texts.get(name, ""),
        raw=reply.text,
        engine=engine.kind,
        model=engine.model,
        revision=engine.revision,
        prompt_hash=answer.question.template.hash,
        sampling=encode_sampling(prompt.sampling),
        attempt=number,
        finish_reason=reply.finish_reason,
        prompt_tokens=reply.prompt_tokens,
        cached_tokens=reply.cached_tokens,
        completion_tokens=reply.completion_tokens,
        parents=base.parents,
        scores=encode_sampling(reading.scores.get(name, {})),
        seconds=reply.seconds,
    )
