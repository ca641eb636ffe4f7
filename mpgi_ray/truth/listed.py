"""Lists of parts of the picture, and of the things in one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from mpgi_ray.truth.line import PARTS, Line
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.places import Region


def goes_on(line: Line, at: int, others: Collection[int] = ()) -> bool:
    """Whether another part of the picture stands before this one in a list.

    Args:
        others: what only looks like one: from the centre.
    """
    if line.text(at + 1) == "there":
        return False  # and in the upper half there is none
    first = at - 1
    while line.text(first) in (",", "and", ":"):
        first -= 1
    return first < at - 1 and line.kind(first) is Kind.PLACE and first not in others


def is_last(line: Line, at: int) -> bool:
    """Whether nothing follows that may lie there instead: the list goes on, or the clause ends."""
    here = at + 1
    while line.text(here) in (",", "and"):
        here += 1
    return line.text(here) in ("", ".", ";", "among") or (here > at + 1 and line.kind(here) is Kind.PLACE)


def listed_with(line: Line, at: int, owner: int) -> Iterator[int]:
    """The further things of a list that a part of the picture holds: its centre has a car and two trucks.

    Otherwise those that are denied: in the centre there is a car but no truck, it is free of cars and trucks.
    """
    verbs = {line.text(here) for here in range(at + 1, owner)}
    holds = not verbs.isdisjoint(("hold", "holds", "contain", "contains", "has", "have", "show", "shows"))
    if owner < at:
        return
    things = [noun for noun in line.nouns if noun.at >= owner]
    for before, noun in pairwise(things):
        between = [line.text(here) for here in range(before.at + 1, noun.first)]
        joined = between in ([","], ["and"], [",", "and"])
        joined |= noun.denied and between in ([], ["but"], [",", "but"], ["or"])
        if not joined:
            return
        if holds or noun.denied:
            yield noun.at


def is_mostly(line: Line, region: Region) -> bool:
    """``six cars are mostly on the left``."""
    return any(
        part.value is region and line.text(at - 1) in lists()["leading"] for at, part in enumerate(line.parts)
    )


def is_listed(line: Line, region: Region) -> bool:
    """Whether further parts of the picture follow: at the top and on the right."""
    at = next((here for here, part in enumerate(line.parts) if part.value is region), None)
    if at is None:  # of a site
        return False
    # two on the left, three on the right: a number of its own
    end = next((n for n in (1, 2, 3) if line.kind(at + n) is Kind.AMOUNT), 4)
    after = (at + n for n in range(1, end))
    return line.text(at + 1) in (",", "and", "or") and any(
        line.kind(n) is Kind.PLACE or line.text(n) in PARTS for n in after
    )
