"""The one layout of a picture, questions and answers, in which a model learns and is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]


def messages(question: str, answer: str, *, picture: bool = True) -> list[Message]:
    """A conversation for a chat template: the picture, then the question, then the answer that is scored.

    The authors of ScoreRS train with the picture first and serve with it last, and leave it out on one side
    of pairs whose pictures are embedded; here it is the first part always, on both sides.

    Args:
        question: empty where the answer is a caption.
        picture: whether there is one.
    """
    return turns([(question, answer)], picture=picture)


def turns(told: Sequence[tuple[str, str]], *, picture: bool = True) -> list[Message]:
    """A conversation of several questions with their answers; the picture is the first part of the first."""
    made: list[Message] = []
    for place, (question, answer) in enumerate(told):
        shown = [{"type": "image"}] * (picture and not place)
        made += [
            {"role": "user", "content": [*shown, {"type": "text", "text": question}]},
            {"role": "assistant", "content": [{"type": "text", "text": answer}]},
        ]
    return made
