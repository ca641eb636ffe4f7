"""Phrases and sentences about the classes of objects: number, colour, place and arrangement together."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import NamedTuple

from mpgi_ray.rules import phrases, surfaces
from mpgi_ray.rules.english import enumerate_, number, sentence, with_article
from mpgi_ray.rules.facts import ClassFact, CoverFact, Facts
from mpgi_ray.rules.lexicon import hypernyms, is_mass
from mpgi_ray.rules.seen import ThingColour
from mpgi_ray.rules.surfaces import MIN_COVER

_SEEN = 1 / 3  # of the objects of a class whose colour is clear, where colours of some are told
_PLAIN = {"white", "grey", "black", "beige", "brown"}  # by which nobody tells one thing among many
_FEW = 3  # of which nobody says "most" or "several"
_MOST = 0.5  # of all objects of a class have a colour, where most are said to have it
_LEAST_WORDS = 5  # of the answer to a perspective
_AGAIN = re.compile(  # up to a full stop or a comma, as what follows an "and" is not the same thing's
    r"(?<!and )(?<!with )(?<!and a )(?<!with a )(?<!and an )(?<!with an )"  # nor is a list's last thing all
    r"\b([a-z][a-z -]*)\. (?:The )?(?i:\1)(?: water)? ((?:covers?|takes? up) [a-z ]+? of the [a-z]+)(?=[.,])"
)
# an overhead image of a lake, which covers most of the image
_TWICE = re.compile(r"(\bimage\b[^.]*, which (?:covers?|takes? up) [^.]*? of )the image\b")
_SINGLE = ("one ", "a ", "an ")


def group(facts: Facts, c: ClassFact) -> str:
    """``four blue buses``, ``at least three white cars``, ``a group of people``."""
    return phrases.amount_told(c, _colour(facts, c)) if c.total else phrases.group(c)


def _colour(facts: Facts, c: ClassFact) -> str:
    seen = facts.colour(c)
    return seen.colour if seen and not phrases.is_undercount(c) else ""


def some(facts: Facts, c: ClassFact, *, few: bool = False) -> str | None:
    """``Most of the cars are white``, ``Several of …``, ``Two of the buses are white and one is red``.

    Colours that not all have. Where some show none, a number of the others is read as if these had another:
    a strong colour is told of at least so many, a plain one only of most.

    Args:
        few: whether ``the cars include white ones and a red one`` is told, as nothing else of looks is.
    """
    told, everything = facts.some_colours(c), c.total + c.left_out
    if not c.countable or c.total < 2 or not told:
        return None
    if c.exact and sum(t.agreeing for t in told) == c.total:
        return _numbered(c, told)
    if c.complete and not c.groups and told[0].agreeing > max(_FEW, _MOST * everything):
        return sentence(f"most of the {c.several} are {told[0].colour}")
    if told[0].agreeing > max(_FEW, _MOST * everything):
        return sentence(f"several of the {c.several} are {told[0].colour}")
    if few and any(t.colour not in _PLAIN for t in told):
        ones = [
            # how many is what was seen clearly, and not how many there are
            with_article(f"{t.colour} one") if t.agreeing == 1 else f"{t.colour} ones"
            for t in sorted(told, key=lambda t: t.colour in _PLAIN)
        ]
        return sentence(f"the {c.several} include {enumerate_(ones)}")
    strong = [t for t in told if t.colour not in _PLAIN and t.agreeing >= _SEEN * everything]
    return _numbered(c, strong, "at least ") if strong else None


def _numbered(c: ClassFact, told: Sequence[ThingColour], least: str = "") -> str:
    parts = [
        (f"{least}{number(t.agreeing)}", f"{'is' if t.agreeing == 1 else 'are'} {t.colour}") for t in told
    ]
    first, *others = parts
    return sentence(" and ".join([f"{first[0]} of the {c.several} {first[1]}", *map(" ".join, others)]))


def again(c: ClassFact) -> str:
    """A class that was told with its number before: ``the car``, ``the cars``."""
    return f"the {c.name if c.countable and c.total == 1 else c.several}"


def is_one(amount: str) -> bool:
    """Whether a phrase takes a verb in the singular."""
    least = amount.removeprefix("at least ")
    return least.startswith(_SINGLE) or is_mass(least.removeprefix("some ").removeprefix("the "))


def looks(facts: Facts, classes: Sequence[ClassFact]) -> list[str]:
    """Sentences on the looks of classes, for a perspective; one for neighbours that look alike."""
    told = []
    known = [(c, so) for c in classes if (so := _looks(facts, c, told=False))]
    for so, some in groupby(known, key=lambda one: one[1]):
        alike = [c for c, _ in some]
        subject, one = enumerate_([_all_of(c) for c in alike]), len(alike) == 1 and _is_single(alike[0])
        be = "is" if one else "are"
        short = len(f"{subject} {be} {so}".split()) < _LEAST_WORDS
        told.append(sentence(f"{subject}{' in the image' if short else ''} {be} {so}"))
    return told


def look_again(facts: Facts, c: ClassFact) -> str | None:
    """A sentence on the look of a class that the text told with number and colour; if alike, of each one."""
    so, each = _looks(facts, c, told=True), _is_each(c)
    subject = f"each {c.name}" if each else again(c)
    return sentence(f"{subject} {'is' if each or _is_single(c) else 'are'} {so}") if so else None


def _is_each(c: ClassFact) -> bool:
    return bool(c.exact and c.total > 1 and c.form and c.form.alike)


def _is_single(c: ClassFact) -> bool:
    return c.total == 1 if c.countable else is_mass(c.name)


def _looks(facts: Facts, c: ClassFact, *, told: bool) -> str:
    """What a class looks like: colour and what lies around, shape or size in metres, direction; or empty.

    Args:
        told: the text named its colour before.
    """
    if not c.total or phrases.is_undercount(c):  # nothing is known of most of them
        return ""
    seen, form = None if told else facts.colour(c), phrases.shape(c.form) if c.form else ""
    way = f"oriented {phrases.way(c.form.direction)}" if c.form and c.form.direction else ""
    # vessels lie on no ground
    if seen and seen.ground and c.countable and "vessel" not in hypernyms(c.name):
        is_so = (form, way, f"{seen.colour} against {with_article(seen.ground)} background")
    else:
        is_so = (seen.colour if seen else "", form, way)
    clauses = [clause for clause in is_so if clause]
    serial = len(clauses) > 2 or any(" and " in clause for clause in clauses[:-1])
    # "are orange, about 9 m long and 7 m wide"
    alone = bool(clauses) and " and " in clauses[-1]
    return ", ".join(clauses) if alone else enumerate_(clauses, serial=serial)


def _all_of(c: ClassFact) -> str:
    """``the bus``, ``the two buses``; ``at least two buses`` where there may be more."""
    if not c.countable:
        return f"the {c.several}"
    if c.total == 1:
        return f"at least one {c.name}" if c.left_out or c.groups else f"the {c.name}"
    return f"{'the ' if c.exact else ''}{phrases.amount_told(c)}"


def covers(
    facts: Facts,
    verbs: tuple[str, str],
    whole: str,
    *,
    told: Collection[CoverFact] = (),
    filled: bool = False,
) -> str | None:
    """``Water covers about half of the image and grass a third, with some roads and sand.``

    Args:
        verbs: in the singular and in the plural.
        told: those that the text named before.
        filled: whether it says which parts they fill.
    """
    # a cabin is the building
    things = {kind for c in facts.counted for kind in (c.name, *hypernyms(c.name))}
    seen = [c for c in facts.cover if c.fraction >= MIN_COVER and c.name not in things]
    said: list[list[_Shared]] = [[]]  # a list for a sentence
    little: dict[bool, list[CoverFact]] = {True: [], False: []}  # whether their shares are known
    for share, group_ in groupby(seen, key=lambda c: surfaces.share_of(c)):
        alike = list(group_)
        if said[0] and (share == surfaces.SOME or share in surfaces.LITTLE):
            little[share != surfaces.SOME] += [c for c in alike if c not in told]
            continue
        names = [told_again(facts, c) if c is seen[0] else surfaces.surface(c) for c in alike]
        names = [definite(name) if c in told else name for name, c in zip(names, alike, strict=True)]
        verb = f"each {verbs[1]}" if len(names) > 1 else verbs[surfaces.is_plural(alike[0])]
        parts = surfaces.including(alike[0]) if filled and alike[0] in surfaces.apart(seen) else ""
        alone = bool(parts) or (alike == seen[:1] and surfaces.surface(seen[0]) == phrases.scene(facts))
        said += [[]] if alone and said[-1] else []
        of = "" if said[-1] else f" of {'it' if said[0] else whole}"
        said[-1].append(_Shared(enumerate_(names), verb, f"{share}{of}{parts}"))
        said += [[]] if alone else []
    sentences = [_together(shared) for shared in said if shared]
    some = [c for c in little[True] if surfaces.surface(c) == surfaces.bare(c)] if sentences else []
    if some:  # a road is no "some"
        sentences[-1] += f", with some {enumerate_([surfaces.bare(c) for c in some])}"
    rest = [c for c in little[True] if c not in some] + little[False]
    return " ".join([*map(sentence, sentences), *([also(rest)] if rest else [])]) or None


class _Shared(NamedTuple):
    """``water`` ``covers`` ``about a third``."""

    names: str
    verb: str
    share: str


def _together(said: Sequence[_Shared]) -> str:
    """``water covers half of the image and grass a third``, or with all verbs where names are lists."""
    if any(" and " in one.names for one in said):
        return "; ".join(map(" ".join, said))
    first, *others = said
    return enumerate_([" ".join(first), *(f"{one.names} {one.share}" for one in others)])


def also(covers: Sequence[CoverFact]) -> str:
    """``There are also roads and some vegetation.``"""
    told = sorted(covers, key=lambda c: not surfaces.is_plural(c))
    mass = [surfaces.surface(c) == surfaces.bare(c) and not surfaces.is_plural(c) for c in told]
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
    """Sentences as a text: ``a village. The village covers half`` is ``a village, which covers half``."""
    return _TWICE.sub(r"\1it", _AGAIN.sub(r"\1, which \2", " ".join(told)))
