"""What an engine is sent: the question, with what it refers to, and how to answer."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

from mpgi_ray.data.image import Picture
from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.engines.base import Prompt
from mpgi_ray.evaluate.asked.box import BoxScale
from mpgi_ray.evaluate.asked.marking import BOXED
from mpgi_ray.rules.lexicon import several


def prompt_of(
    conversation: Conversation,
    place: int,
    picture: Picture | None,
    sampling: Mapping[str, Any],
    scale: tuple[BoxScale, bool],
) -> Prompt:
    """The prompt of one turn of a conversation.

    Each turn is judged by itself. Only where its question does not name what it asks about (*How many are
    there?*), the turns since the one that does stand before it with their true answers: others may tell what
    is asked, as a description tells the scene.

    Args:
        place: of the turn.
        picture: None asks without it.
        scale: see `scale_of`.
    """
    turn = conversation.turns[place]
    before = "".join(
        f"Question: {one.question}\nAnswer: {one.answer}\n\n" for one in _referred(conversation.turns, place)
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


def _referred(turns: Sequence[Turn], place: int) -> Sequence[Turn]:
    """The turns before one that its question refers to; none if it names itself what it asks about."""
    names = turns[place].truth.get("names", ())
    words = [word.lower() for name in names[:1] for word in (name, several(name))]
    for first in range(place, -1, -1):
        if not words or any(word in turns[first].question.lower() for word in words):
            return turns[first:place]
    return turns[:place]
