"""Several answers to the same question, and the best of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mpgi_ray.asking.answers import Answer, Question, lacking


@dataclass(frozen=True, slots=True)
class BestOf:
    """Every attempt asks for several answers; of those that pass the checks the best one is taken: that whose
    score times its consensus with the others is highest.

    Attributes:
        draws: how many answers.
        consensus: of answers to one prompt, see `consensus.consensus`.
        scores: of texts about the picture at hand, above 0, higher is better; None where there is no scorer.
    """

    draws: int
    consensus: Callable[[Sequence[str]], Sequence[float]]
    scores: Callable[[Sequence[str]], Awaitable[Sequence[float]]] | None = None


def drawn(question: Question, draws: int) -> list[Question]:
    """The same question several times; a seed of the sampling, which would make all answers alike, moves."""
    asked = [question]
    for draw in range(2, draws + 1):
        sampling = dict(question.prompt.sampling)
        if "seed" in sampling:
            sampling["seed"] = int(sampling["seed"]) + draw - 1
        asked.append(replace(question, prompt=replace(question.prompt, sampling=sampling), draw=draw))
    return asked


async def ranked(given: Sequence[tuple[int, Answer]], best: BestOf | None) -> dict[int, list[Answer]]:
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
    """The answers, the good ones with their scores and their consensus."""
    good = [[answer for answer in own if lacking([answer]) is None] for own in tries.values()]
    texts = [[_text(answer) for answer in own] for own in good]
    every = [text for own in texts for text in own]
    scores = iter(await best.scores(every) if best.scores and every else ())
    found = {
        id(answer): replace(answer, score=next(scores, None), consensus=agreed)
        for own, told in zip(good, texts, strict=True)
        for answer, agreed in zip(own, best.consensus(told), strict=True)
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
    agreed = 0.0 if answer.consensus is None else answer.consensus
    return agreed if answer.score is None else agreed * answer.score


def _figures(answer: Answer) -> str:
    score = "" if answer.score is None else f"score {answer.score:.6g} and "
    return f"{score}consensus {answer.consensus or 0:.6g}"


def _text(answer: Answer) -> str:
    return " ".join(answer.reading.texts.values())
