"""What "it" and "them", and numbers alone, may stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mpgi_ray.truth.leading import is_had, leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_ARTICLES = ("a", "an", "the", "this", "another")
_IN_PHRASE = (Kind.WORD, Kind.COLOUR, Kind.AMOUNT, Kind.LEADING, Kind.GROUP)


def antecedents(line: Line, at: int, *, several: bool, but: str = "") -> list[Noun]:
    """The things that a pronoun at a piece may stand for, the nearest first; none if one may have no name.

    Args:
        several: of "them".
        but: the name of what lies at it, which is another one.
    """
    before = [noun for noun in line.nouns if noun.at < at and not noun.denied and noun.name != but]
    found = {noun.name: noun for noun in before if noun.plural == several}
    if any(is_unnamed(line, here, at) and not (several and _is_one(line, here)) for here in range(at)):
        return []
    owner = next((noun for noun in line.nouns if noun.at < at), None)
    if owner and owner.name in found and line.text(owner.at + 1) in ("has", "have", "with"):
        return [found[owner.name]]  # the shed has a road on its left and tanks below it
    if not found and line.told and not before and line.told.plural == several and line.told.name != but:
        return [replace(line.told, at=at, first=at)]
    return list(found.values())[::-1]


def _is_one(line: Line, here: int) -> bool:
    """Whether an article names a single thing behind "on": ``on the pad`` is not "them"."""
    return line.text(here - 1) in ("on", "in", "at") and not line.text(here + 1).endswith("s")


def counted(line: Line, at: int) -> Noun | None:
    """The things of a bare number, ``three`` in ``of the five barges, three``; None if they may be others."""
    amount = line.parts[at]
    if amount.kind is not Kind.AMOUNT or any(noun.first <= at <= noun.at for noun in line.nouns):
        return None
    before = [noun for noun in line.nouns if noun.at < at and not noun.denied and noun.plural]
    before = [noun for noun in before if not (leads_away(line, noun) or is_had(line, noun))] or before
    if not before and line.told and line.told.plural:
        before = [line.told]
    names: Sequence[str] = sorted({noun.name for noun in before})
    if len(names) != 1 or any(is_unnamed(line, here, at) for here in range(at)):
        return None
    return replace(before[0], at=at, first=at, amount=amount.value, some=True)


def is_unnamed(line: Line, here: int, end: int) -> bool:
    """Whether an article begins to name a thing that has no name here: ``a chapel``."""
    if line.text(here) not in _ARTICLES:
        return False
    after = here + 1
    while after < end and line.kind(after) in _IN_PHRASE and line.text(after) != "of":
        after += 1
    if after == here + 1 or line.kind(after) in (Kind.THING, Kind.PICTURE):
        return False
    last = line.text(after - 1)
    return line.kind(after - 1) is not Kind.GROUP and last not in (*lists()["sites"], *lists()["holding"])
