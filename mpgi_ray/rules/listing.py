"""Groups of things as one list, each with its arrangement and place: nobody reads one's as another's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from mpgi_ray.rules.english import enumerate_


class Item(NamedTuple):
    """A group in a list: ``nine red cars``, ``in two rows``, ``in the left half``."""

    what: str
    arranged: str = ""
    place: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def listed(items: Sequence[Item]) -> str:
    """``two vans and three sheds on the left``, ``six vans, and three sheds on the left``.

    A place that all have is said once; a comma keeps one from what has none. Items with commas of
    their own, as some labels have, are kept apart by semicolons.
    """
    if len(items) > 1 and len({one.place for one in items}) == 1 and items[0].place:
        every = enumerate_([str(one._replace(place="")) for one in items])
        return f"{every}{', all' if len(items) > 2 else ''} {items[0].place}"
    together = _together(items)  # not before what has no place; a comma keeps it from what is before it
    if all(one.place for one in items) or together[:-1] == [*items[: len(together) - 1]]:
        items = together
    told = [str(one) for one in items]
    if any("," in one for one in told):
        return "; ".join(told)
    alone = (
        len(items) > 1
        and bool(items[-1].place or items[-1].arranged)
        and items[-2] == (items[-2].what, "", "")
    )
    return enumerate_(told, serial=alone or (len(told) > 1 and any(" and " in one for one in told)))


def _together(items: Sequence[Item]) -> list[Item]:
    """Neighbours that share a place as one: ``two barges and a bridge in the right half``."""
    told: list[Item] = []
    for place, some in groupby(items, key=lambda one: "" if one.arranged else one.place):
        alike = list(some)
        told += [Item(enumerate_([one.what for one in alike]), place=place)] if place else alike
    return told
