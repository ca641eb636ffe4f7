"""The ladder of attempts: ask, check, and ask again with the reason; take the best of the good answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from mpgi_ray.asking.reading import Reading
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


@dataclass(slots=True)  # see `Prompt`
class Question:
    """A prompt, and how to read and judge the replies to it. Nobody changes it.

    Attributes:
        read: a pure function.
        texts: the names of the texts of a good reply; each becomes a record.
        prompt_hash: of the prompt's file, see `PromptTemplate.hash`.
        number: of the attempt, from 1.
        draw: of the answer, from 1, where an attempt asks for several.
    """

    prompt: Prompt
    read: Callable[[Reply], Reading]
    texts: tuple[str, ...]
    prompt_hash: str
    number: int = 1
    draw: int = 1


@dataclass(slots=True)  # see `Prompt`
class Answer:
    """A reply to a question, and its texts or fault. Nobody changes it.

    Attributes:
        score, agreement: of its texts, where the best of several answers is taken, see `BestOf`; None if it
            has a fault, and the score where no scorer is asked.
        outscored: why another good answer was taken, in words; empty if none was.
    """

    question: Question
    reply: Reply
    reading: Reading
    score: float | None = None
    agreement: float | None = None
    outscored: str = ""


@dataclass(frozen=True, slots=True)
class BestOf:
    """Every attempt asks for several answers; of those that pass the checks the best one is taken: that whose
    score times its agreement with the others is highest.

    Attributes:
        draws: how many answers.
        agreements: of answers to one prompt, see `agreements`.
        scores: of texts about the picture at hand, above 0, higher is better; None where there is no scorer.
    """

    draws: int
    agreements: Callable[[Sequence[str]], Sequence[float]]
    scores: Callable[[Sequence[str]], Awaitable[Sequence[float]]] | None = None


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
        for place, tries in (await _ranked(given, best)).items():
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


def drawn(question: Question, draws: int) -> list[Question]:
    """The same question several times; a seed of the sampling, which would make all answers alike, moves."""
    asked = [question]
    for draw in range(2, draws + 1):
        sampling = dict(question.prompt.sampling)
        if "seed" in sampling:
            sampling["seed"] = int(sampling["seed"]) + draw - 1
        asked.append(replace(question, prompt=replace(question.prompt, sampling=sampling), draw=draw))
    return asked


async def _ranked(given: Sequence[tuple[int, Answer]], best: BestOf | None) -> dict[int, list[Answer]]:
    """The answers of an attempt by the place of their question, the one that is taken last.

    It is the best of the good ones, of equals the first. Where none is good, answers with a fault that a
    model can mend come after those that the engine could not give.
    """
    tries: dict[int, list[Answer]] = defaultdict(list)
    for place, answer in given:
        tries[place].append(answer)
    compared = await _compared(tries, best) if best else tries
    return {place: _best_last(own) for place, own in compared.items()}


async def _compared(tries: Mapping[int, Sequence[Answer]], best: BestOf) -> dict[int, list[Answer]]:
    """The answers, the good ones with their scores and agreements."""
    good = [[answer for answer in own if lacking([answer]) is None] for own in tries.values()]
    texts = [[_text(answer) for answer in own] for own in good]
    every = [text for own in texts for text in own]
    scores = iter(await best.scores(every) if best.scores and every else ())
    found = {
        id(answer): replace(answer, score=next(scores, None), agreement=agreement)
        for own, told in zip(good, texts, strict=True)
        for answer, agreement in zip(own, best.agreements(told), strict=True)
    }
    return {place: [found.get(id(answer), answer) for answer in own] for place, own in tries.items()}


def _best_last(tries: Sequence[Answer]) -> list[Answer]:
    def worth(answer: Answer) -> tuple[bool, bool, float, int]:
        good = lacking([answer]) is None
        return good, not answer.reply.fault, _worth(answer), -answer.question.draw

    *others, last = sorted(tries, key=worth)
    why = f"the best of {len(tries)} answers has {_figures(last)}, this one "
    told = [replace(a, outscored=f"{why}{_figures(a)}") if lacking([a]) is None else a for a in others]
    return [*told, last]


def _worth(answer: Answer) -> float:
    agreement = 0.0 if answer.agreement is None else answer.agreement
    return agreement if answer.score is None else agreement * answer.score


def _figures(answer: Answer) -> str:
    score = "" if answer.score is None else f"score {answer.score:.6g} and "
    return f"{score}agreement {answer.agreement or 0:.6g}"


def _text(answer: Answer) -> str:
    return " ".join(answer.reading.texts.values())


def asked_again(first: Question, number: int, fault: Fault) -> Question:
    prompt = replace(first.prompt, text=again(first.prompt.text, fault.code, fault.detail))
    return replace(first, prompt=prompt, number=number)


def giver(answers: Sequence[Answer], name: str) -> Answer | None:
    """The first answer with a text that can be used: what was good once is kept, if nothing outscored it."""
    good = (one for one in answers if one.reading.fault_of(name) is None and not one.outscored)
    return next(good, None)


def lacking(answers: Sequence[Answer]) -> Fault | None:
    """Why the last answer did not bring the first of the texts that are still lacking; None if none is."""
    last = answers[-1]
    names = (name for name in last.question.texts if giver(answers, name) is None)
    return next((last.reading.fault_of(name) for name in names), None)


def _worth_asking(answers: Sequence[Answer]) -> bool:
    """Not if the engine refused, or a model was told once already of a fault that it will not leave off."""
    tries = list({answer.question.number: answer for answer in answers}.values())  # the last of each attempt
    *before, last = tries
    fault = lacking(tries)
    if last.reply.fault or fault is None:
        return False
    told = [lacking(tries[: place + 1]) for place in range(len(before))]
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
