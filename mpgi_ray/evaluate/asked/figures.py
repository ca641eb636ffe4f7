"""Figures of what an engine answered: a row for each kind of questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from mpgi_ray.data.answers import Answer
from mpgi_ray.data.instructions import Turn
from mpgi_ray.evaluate.asked.marking import BOXED, DESCRIBED
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.evaluate.captions.metrics import CaptionScores, score_texts
from mpgi_ray.evaluate.captions.words import words

Row: TypeAlias = dict[str, Any]


def kinds(answers: Sequence[Answer]) -> list[Row]:
    """Accuracy in per cent with its interval over pictures, by kind and at last of all kinds.

    Of boxes it is the share of all questions whose box overlaps the true one by more than half (IoU above
    0.5): a reply without a box is wrong. ``chance`` is what choosing at random reaches; None of open
    questions. ``unread`` counts the replies in which nothing was read, or two things.
    """
    marked = [one for one in answers if one.right is not None]
    found = [
        _row(kind, [one for one in marked if one.kind == kind]) for kind in sorted({m.kind for m in marked})
    ]
    return [*found, _row("all", marked)] if len(found) > 1 else found


def _row(kind: str, answers: Sequence[Answer]) -> Row:
    names, pictures = np.unique([one.sample_id for one in answers], return_inverse=True)
    right = np.array([bool(one.right) for one in answers], np.float64)
    by_picture = np.stack([np.bincount(pictures, right), np.bincount(pictures).astype(float)], axis=1)
    interval = bootstrap(by_picture, lambda drawn: np.asarray(100 * drawn[:, 0].sum() / drawn[:, 1].sum()))
    choices = [one.choices for one in answers]
    row: Row = {
        "kind": kind,
        "questions": len(answers),
        "pictures": len(names),
        "chance": round(100 * float(np.mean([1 / n for n in choices])), 2) if all(choices) else None,
        "accuracy": round(float(interval.value), 2),
        "accuracy_low": round(float(interval.low), 2),
        "accuracy_high": round(float(interval.high), 2),
        "unread": sum(one.read is None and one.fault is None for one in answers),
        "faults": sum(one.fault is not None for one in answers),
    }
    if kind in BOXED:
        row["mean_iou"] = round(float(np.mean([one.iou or 0.0 for one in answers])), 4)
    return row


def descriptions(answers: Sequence[Answer], asked: Sequence[Turn]) -> list[Row]:
    """Captioning figures of the descriptions against the answers of the questions, by kind.

    Args:
        asked: the question of each answer.
    """
    found = []
    for kind in DESCRIBED:
        pairs = [
            (one.read or "", [turn.answer])
            for one, turn in zip(answers, asked, strict=True)
            if one.kind == kind and words(turn.answer)
        ]
        if pairs:
            texts, references = zip(*pairs, strict=True)
            scores = score_texts(texts, references)
            found.append({"kind": kind, "questions": len(pairs), **_with_intervals(scores)})
    return found


def _with_intervals(scores: CaptionScores) -> Row:
    interval = bootstrap(scores.by_image(), scores.figures)
    told: Row = {}
    for at, name in enumerate(scores.names):
        ends = {"": interval.value, "_low": interval.low, "_high": interval.high}
        told |= {f"{name}{end}": round(float(values[at]), 4) for end, values in ends.items()}
    return told
