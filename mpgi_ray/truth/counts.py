"""Whether a number is that of all things of a name, or of some of them only."""

from __future__ import annotations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.numbers_behind import is_number_of
from mpgi_ray.truth.pieces import Kind

_LISTED = (Kind.AMOUNT, Kind.THING, Kind.MARK)
_MEASURED = ("m", "metres", "meters", "wide", "long", "across", "tall", "high")  # 11 m wide each


def is_one_and_many(name: str, said: str) -> bool:
    """``two aircraft``, ``three rotorcraft``."""
    if said.endswith("craft"):
        return True
    return lexicon.several(name) == name and not lexicon.is_mass(name)


def is_total(line: Line, noun: Noun) -> bool:
    """``six boats in total``, ``altogether six boats``: of the only number of a sentence."""
    said = " ".join(part.text for part in line.parts)
    return sum(one.amount is not None for one in line.nouns) == 1 and any(
        f" {words} " in f" {said} " for words in lists()["totals"]
    )


def is_told_whole(line: Line, noun: Noun) -> bool:
    """``The image has one bus and two cars.``: nothing tells this one from others."""
    if len(line.nouns) > 1 and all(part.kind in _LISTED or part.text == "and" for part in line.parts):
        return True  # One bus, two cars.
    told = (Kind.AMOUNT, Kind.THING, Kind.PICTURE, Kind.MARK)
    first = next((n for n, part in enumerate(line.parts) if part.kind is Kind.PICTURE), 0)
    words = ("the", "this", "one", "and", "in", ",", ".", "")
    plain = all(line.kind(n) in told or line.text(n) in words for n in range(first + 2, len(line.parts)))
    plain &= all(part.kind is not Kind.MARK or part.text in words for part in line.parts)
    has = 0 < first <= 2 and line.text(first + 1) in lists()["having"]
    return has and plain and line.text(noun.first) == "one" and noun.amount == (1, 1)


def is_of_each(line: Line, at: int) -> bool:
    """``a single car is found on each of the two arms``, but not ``each of them white``."""
    after = (
        here
        for here in range(at + 1, len(line.parts))
        if line.text(here) in ("each", "every", "either")
        and line.text(here - 1) not in (",", *_MEASURED)
        and line.text(here + 1) != "other"
    )
    first = next(after, None)
    if first is None or any(
        line.text(n) == "," and line.kind(n + 1) is Kind.AMOUNT for n in range(at, first)
    ):
        return False  # two buildings, one on each side
    return not any(map(line.ends_clause, range(at + 1, first)))


def is_placed(line: Line, noun: Noun) -> bool:
    """Whether what follows tells these things from others: two beside the road, not barges on the water.

    Who says that there are only two, or at most two, means all of them, but not of two beside the road.
    """
    if is_number_of(line, noun):
        return False  # the number of boats is below ten
    if is_limited(line, noun):
        marks = (n for n in range(noun.at + 1, len(line.parts)) if line.kind(n) is Kind.MARK)
        return any(line.kind(n) is Kind.RELATION for n in range(noun.at + 1, next(marks, len(line.parts))))
    kinds = {noun.name, *lexicon.synonyms(noun.name), *lexicon.hypernyms(noun.name)}
    usual = {ground for ground, things in lists()["usual"].items() if not kinds.isdisjoint(things)}
    for here in range(noun.at + 1, min(noun.at + 8, len(line.parts))):
        all_of = line.parts[here].value in ("scattered", "disorder")
        if line.kind(here) is Kind.RELATION or (line.kind(here) is Kind.PATTERN and not all_of):
            return True
        at_one = line.text(here) in ("between", "among") or (
            line.text(here) == "on" and line.text(here + 1) == "the"
        )
        picture = any(line.kind(n) is Kind.PICTURE for n in range(here + 1, here + 4))
        at_one &= usual.isdisjoint((line.text(here + 2), line.text(here + 3)))
        if at_one and line.kind(here) is not Kind.PLACE and not picture:
            return True
        if line.parts[here].kind in (Kind.MARK, Kind.THING, Kind.PLACE):
            return False
    return False


def is_limited(line: Line, noun: Noun) -> bool:
    """``at most two cars``, ``only two``, ``exactly two``, ``but one``."""
    if noun.amount is not None and noun.amount[0] == 0:
        return True
    said = line.text(noun.first).startswith(("only", "just", "exactly", "precisely"))
    return said or (line.text(noun.first) == "one" and line.text(noun.first - 1) in ("but", "only"))


def is_limited_in_part(line: Line, noun: Noun) -> bool:
    """Whether a part of the picture stands before or behind things, and not beside what comes after them.

    ``At the top there are only two``, ``fewer than nine on the left``; but in ``fewer than nine, beside a
    road on the left`` it is that of the road.
    """
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.turns(n)), 0)
    others = (n for n in range(noun.at + 1, len(line.parts)) if line.text(n) == "," or line.noun_at(n))
    last = next(others, len(line.parts))
    return any(line.kind(n) is Kind.PLACE for n in (*range(first, noun.first), *range(noun.at + 1, last)))


def is_only_one(line: Line, noun: Noun) -> bool:
    """``The only truck stands at the gate``, and not ``the only truck at the gate is red``."""
    here = noun.at - 1
    while line.kind(here) is Kind.COLOUR:
        here -= 1
    sole = line.text(here) in ("only", "sole") and line.text(here - 1) == "the"
    return (
        sole
        and not noun.plural
        and noun.amount is None
        and (line.kind(noun.at + 1) is Kind.COVERED or line.text(noun.at + 1) in lists()["saying"])
        and line.text(noun.at + 1) != "are"
    )
