"""The boxes that answers and replies name, as things to draw over a picture."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mpgi_ray.data.sample import Box, Object
from mpgi_ray.data.text import clean_name, shortened
from mpgi_ray.report.questions.question import Question

_LONGEST = 80  # characters of a label
_FAR = 100  # shares: what is farther off is no box of the picture


def boxes_of(questions: Iterable[Question], width: int, height: int) -> list[Object]:
    """Boxes in pixels of a picture of ``width`` × ``height``; what is no box of it is left out.

    Answers and replies are labelled as such: ``answer: the leftmost car``.
    """
    found = {}
    for question in questions:
        truth, reply = question.turn.truth, question.reply
        said = _named(truth) or question.turn.kind
        told = {"answer": truth.get("box")}
        if reply is not None and reply.iou is not None:
            told["reply"] = _parsed(reply.read)
        for whose, value in told.items():
            if box := _box(value, width, height):
                label = shortened(clean_name(f"{whose}: {said}"), _LONGEST)
                found[label, box] = Object(label=label, box=box)
    return list(found.values())


def _named(truth: Any) -> str:
    names = truth.get("names")
    phrase = truth.get("phrase") or (names[0] if isinstance(names, list) and names else "")
    return phrase if isinstance(phrase, str) else ""


def _parsed(read: str | None) -> Any:
    try:
        return json.loads(read or "null")
    except ValueError:
        return None


def _box(value: Any, width: int, height: int) -> Box | None:
    """Shares of the picture as pixels; tables of other programs may hold anything."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(one, int | float) and abs(one) <= _FAR for one in value):  # which NaN is not
        return None
    x1, y1, x2, y2 = value
    box = Box(x1 * width, y1 * height, x2 * width, y2 * height).clipped(width, height)
    return box if box.area > 0 else None
