"""The one layout of a picture, a question and an answer, in which a scorer learns and is asked."""

from __future__ import annotations

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
    asked = [{"type": "image"}] * picture + [{"type": "text", "text": question}]
    return [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": [{"type": "text", "text": answer}]},
    ]
