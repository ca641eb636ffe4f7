"""What an engine is sent: the question, with what was asked and answered before, and how to answer."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from mpgi_ray.data.image import Picture
from mpgi_ray.data.instructions import Conversation
from mpgi_ray.engines.base import Prompt
from mpgi_ray.evaluate.asked.box import BoxScale
from mpgi_ray.evaluate.asked.marking import BOXED


def prompt_of(
    conversation: Conversation,
    place: int,
    picture: Picture | None,
    sampling: Mapping[str, Any],
    scale: tuple[BoxScale, bool],
) -> Prompt:
    """The prompt of one turn of a conversation.

    Earlier turns stand before the question with their true answers, so that each turn is judged by itself.

    Args:
        place: of the turn.
        picture: None asks without it.
        scale: see `scale_of`.
    """
    turn = conversation.turns[place]
    before = "".join(
        f"Question: {one.question}\nAnswer: {one.answer}\n\n" for one in conversation.turns[:place]
    )
    lines = [f"{before}{'Question: ' if before else ''}{turn.question}"]
    if turn.choices:
        lines += [
            f"{letter}. {one}" for letter, one in zip(string.ascii_uppercase, turn.choices, strict=False)
        ]
        lines.append("Answer with the letter of the right choice alone.")
    elif turn.kind in BOXED and not scale[1]:
        lines.append(f"Answer with the box as [x1, y1, x2, y2] {scale[0].words}.")
    text = "\n".join(lines)
    return Prompt("question", text, conversation.sample_id, picture, sampling=sampling)
