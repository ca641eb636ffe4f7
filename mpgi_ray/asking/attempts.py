"""The ladder of attempts: ask, check, and ask again with the reason; take the best of the good answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from mpgi_ray.asking.answers import Answer, Question, lacking
from mpgi_ray.asking.best_of import BestOf, drawn, ranked
from mpgi_ray.config import Config
from mpgi_ray.data.caption import Caption
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


async def ask(
    engine: Engine, questions: Sequence[Question], ladder: Sequence[Attempt], best: BestOf | None = None
) -> list[list[Answer]]:
    """All answers to every question, the last of which is the good one if any is.

    The questions of an image go to the engine together; those whose replies have a fault go again together.

    Args:
        best: how to choose among several answers of an attempt; None asks for one.

    Raises:
        Unanswered: the engine itself is in trouble: every sample would fail, so the job must stop.
        MpgiError: as must it if the recipe's settings of the engine are wrong.
    """
    answers: list[list[Answer]] = [[] for _ in questions]
    open_ = list(enumerate(questions))
    for attempt in ladder:
        asked = [
            (place, one)
            for place, question in open_
            for one in drawn(at_attempt(question, attempt), best.draws if best else 1)
        ]
        replies, trouble = await _reply(engine, [question.prompt for _, question in asked])
        lost = {place for (place, _), reply in zip(asked, replies, strict=True) if reply is None}
        given = [
            (place, Answer(question, reply, question.read(reply)))
            for (place, question), reply in zip(asked, replies, strict=True)
            if reply is not None and place not in lost
        ]
        for place, tries in (await ranked(given, answers, best)).items():
            answers[place] += tries
        still, open_ = open_, []
        for place, question in still:
            if place in lost:
                open_.append((place, question))
            elif (fault := lacking(answers[place])) and _worth_asking(answers[place]):
                number = answers[place][-1].question.number + 1
                open_.append((place, asked_again(questions[place], number, fault)))
        if trouble and open_:
            for place, _ in open_:
                answers[place].clear()
            raise Unanswered(str(trouble), answers) from trouble
        if not open_:
            break
    return answers


def asked_again(first: Question, number: int, fault: Fault) -> Question:
    prompt = replace(first.prompt, text=again(first.prompt.text, fault.code, fault.detail))
    return replace(first, prompt=prompt, number=number)


def _worth_asking(answers: Sequence[Answer]) -> bool:
    """Not if the engine refused, or a model was told once already of a fault that it will not leave off."""
    numbers = sorted({answer.question.number for answer in answers})
    *told, fault = [lacking([one for one in answers if one.question.number <= number]) for number in numbers]
    if answers[-1].reply.fault or fault is None:
        return False
    return fault.code not in _TOLD_ONCE or all(one is None or one.code != fault.code for one in told)


def at_attempt(question: Question, attempt: Attempt) -> Question:
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
