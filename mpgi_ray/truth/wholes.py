"""Whether what is said of things is said of all, of most or of the largest one of them."""

from __future__ import annotations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_EVERY = frozenset(("all", "every", "confined", "restricted", "limited", "wholly", "squeezed"))
_ONLY = frozenset(("only", "exclusively", "solely"))


def is_every(line: Line, noun: Noun) -> bool:
    """``all of the cars``, ``both``, ``confined to the left``, ``on the left only``."""
    after = range(noun.at + 1, noun.at + 7)
    near = {word for here in (*range(noun.at - 5, noun.at), *after) for word in line.text(here).split(" ")}
    if near & _EVERY or line.text(noun.first) == "both":
        return True
    if is_told_of_all(line, noun) or line.text(noun.at + 2) == "both":  # they are both at the top
        return True
    before = range(noun.first - 1, max(-1, noun.first - 4), -1)
    if any(line.kind(n) is Kind.PLACE and line.text(n - 1) in _ONLY for n in before):
        return True  # only the upper right has houses
    beside = [{line.text(n - 1), line.text(n + 1)} for n in after if line.kind(n) is Kind.PLACE]
    return any(words & _ONLY for words in beside)


def is_of_all(line: Line, noun: Noun) -> bool:
    """Both tanks, or all of the cars, in ``the shed lies below both tanks``."""
    before = {line.text(noun.first), *(line.text(noun.first - n) for n in (1, 2, 3))}
    return noun.plural and bool(before & {"both", "all"})


def is_told_of_all(line: Line, noun: Noun) -> bool:
    """``two parasols, both in the lower left``: so many are there, and not only in that part."""
    for said in range(noun.at + 2, noun.at + 10):
        if line.text(said) in ("all", "both") and line.text(said - 1) == ",":
            ends = (n for n in range(said, len(line.parts)) if line.kind(n) in (Kind.PLACE, Kind.MARK))
            if line.kind(next(ends, 0)) is Kind.PLACE:
                return True
    return False


def is_most(line: Line, noun: Noun) -> bool:
    """``the wagons are in the lower left``, ``trees are concentrated at the top``; no other part is named."""
    after = range(noun.at + 1, len(line.parts))
    end = next((n for n in after if line.ends_clause(n)), len(line.parts))
    places = [here for here in range(noun.at + 1, end) if line.kind(here) is Kind.PLACE]
    if len(places) != 1 or noun.amount or _goes_on(line, end):
        return False
    words = {line.text(here) for here in range(noun.at + 1, places[0])}
    gathered = words & {*lists()["gathering"]}
    stops = {line.text(n) for n in range(noun.at + 1, places[0]) if line.kind(n) in (Kind.STOP, Kind.COVERED)}
    if words - gathered - stops - {*lists()["placed"], *lists()["saying"], "mostly", "mainly"}:
        return False
    last = places[0] + 1
    if line.text(last) == "of" and line.kind(last + 2) is Kind.PICTURE:
        last += 3
    if line.kind(last) not in (None, Kind.MARK) and last != end:
        return False  # and elsewhere
    if line.text(last) == "," and last != end:
        return False
    here = noun.at - 1
    while line.kind(here) is Kind.COLOUR:
        here -= 1
    of = here - (line.text(here) == "the")
    share = line.parts[of - 1] if of > 0 and line.text(of) == "of" else None
    if share and share.kind is Kind.SHARE:
        return bool(share.value[0] > 0.5) or share.text in lists()["mostly"]
    several = noun.plural or bool(gathered) or _is_ground(noun)
    the = line.text(here) == "the" and line.text(here - 1) != "of" and several
    begins = here < 0 or line.ends_clause(here)
    said = words & {"are", "have", "stand", "lie", *(("is", "lies") if _is_ground(noun) else ())}
    return bool(gathered and (the or begins)) or bool(said and the)


def _is_ground(noun: Noun) -> bool:
    """What has an area, and is spoken of as a whole: the water, the residential area."""
    return not noun.plural and (lexicon.is_mass(noun.name) or noun.name.endswith(" area"))


def _goes_on(line: Line, end: int) -> bool:
    """Whether what follows a clause tells where the rest lies: and in the centre, some above."""
    after = [line.text(end + n) for n in (1, 2, 3)]
    if any(line.kind(end + n) in (Kind.PLACE, Kind.AMOUNT) for n in (1, 2)):
        return True
    return not {*after}.isdisjoint(lists()["rest"])


def is_largest(line: Line, noun: Noun) -> bool:
    """``the largest lake``, ``the main body of water``."""
    if noun.plural or noun.amount:
        return False
    here = noun.at - 1
    while line.kind(here) in (Kind.COLOUR, Kind.GROUP, Kind.WORD, Kind.THING) or line.text(here) == "of":
        part = line.kind(here + 1) is Kind.GROUP and line.text(here) in lists()["widest"]
        if (part or line.text(here) in ("largest", "biggest")) and line.text(here - 1) == "the":
            return line.text(here - 2) != "of"
        here -= 1
    return False
