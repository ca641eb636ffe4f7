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


async def ranked(
    given: Sequence[tuple[int, Answer]], before: Sequence[Sequence[Answer]], best: BestOf | None
) -> dict[int, list[Answer]]:
    """The answers of an attempt by the place of their question, the one that is taken last.

    It is the best of the good ones, of equals the first. Where none is good, answers with a fault that a
    model can mend come after those that the engine could not give.

    Args:
        before: the answers of earlier attempts by place: an answer is good if it brings what these lack.
    """
    if best is None:  # one answer each
        return {place: [answer] for place, answer in given}
    tries: dict[int, list[Answer]] = defaultdict(list)
    for place, answer in given:
        tries[place].append(answer)
    good = {
        place: [answer for answer in own if lacking([*before[place], answer]) is None]
        for place, own in tries.items()
    }
    good = await _compared(good, best)
    return {place: _best_last(good[place], own) for place, own in tries.items()}


async def _compared(good: Mapping[int, Sequence[Answer]], best: BestOf) -> dict[int, list[Answer]]:
    """Good answers with their scores and their consensus."""
    texts = {place: [_text(answer) for answer in own] for place, own in good.items()}
    every = [text for own in texts.values() for text in own]
    scores = iter(await best.scores(every) if best.scores and every else ())
    return {
        place: [
            replace(answer, score=next(scores, None), consensus=agreed)
            for answer, agreed in zip(own, best.consensus(texts[place]), strict=True)
        ]
        for place, own in good.items()
    }


def _best_last(good: Sequence[Answer], tries: Sequence[Answer]) -> list[Answer]:
    """All answers to a question at one attempt."""
    draws = {answer.question.draw for answer in good}
    lacking_some = [answer for answer in tries if answer.question.draw not in draws]
    lacking_some.sort(key=lambda answer: (not answer.reply.fault, -answer.question.draw))
    if not good:
        return lacking_some
    *others, last = sorted(good, key=lambda answer: (_worth(answer), -answer.question.draw))
    why = f"the best of {len(tries)} answers has {_figures(last)}, this one "
    return [*lacking_some, *(replace(a, outscored=f"{why}{_figures(a)}") for a in others), last]


def _worth(answer: Answer) -> float:
    agreed = 0.0 if answer.consensus is None else answer.consensus
    return agreed if answer.score is None else agreed * answer.score


def _figures(answer: Answer) -> str:
    score = "" if answer.score is None else f"score {answer.score:.6g} and "
    return f"{score}consensus {answer.consensus or 0:.6g}"


def _text(answer: Answer) -> str:
    return " ".join(answer.reading.texts.values())
