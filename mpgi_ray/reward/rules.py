"""Rewards of replies by rules, for people's own reinforcement learning, as in ScoreRS (arXiv 2503.00743).

A reply is ``<think>…</think> <answer>…</answer>``, and nothing else. One that keeps this form is worth
`FORMAT` for it, and the rest by its answer; one that does not is worth nothing.
"""

from __future__ import annotations

import math
import re

from mpgi_ray.data.box import Box

FORMAT = 0.3  # of the whole reward
STEEPNESS = 0.2  # of `better_than`
HIT = 0.5  # IoU above which a box is found, and what that is worth
_TIERS = (0.8, 0.5), (0.7, 0.2), (0.6, 0.1)  # IoU above which it is worth so much more
_FORM = re.compile(r"<think>.*?</think>\s*<answer>(?P<answer>.*?)</answer>", re.DOTALL)
_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
_BOX = re.compile(rf"\[{','.join([_NUMBER] * 4)}\]")
_WHOLE = 1000  # what a box from 0 to 1 is measured in


def answer_of(reply: str) -> str | None:
    """The answer of a reply that keeps the form; None if it does not."""
    found = _FORM.fullmatch(reply)
    return found["answer"] if found else None


def reward(reply: str, right: float) -> float:
    """What a reply is worth: `FORMAT` for its form, and the rest by what its answer is worth, from 0 to 1."""
    return 0.0 if answer_of(reply) is None else FORMAT + (1 - FORMAT) * right


def exact(answer: str, truth: str) -> float:
    """1 if an answer is the true one but for case, spaces and full stops, else 0."""
    return float(_plain(answer) == _plain(truth))


def boxes_in(text: str) -> list[Box]:
    """The boxes that a text lists as ``[x1, y1, x2, y2]``; those from 0 to 1 are taken as thousandths."""
    found = [Box(*map(float, numbers)) for numbers in _BOX.findall(text)]
    return [Box(*(_WHOLE * side for side in box)) if max(box) <= 1 else box for box in found]


def found_boxes(answer: str, truth: str, *, bonus_for_each: bool = False) -> float:
    """How well boxes are found, in order: `HIT` for each with an IoU above that, and up to as much again for
    a close one; the mean over boxes, hence from 0 to 1. 0 if there are more or fewer than the true ones.

    Args:
        bonus_for_each: as the authors count: the second half is not divided by the number of boxes, so that
            two perfect boxes are worth 1.5.
    """
    given, true = boxes_in(answer), boxes_in(truth)
    if not true or len(given) != len(true):
        return 0.0
    overlaps = [one.iou(other) for one, other in zip(given, true, strict=True)]
    hits = sum(HIT for overlap in overlaps if overlap > HIT)
    bonus = sum(next((worth for least, worth in _TIERS if overlap > least), 0.0) for overlap in overlaps)
    return hits / len(true) + (bonus if bonus_for_each else bonus / len(true))


def better_than(score: float, reference: float) -> float:
    """1 − exp(−0.2 d) where an answer is scored by d above a reference, else 0."""
    return 1 - math.exp(-STEEPNESS * (score - reference)) if score > reference else 0.0


def _plain(text: str) -> str:
    return re.sub(r"[\s.]", "", text.lower())
