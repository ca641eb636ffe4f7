"""Questions about a picture as conversations of one turn or more."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.instruct.chosen import Asked
from mpgi_ray.instruct.kinds.describing import LONG, SHORT


def conversations(
    asked: Iterable[Asked], sources: Mapping[str, str], turns: int, seed: int
) -> list[Conversation]:
    """The conversations about all pictures, ordered by picture.

    What is asked about one class stands together; there the second question may be short (*How many are
    there?*). A description comes first in its conversation.

    Args:
        sources: by sample id.
        turns: of a conversation at most; each has 1 up to so many, by hash.
    """
    of_picture: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        of_picture[one.sample_id].append(one)
    made = []
    for sample_id in sorted(of_picture):
        own = _together(of_picture[sample_id])
        while own:
            size = 1 + _number(f"{seed}/{sample_id}/{len(own)}") % turns
            part, own = own[:size], own[size:]
            source = sources.get(sample_id, "")
            made.append(Conversation(sample_id, _turns(part), source, part[0].split))
    return made


def _together(asked: Iterable[Asked]) -> list[Asked]:
    """By the class that is asked about, in the order in which classes come first; presence leads."""
    own = list(asked)
    first: dict[str, int] = {}
    for place, one in enumerate(own):
        first.setdefault(one.candidate.about, place)
    return sorted(own, key=lambda one: (first[one.candidate.about], one.kind != "presence"))


def _turns(asked: Iterable[Asked]) -> tuple[Turn, ...]:
    ordered = sorted(asked, key=lambda one: one.kind not in (SHORT, LONG))
    turns: list[Turn] = []
    there = ""  # the class of which the turn before said that it is there
    for one in ordered:
        turn, about = one.candidate.turn, one.candidate.about
        turns.append(
            replace(turn, question=one.candidate.follow) if one.candidate.follow and about == there else turn
        )
        there = about if turn.truth.get("present") or turn.truth.get("count") else ""
    return tuple(turns)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
