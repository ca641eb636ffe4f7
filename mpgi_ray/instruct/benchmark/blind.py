"""The image-free baseline: how many questions are answered rightly by somebody who reads and sees nothing.

A model of words learns which choices are true: from the words of a choice, alone and together with those of
the question, from its place among the choices, and from its rank where all are numbers. It learns from one
half of the questions, is asked the other one, and the reverse. Questions with the same words and choices are
dealt out in rounds, in each of which an answer is there once at most, so that both halves have the answers
that are frequent. Where the model is right more often than by chance, the questions give their answers away.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.instructions import Turn

_WORDS = 1 << 12  # into which features are hashed
_STEPS, _RATE, _DECAY = 60, 2.0, 1e-3
_MOST = 20_000  # questions of a kind that are looked at
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"(?:about )?(\d+)(?: %)?")


@dataclass(frozen=True, slots=True)
class Baseline:
    """Of the questions of a kind, what is reached without a picture.

    Attributes:
        questions: how many there are.
        chance: the share that is right where all choices are preferred alike.
        blind: the share that the model of words gets right.
        low, high: of ``blind``, its 95 % interval (Wilson 1927).
    """

    kind: str
    questions: int
    chance: float
    blind: float
    low: float
    high: float


def baselines(turns: Sequence[Turn]) -> list[Baseline]:
    """The baseline of each kind, by name. Only questions with choices are looked at."""
    asked = [turn for turn in turns if turn.choices]
    kinds = sorted({turn.kind for turn in asked})
    return [_baseline(kind, [turn for turn in asked if turn.kind == kind]) for kind in kinds]


def _baseline(kind: str, turns: Sequence[Turn]) -> Baseline:
    chance = math.fsum(1 / len(turn.choices) for turn in turns) / len(turns)
    looked_at = [turns[at] for at in sorted(range(len(turns)), key=_rounds(turns).__getitem__)[:_MOST]]
    right, count = blind_answers(looked_at).sum(), len(looked_at)
    return Baseline(kind, len(turns), chance, float(right / count), *_wilson(float(right), count))


def blind_answers(turns: Sequence[Turn]) -> NDArray[np.float64]:
    """How right the model of words is on each question, from 0 to 1; a tie of choices counts their share."""
    halves = np.array(_rounds(turns)) % 2
    found = np.zeros(len(turns))
    for half in (0, 1):
        learnt = _learn([turn for turn, own in zip(turns, halves, strict=True) if own != half])
        for at in np.flatnonzero(halves == half):
            # rounded: what sums in any order leave of nothing is nothing
            scores = np.array([learnt[cells].sum() for cells in _features(turns[at])]).round(4)
            best = scores == scores.max()
            found[at] = best[turns[at].choices.index(turns[at].answer)] / best.sum()
    return found


def _rounds(turns: Sequence[Turn]) -> list[int]:
    """A number of each question; those with the same words and choices have that of their round."""
    seen: Counter[str] = Counter()
    found = []
    for turn in turns:
        words = "\0".join((turn.question, *sorted(turn.choices)))
        answered = f"{words}\0{turn.answer}"
        seen[answered] += 1
        found.append(zlib.crc32(f"{words}\0{seen[answered]}".encode()))
    return found


def _features(turn: Turn) -> list[NDArray[np.int64]]:
    """Of each choice the cells of what it has."""
    numbers = [_NUMBER.fullmatch(choice) for choice in turn.choices]
    values = [int(match[1]) for match in numbers if match]
    question = sorted({*_WORD.findall(turn.question.lower())})
    found = []
    for place, choice in enumerate(turn.choices):
        own = [*_named(choice, question), f"at {place} of {len(turn.choices)}"]
        if len(values) == len(turn.choices):
            own.append(f"rank {sorted(values).index(values[place])} of {len(values)}")
        found.append(np.array([zlib.crc32(one.encode()) % _WORDS for one in own], np.int64))
    return found


def _named(choice: str, question: Sequence[str]) -> Iterator[str]:
    words = sorted({choice.lower(), *_WORD.findall(choice.lower())})
    yield from words
    yield from (f"{asked} {word}" for asked in question for word in words)


def _learn(turns: Sequence[Turn]) -> NDArray[np.float64]:
    """Weights of a logistic regression that prefers the true choice, by steps over all questions."""
    weights = np.zeros(_WORDS)
    if not turns:
        return weights
    features = [_features(turn) for turn in turns]
    cells = np.concatenate([own for of_turn in features for own in of_turn])
    sizes = np.array([len(own) for of_turn in features for own in of_turn])
    of_choice = np.repeat(np.arange(len(sizes)), sizes)
    of_turn = np.repeat(np.arange(len(turns)), [len(turn.choices) for turn in turns])
    true = np.concatenate([[choice == turn.answer for choice in turn.choices] for turn in turns])
    for _ in range(_STEPS):
        scores = np.bincount(of_choice, weights[cells], len(sizes))
        likely = np.exp(np.clip(scores, -30, 30))
        likely /= np.bincount(of_turn, likely)[of_turn]
        missed = (true - likely)[of_choice]
        gradient = np.bincount(cells, missed, _WORDS) / len(turns)
        weights += _RATE * (gradient - _DECAY * weights)
    return weights


def _wilson(right: float, count: int) -> tuple[float, float]:
    """The ends of the 95 % interval of a share (Wilson 1927)."""
    z, share = 1.959964, right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - reach, middle + reach
