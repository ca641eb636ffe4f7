"""Phrases and sentences about the classes of objects: number, colour, place and arrangement together."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import groupby

from mpgi_ray.rules import phrases, surfaces
from mpgi_ray.rules.english import choose, enumerate_, number, sentence
from mpgi_ray.rules.facts import ClassFact, CoverFact, Facts
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.lexicon import is_mass
from mpgi_ray.rules.phrases import IN_PLACE, MANY
from mpgi_ray.rules.surfaces import MIN_COVER

_OTHERS = ", among other places"
_MOST_PARTS, _SEVERAL_PARTS = "in most parts of the image", "in several parts of the image"
_SPREAD = 5  # cells of the nine: a list of more would say no more than that
_VAGUE = (_OTHERS, _MOST_PARTS, _SEVERAL_PARTS)
_FEW = 3  # things of which some places alone would not be told
_SINGLE = ("one ", "a ", "an ", "at least one ", "this ")


def group(facts: Facts, c: ClassFact, told: int = 0) -> str:
    """``four blue buses``, ``at least three white cars``, ``a group of people``.

    Args:
        told: 0 for the words of a perspective, 1 for those of an integrated text.
    """
    if not c.total:
        return phrases.group(c)
    seen = facts.colour(c)
    return (phrases.amount, phrases.amount_retold)[told](c, c.total, seen.colour if seen else "")


def some(facts: Facts, c: ClassFact) -> str | None:
    """``At least two of the cars are white and at least one is red``: colours that not all have."""
    if not c.countable or c.total < 2:
        return None
    told = [(number(t.agreeing), "is" if t.agreeing == 1 else "are", t.colour) for t in facts.some_colours(c)]
    if not told:
        return None
    (first, verb, colour), *others = told
    said = [f"at least {first} of the {c.several} {verb} {colour}"]
    return sentence(enumerate_(said + [f"at least {n} {verb} {colour}" for n, verb, colour in others]))


def again(c: ClassFact) -> str:
    """A class that was told with its number before: ``these cars``."""
    if not c.countable or not c.total:
        return f"the {c.several}"
    return f"this {c.name}" if c.total == 1 else f"these {c.several}"


def is_one(amount: str) -> bool:
    """Whether a phrase takes a verb in the singular."""
    return amount.startswith(_SINGLE) or is_mass(amount.removeprefix("some ").removeprefix("the "))


def placed(facts: Facts, c: ClassFact) -> str:
    """``nine red cars in two rows in the left half``: a group with all that is clear."""
    return f"{group(facts, c, 1)} {_how(c)}".strip()


def _how(c: ClassFact) -> str:
    """Arrangement and place of all, as far as they are clear."""
    arranged = phrases.arranged(c.arrangement) if c.arrangement else ""
    return f"{arranged} {_place(c)}".strip()


def _place(c: ClassFact) -> str:
    """Where all lie; empty if the arrangement says it."""
    return "" if c.arrangement and phrases.is_whole(c.arrangement) else phrases.where(c)


def stands(facts: Facts, c: ClassFact, seed: str) -> str:
    """A sentence on the places of a class, for a perspective."""
    subject = group(facts, c)
    cells = _cells(c)
    how = _how(c)
    verb = choose((("lies", "is"), ("lie", "are"))[not is_one(subject)], seed, c.name)
    said = f"{subject} {verb} {how or cells or _sides(c)}"
    return sentence(f"{said}: {cells}" if how and cells and not cells.endswith(_VAGUE) else said)


def by_cells(c: ClassFact, seed: str, *, named: bool) -> str | None:
    """A sentence on the cells that a class was found in, for a text that told its number before.

    Args:
        named: whether it names the class; if not, the sentence before did.
    """
    cells = _cells(c)
    if not cells or (_place(c) and cells.endswith(_VAGUE)):
        return None
    one = is_one(again(c))
    verb = choose(("is" if one else "are", "can be found"), seed, c.name)
    return sentence(f"{again(c) if named else 'it' if one else 'they'} {verb} {cells}")


def _cells(c: ClassFact) -> str:
    """``two in the upper left and three on the left``; without numbers where they are not exact."""
    used = [i for i, n in enumerate(phrases.clear_cells(c)) if n]
    if not used or len(used) == len(PLACES) or (len(used) == 1 and c.clear == c.cells):
        return ""
    if c.arrangement and phrases.is_whole(c.arrangement):
        return ""
    if c.exact and c.clear == c.cells and c.total <= MANY:
        return enumerate_([f"{number(c.clear[i])} {IN_PLACE[i]}" for i in used])
    if len(used) > _SPREAD:
        return _MOST_PARTS
    if len(used) == _SPREAD:
        return _SEVERAL_PARTS
    places = enumerate_([IN_PLACE[i] for i in used])
    if c.clear == c.cells:
        return places
    return f"{places}{_OTHERS}" if c.total > _FEW else ""


def _sides(c: ClassFact) -> str:
    """By centre and edge, where no cell is clear."""
    if not c.total:
        return "somewhere in the image"
    if not c.edge:
        return "in the central part"
    return "in different parts of the image" if c.centre else "towards the edges"


def looks(facts: Facts, c: ClassFact, told: int) -> str | None:
    """A sentence on the look of a class: colour, size, shape, what lies around, direction.

    An integrated text has told the colour with the number before.
    """
    if not c.total:
        return None
    seen, form = facts.colour(c), phrases.form(c.form) if c.form else []
    predicates = [seen.colour, *form] if seen and not told else form
    ground = [f"on {seen.ground} ground"] if seen and seen.ground else []
    direction = phrases.pointing(c.form.direction) if c.form and c.form.direction else ""
    subject = again(c) if told else phrases.amount(c, c.total)
    verb, points = ("is", "points") if is_one(subject) else ("are", "point")
    if predicates or ground:
        parts = [enumerate_(predicates), *ground] if predicates else ground
        parts += [f"pointing {direction}"] if direction else []
        return sentence(f"{subject} {verb} {', '.join(parts)}")
    return sentence(f"{subject} {points} {direction}") if direction else None


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
    some = ""
    for share, group_ in groupby(seen, key=lambda c: surfaces.share_of(c)):
        alike = list(group_)
        names = [told_again(facts, c) if c is seen[0] else surfaces.surface(c) for c in alike]
        names = [definite(name) if c in told else name for name, c in zip(names, alike, strict=True)]
        many = len(names) > 1
        if said and share == surfaces.SOME:
            be = "are" if surfaces.is_plural(alike[0]) else "is"
            some = f"there {be} also {enumerate_(names)}"
        elif said:
            said.append(f"{enumerate_(names)} {share}{' each' if many else ''}")
        else:
            verb = f"each {verbs[1]}" if many else verbs[surfaces.is_plural(alike[0])]
            said.append(f"{enumerate_(names)} {verb} {share} of {whole}")
    if not said:
        return None
    if some:
        return sentence("; ".join((*said, some)))
    return sentence(enumerate_(said) if len(said) == len(seen) else "; ".join(said))


def definite(name: str) -> str:
    """``the building`` of ``a building``, which was named before; the rest stays."""
    return re.sub("^an? ", "the ", name)


def told_again(facts: Facts, c: CoverFact) -> str:
    """A cover as a subject: a pronoun where nothing but the scene was told before, and that is its name."""
    surface = surfaces.surface(c)
    if surface != phrases.scene(facts):
        return surface
    others = [o for o in facts.cover if o != c and o.fraction >= MIN_COVER]
    if others or facts.counted or facts.labels or facts.tags:
        return surface if surfaces.is_plural(c) or is_mass(c.name) else f"the {c.name}"
    return "they" if surfaces.is_plural(c) else "it"
