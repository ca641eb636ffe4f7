"""Phrases and sentences about the classes of objects: number, colour, place and arrangement together."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import groupby

from mpgi_ray.rules import phrases, surfaces
from mpgi_ray.rules.english import enumerate_, number, sentence
from mpgi_ray.rules.facts import ClassFact, CoverFact, Facts
from mpgi_ray.rules.lexicon import is_mass
from mpgi_ray.rules.surfaces import MIN_COVER

_SEEN = 0.6  # of the objects of a class whose colour is clear, where colours of some are told
_MOST = 0.6  # of all objects of a class have a colour, where most are said to have it
_SINGLE = ("one ", "a ", "an ", "this ")


def group(facts: Facts, c: ClassFact, told: int = 0) -> str:
    """``four blue buses``, ``at least three white cars``, ``a group of people``.

    Args:
        told: 0 for the words of a perspective, 1 for those of an integrated text.
    """
    if not c.total:
        return phrases.group(c)
    return phrases.amount_told(c, _colour(facts, c), again=told == 1)


def _colour(facts: Facts, c: ClassFact) -> str:
    seen = facts.colour(c)
    return seen.colour if seen and not phrases.is_undercount(c) else ""


def some(facts: Facts, c: ClassFact) -> str | None:
    """``Most of the cars are white``, ``At least two of the buses are white and one red``.

    Colours that not all have. Where they are seen of few, nothing is told of their number, for the others
    may look the same: ``Some of the cars are white``.
    """
    told, everything = facts.some_colours(c), c.total + c.left_out
    if not c.countable or c.total < 2 or not told:
        return None
    (first, *others), clear = told, sum(t.agreeing for t in told)
    if clear < _SEEN * everything:
        several = [t.colour for t in told if t.agreeing > 1]
        if not several:
            return sentence(f"one of the {c.several} is {first.colour}")
        return sentence(" and some ".join([f"some of the {c.several} are {several[0]}", *several[1:]]))
    all_clear = c.exact and clear == c.total
    most = c.complete and not c.groups and first.agreeing > _MOST * everything and not all_clear
    amount = "most" if most else f"{'' if all_clear else 'at least '}{number(first.agreeing)}"
    said = f"{amount} of the {c.several} {'is' if first.agreeing == 1 else 'are'} {first.colour}"
    least = "at least " if most else ""  # which stands before the first number only
    return sentence(" and ".join([said, *(f"{least}{number(t.agreeing)} {t.colour}" for t in others)]))


def again(c: ClassFact) -> str:
    """A class that was told with its number before: ``these cars``."""
    if not c.countable or not c.total:
        return f"the {c.several}"
    return f"this {c.name}" if c.total == 1 else f"these {c.several}"


def is_one(amount: str) -> bool:
    """Whether a phrase takes a verb in the singular."""
    return amount.startswith(_SINGLE) or is_mass(amount.removeprefix("some ").removeprefix("the "))


def looks(facts: Facts, c: ClassFact, told: int) -> str | None:
    """A sentence on the look of a class: colour, shape or size in metres, what lies around, direction.

    An integrated text has told the colour with the number before.
    """
    if not c.total or phrases.is_undercount(c):  # nothing is known of most of them
        return None
    seen, form = facts.colour(c), phrases.shape(c.form) if c.form else []
    colour = seen.colour if seen and not told else ""
    ground = f"on {seen.ground} ground" if seen and seen.ground else ""
    way = phrases.way(c.form.direction) if c.form and c.form.direction else ""
    subject = again(c) if told else phrases.amount_told(c)
    one = is_one(subject)
    sides = f"{'its long side' if one else 'their long sides'} running {way}"
    axis = f"with {sides}" if way else ""
    if colour and subject.startswith(("a ", "an ")):  # "a van is yellow" would be said of every van
        there = f"there is {phrases.amount_told(c, colour)} {ground}".strip()
        return sentence(", ".join(filter(None, (there, *form, axis))))
    look = enumerate_([*([colour] if colour else []), *form])
    if said := ", ".join(filter(None, (look, ground, axis if look or ground else ""))):
        return sentence(f"{subject} {'is' if one else 'are'} {said}")
    return sentence(f"{subject} {'has' if one else 'have'} {sides}") if way else None


def covers(
    facts: Facts, verbs: tuple[str, str], whole: str, *, told: Collection[CoverFact] = ()
) -> str | None:
    """``Water covers about half of the image; forest and a bridge a small part each.``

    Args:
        verbs: in the singular and in the plural.
        told: those that the text named before.
    """
    seen = [c for c in facts.cover if c.fraction >= MIN_COVER]
    said: list[str] = []
    some: list[CoverFact] = []
    for share, group_ in groupby(seen, key=lambda c: surfaces.share_of(c)):
        alike = list(group_)
        names = [told_again(facts, c) if c is seen[0] else surfaces.surface(c) for c in alike]
        names = [definite(name) if c in told else name for name, c in zip(names, alike, strict=True)]
        many = len(names) > 1
        if said and share == surfaces.SOME:
            some += [c for c in alike if c not in told]
        elif said:
            said.append(f"{enumerate_(names)} {share}{' each' if many else ''}")
        else:
            verb = f"each {verbs[1]}" if many else verbs[surfaces.is_plural(alike[0])]
            said.append(f"{enumerate_(names)} {verb} {share} of {whole}")
    if not said:
        return None
    if some:
        be = "are" if len(some) > 1 or surfaces.is_plural(some[0]) else "is"
        return sentence(
            "; ".join((*said, f"also seen {be} {enumerate_([surfaces.surface(c) for c in some])}"))
        )
    return sentence("; ".join(said) if any(" and " in one for one in said) else enumerate_(said))


def definite(name: str) -> str:
    """``the building`` of ``a building``, which was named before; the rest stays."""
    return re.sub("^an? ", "the ", name)


def told_again(facts: Facts, c: CoverFact) -> str:
    """A cover as a subject: with an article where nothing but the scene was told, and that is its name."""
    surface = surfaces.surface(c)
    if surface != phrases.scene(facts):
        return surface
    others = [o for o in facts.cover if o != c and o.fraction >= MIN_COVER]
    if others or facts.counted or facts.labels or facts.tags:
        return surface if surfaces.is_plural(c) or is_mass(c.name) else f"the {c.name}"
    return f"the {c.several if surfaces.is_plural(c) else c.name}"
