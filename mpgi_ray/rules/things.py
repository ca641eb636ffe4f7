"""Phrases and sentences about the classes of objects: number, colour, place and arrangement together."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import groupby

from mpgi_ray.rules import phrases, surfaces
from mpgi_ray.rules.english import enumerate_, number, sentence
from mpgi_ray.rules.facts import ClassFact, CoverFact, Facts
from mpgi_ray.rules.lexicon import hypernyms, is_mass
from mpgi_ray.rules.surfaces import MIN_COVER

_SEEN = 0.25  # of the objects of a class whose colour is clear, where colours of some are told
_PLAIN = {"white", "grey", "black", "beige", "brown"}  # by which nobody tells one thing among many
_FEW = 5  # of which nobody says "most"
_MOST = 0.6  # of all objects of a class have a colour, where most are said to have it
_LEAST_WORDS = 5  # of the answer to a perspective
_AGAIN = re.compile(r"\b([a-z][a-z -]*)\. (?:The \1|(?i:\1) water) (covers?|takes? up)\b")
_SINGLE = ("one ", "a ", "an ")


def group(facts: Facts, c: ClassFact) -> str:
    """``four blue buses``, ``at least three white cars``, ``a group of people``."""
    return phrases.amount_told(c, _colour(facts, c)) if c.total else phrases.group(c)


def _colour(facts: Facts, c: ClassFact) -> str:
    seen = facts.colour(c)
    return seen.colour if seen and not phrases.is_undercount(c) else ""


def some(facts: Facts, c: ClassFact) -> str | None:
    """``Most of the cars are white``, ``At least two of the buses are white and at least one is red``.

    Colours that not all have; of few among many only a strong one, by which they are known.
    """
    told, everything = facts.some_colours(c), c.total + c.left_out
    if sum(t.agreeing for t in told) < _SEEN * everything:
        told = tuple(t for t in told if t.colour not in _PLAIN)
    if not c.countable or c.total < 2 or not told:
        return None
    (first, *others), clear = told, sum(t.agreeing for t in told)
    all_clear = c.exact and clear == c.total
    most = c.complete and not c.groups and first.agreeing > max(_FEW, _MOST * everything) and not all_clear
    least = "" if all_clear else "at least "
    amount = "most" if most else f"{least}{number(first.agreeing)}"
    said = f"{amount} of the {c.several} {'is' if first.agreeing == 1 else 'are'} {first.colour}"
    further = (f"{least}{number(t.agreeing)} {'is' if t.agreeing == 1 else 'are'} {t.colour}" for t in others)
    return sentence(" and ".join([said, *further]))


def again(c: ClassFact) -> str:
    """A class that was told with its number before: ``the car``, ``these cars``."""
    if not c.countable or not c.total:
        return f"the {c.several}"
    return f"the {c.name}" if c.total == 1 else f"these {c.several}"


def is_one(amount: str) -> bool:
    """Whether a phrase takes a verb in the singular."""
    least = amount.removeprefix("at least ")
    return least.startswith(_SINGLE) or is_mass(least.removeprefix("some ").removeprefix("the "))


def looks(facts: Facts, c: ClassFact, *, told: bool = False) -> str | None:
    """A sentence on the look of a class: colour, shape or size in metres, direction, what lies around.

    Args:
        told: the text named the class with its number and colour before; what is alike is told of each one.
    """
    if not c.total or phrases.is_undercount(c):  # nothing is known of most of them
        return None
    seen, form = facts.colour(c), phrases.shape(c.form) if c.form else ""
    colour = seen.colour if seen and not told else ""
    way = f"oriented {phrases.way(c.form.direction)}" if c.form and c.form.direction else ""
    each = bool(told and c.exact and c.total > 1 and c.form and c.form.alike)
    # vessels lie on no ground, and not each thing need have the same
    aground = c.countable and not each and "vessel" not in hypernyms(c.name)
    ground = f"on {seen.ground} ground" if seen and seen.ground and aground else ""
    subject = f"each {c.name}" if each else again(c) if told else _all_of(c)
    one = each or (c.total == 1 if c.countable else is_mass(c.name))
    is_so = [look for look in (colour, form, way) if look]
    clauses = [*is_so, *([f"{'stands' if one else 'stand'} {ground}"] if ground else [])]
    if not clauses:
        return None
    serial = len(clauses) > 2 or any(" and " in clause for clause in clauses[:-1])
    said = f"{'is' if one else 'are'} " * bool(is_so) + enumerate_(clauses, serial=serial)
    short = not told and len(f"{subject} {said}".split()) < _LEAST_WORDS
    return sentence(f"{subject}{' in the image' if short else ''} {said}")


def _all_of(c: ClassFact) -> str:
    """``the bus``, ``the two buses``; ``at least two buses`` where there may be more."""
    if not c.countable:
        return f"the {c.several}"
    if c.total == 1:
        return f"at least one {c.name}" if c.left_out or c.groups else f"the {c.name}"
    return f"{'the ' if c.exact else ''}{phrases.amount_told(c)}"


def covers(
    facts: Facts, verbs: tuple[str, str], whole: str, *, told: Collection[CoverFact] = ()
) -> str | None:
    """``Water covers about half of the image and grass a third, with some roads and sand.``

    Args:
        verbs: in the singular and in the plural.
        told: those that the text named before.
    """
    # a cabin is the building
    things = {kind for c in facts.counted for kind in (c.name, *hypernyms(c.name))}
    seen = [c for c in facts.cover if c.fraction >= MIN_COVER and c.name not in things]
    said: list[str] = []
    little: dict[bool, list[CoverFact]] = {True: [], False: []}  # whether their shares are known
    for share, group_ in groupby(seen, key=lambda c: surfaces.share_of(c)):
        alike = list(group_)
        if said and (share == surfaces.SOME or share in surfaces.LITTLE):
            little[share != surfaces.SOME] += [c for c in alike if c not in told]
            continue
        names = [told_again(facts, c) if c is seen[0] else surfaces.surface(c) for c in alike]
        names = [definite(name) if c in told else name for name, c in zip(names, alike, strict=True)]
        many = len(names) > 1
        if said:
            said.append(f"{enumerate_(names)} {share}{' each' if many else ''}")
        else:
            verb = f"each {verbs[1]}" if many else verbs[surfaces.is_plural(alike[0])]
            said.append(f"{enumerate_(names)} {verb} {share} of {whole}")
    if not said:
        return None
    first = "; ".join(said) if any(" and " in one for one in said) else enumerate_(said)
    tail = f", with {_little(little[True])}" if little[True] else ""
    return " ".join([sentence(first + tail), *([also(little[False])] if little[False] else [])])


def _little(covers: Sequence[CoverFact]) -> str:
    """``some roads, grass and sand, and a pier``."""
    some = [surfaces.bare(c) for c in covers if surfaces.surface(c) == surfaces.bare(c)]
    single = [surfaces.surface(c) for c in covers if surfaces.surface(c) != surfaces.bare(c)]
    return enumerate_([*([f"some {enumerate_(some)}"] if some else []), *single], serial=len(some) > 1)


def also(covers: Sequence[CoverFact]) -> str:
    """``There are also roads and some vegetation.``"""
    told = sorted(covers, key=lambda c: not surfaces.is_plural(c))
    mass = [is_mass(c.name) and not surfaces.is_plural(c) for c in told]
    items = [f"{'some ' * some}{surfaces.surface(c)}" for c, some in zip(told, mass, strict=True)]
    return sentence(f"there {'are' if surfaces.is_plural(told[0]) else 'is'} also {enumerate_(items)}")


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
    return f"the {surfaces.bare(c)}"


def joined(told: Sequence[str]) -> str:
    """Sentences as a text: ``a village. The village covers`` is ``a village, which covers``."""
    return _AGAIN.sub(r"\1, which \2", " ".join(told))
