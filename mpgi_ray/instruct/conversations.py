"""Questions about a picture as conversations of one turn or more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.kinds.count import COUNT
from mpgi_ray.instruct.kinds.describing import LONG, SHORT
from mpgi_ray.instruct.kinds.presence import YES
from mpgi_ray.instruct.known import Candidate


def conversations(asked: Sequence[Candidate], turns: int, seed: str) -> Iterator[tuple[Turn, ...]]:
    """The turns of each conversation about a picture.

    What is asked about one class stands together; there the second question may be short (*How many are
    there?*), and the first answer does not tell it. A description comes first in its conversation.

    Args:
        turns: of a conversation at most; each has 1 up to so many, by hash.
        seed: of the picture.
    """
    left = _together(asked)
    while left:
        size = 1 + _number(f"{seed}/{len(left)}") % turns
        yield _turns(left[:size])
        left = left[size:]


def _together(asked: Sequence[Candidate]) -> list[Candidate]:
    """By the class that is asked about, in the order in which classes come first; presence leads."""
    first: dict[str, int] = {}
    for place, one in enumerate(asked):
        first.setdefault(one.about, place)
    return sorted(asked, key=lambda one: (first[one.about], one.turn.kind != "presence"))


def _turns(asked: Iterable[Candidate]) -> tuple[Turn, ...]:
    ordered = sorted(asked, key=lambda one: one.turn.kind not in (SHORT, LONG))
    turns: list[Turn] = []
    counted = {one.about for one in ordered if one.turn.kind == COUNT}
    there = ""  # the class of which the turn before said that it is there
    for one in ordered:
        turn, truth = one.turn, one.turn.truth
        if one.follow and one.about == there:
            turn = replace(turn, question=one.follow)
        if truth.get("present") and one.about in counted:
            turn = replace(turn, answer=YES)  # and not how many: that is asked for
        turns.append(turn)
        there = one.about if truth.get("present") or truth.get("count") else ""
    return tuple(turns)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
