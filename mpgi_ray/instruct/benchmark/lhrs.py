"""A benchmark in the JSON of LHRS-Bench (Muhtar et al. 2024), which other programs read.

``qtype`` names the types as ``1 presence``. Each picture has ``filename`` and ``qa_pairs``; each of these has
``question``, ``choices`` as one text (``A. car B. bus``), ``answer`` (``A.``) and ``type``, a list of ids.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from typing import Any

from mpgi_ray.data.instructions import Conversation, Turn

LHRS = "lhrs_bench.json"


def as_lhrs(conversations: Iterable[Conversation], files: Mapping[str, str]) -> dict[str, Any]:
    """The questions with choices of some conversations.

    Args:
        files: the name of each picture's file, by its ``sample_id``.
    """
    asked: dict[str, list[Turn]] = {}
    for one in conversations:
        asked.setdefault(one.sample_id, []).extend(turn for turn in one.turns if turn.choices)
    kinds = sorted({turn.kind for turns in asked.values() for turn in turns})
    numbers = {kind: str(number) for number, kind in enumerate(kinds, 1)}
    return {
        "qtype": {f"{number} {kind}": kind for kind, number in numbers.items()},
        "data": [
            {"filename": files[sample_id], "qa_pairs": [_pair(turn, numbers) for turn in turns]}
            for sample_id, turns in asked.items()
            if turns
        ],
    }


def _pair(turn: Turn, numbers: Mapping[str, str]) -> dict[str, Any]:
    letters = string.ascii_uppercase
    return {
        "question": turn.question,
        "choices": " ".join(f"{letters[at]}. {choice}" for at, choice in enumerate(turn.choices)),
        "answer": f"{letters[turn.choices.index(turn.answer)]}.",
        "type": [numbers[turn.kind]],
    }
