"""All questions that may be asked about a picture."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, get_args

from mpgi_ray.instruct.box_text import BoxText
from mpgi_ray.instruct.kinds import count, describing, grounding, position, presence, relation, share
from mpgi_ray.instruct.known import Candidate, Known

Kind = Literal[
    "describe_short",
    "describe_long",
    "classification",
    "presence",
    "count",
    "comparison",
    "position",
    "box",
    "relation",
    "grounding",
    "share",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


def candidates(known: Known, kinds: Collection[str], each: int, writes: BoxText) -> Iterator[Candidate]:
    """The questions of some kinds, at most one in the same words.

    Args:
        each: how many of a kind at most; of presence and count there are more, for `chosen` to balance.
        writes: boxes.
    """
    said: set[str] = set()
    for one in _all(known, each, writes):
        if one.turn.kind in kinds and one.turn.question not in said:
            said.add(one.turn.question)
            yield one


def _all(known: Known, each: int, writes: BoxText) -> Iterator[Candidate]:
    yield from describing.asked(known, each)
    yield from describing.scene_asked(known, each)
    yield from presence.asked(known, each)
    yield from count.asked(known, each)
    yield from count.more_asked(known, each)
    yield from position.asked(known, each)
    yield from relation.asked(known, each)
    yield from share.asked(known, each)
    yield from grounding.asked(known, each, writes)
    yield from grounding.phrase_asked(known, each, writes)
