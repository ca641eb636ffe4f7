"""Words of denial that do not deny of all: ``not without cars``, of a part that is named, with exceptions."""

from __future__ import annotations

from itertools import pairwise

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_WITHOUT = ("without", "free", "empty", "devoid", "clear", "lack", "bare")
_MOVING = frozenset(("vehicle", "vessel", "boat", "aircraft", "plane"))
_SIDES = ("bottom", "top", "left", "right", "middle", "centre", "center", "rest", "remainder", "foot", "head")


def is_doubled(line: Line, noun: Noun) -> bool:
    """``no side of the yard is without cars``, ``the yard is not without cars``: there are some."""
    if not line.text(noun.first).startswith(_WITHOUT):
        return False
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.turns(n)), 0)
    own = any(
        first <= one.first < noun.first and one.denied for one in line.nouns
    )  # no cars, no road without
    return not own and any(
        line.kind(n) is Kind.DENIAL or line.text(n) in lists()["not"] or line.text(n).endswith("n't")
        for n in range(first, noun.first)
    )


def is_of_named_part(line: Line, noun: Noun) -> bool:
    """``the bottom of the scene is water without any boat``: of that part alone."""
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.ends_clause(n)), 0)
    first += line.text(first) in ("whereas", "while", "and", "but")
    side = first + (line.text(first) == "the")
    named = line.text(side) in _SIDES and line.text(side + 1) == "of"
    named &= line.text(noun.first).startswith("without")
    return named and any(line.kind(side + n) is Kind.PICTURE for n in (2, 3))


def moves(noun: Noun) -> bool:
    """Whether a thing can be anywhere: a vehicle, a vessel, an aircraft."""
    return not _MOVING.isdisjoint((noun.name, *lexicon.hypernyms(noun.name)))


def _is_akin(name: str, other: str) -> bool:
    """Whether what has one name may have the other, too."""
    kinds = (*lexicon.synonyms(name), *lexicon.hypernyms(name))
    return name == other or other in kinds or name in lexicon.hypernyms(other)


def _is_alike(name: str, other: str) -> bool:
    """Whether both are kinds of the same, or one of the other."""
    kinds, others = ({one, *lexicon.synonyms(one), *lexicon.hypernyms(one)} for one in (name, other))
    return not kinds.isdisjoint(others)


def has_exception(line: Line, noun: Noun) -> bool:
    """Whether only the rest is denied: apart from a shed, there are no buildings."""
    if "nothing but" in (line.text(n) for n in range(noun.first)):
        return False  # nothing but sand without any road, apart from a shed
    first = next((n for n in range(noun.first - 1, -1, -1) if line.text(n) in ("but", ";")), -1)
    apart = (line.text(first + 1), line.text(first + 2)) == ("apart", "from")
    excepted = line.noun_behind(first + 2) if apart else None
    akin = any(_is_akin(one.name, noun.name) for one in line.nouns if first < one.at < noun.at)
    if excepted and moves(excepted) and moves(noun) and not akin:
        return False  # apart from some cars, there are no aircraft
    first_of = line.text(first + 1) in ("apart", "besides", "aside") and line.noun_behind(first + 1 + apart)
    if first_of and not _is_alike(first_of.name, noun.name):
        return False  # besides the road, there are no houses
    rest = line.parts[first + 1 :]
    other = any((a.text, b.text) == ("other", "than") for a, b in pairwise(rest))
    return other or any(part.text.split(" ")[0] in lists()["exceptions"] for part in rest)
