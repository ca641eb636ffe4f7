"""What stands between a thing and the part of a picture where it lies: other words of it, a second verb."""

from __future__ import annotations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

LIE = ("are", "is", "lie", "lies", "sit", "sits", "stand", "stands")
VERBS = (*LIE, "can", "has", "have", "was", "were", "extend", "stretch", "run", "occupy", "spread")
_EACH = ("all", "both", "each")


def is_set(line: Line, here: int, at: int) -> bool:
    """The parasols in ``enlivened by parasols set up in the lower half``."""
    words = [line.text(n) for n in range(here + 1, at)]
    return bool(words) and all(word in lists()["set"] for word in words)


def is_so(line: Line, thing: Noun, at: int) -> bool:
    """The sea in ``a beach with the sea to the left``."""
    first = thing.first - (line.text(thing.first - 1) in ("the", "its"))
    told = (
        bool(line.parts[at].value.side)
        or lexicon.is_mass(thing.name)
        or thing.name in lists()["also"]["water"]
    )
    return thing.at == at - 1 and line.text(first - 1) == "with" and told


def is_said_plainly(line: Line, at: int) -> bool:
    """The building in ``a terminal building``, or the terminal: parts of the name of a thing."""
    named = line.noun_at(at - 1) or line.noun_at(at + 1)
    return named is not None and (line.text(at) in lists()["plain"] or line.noun_at(at + 1) is named)


def joined(line: Line, verb: int) -> int | None:
    """The first thing of a clause, whose second verb tells where it is: two are red and lie at the top."""
    first = next((n + 1 for n in range(verb - 1, -1, -1) if line.ends_clause(n)), 0)
    things = [noun for noun in line.nouns if first <= noun.at < verb and not leads_away(line, noun)]
    said = line.text(verb).split(" ")[0]
    fills = line.kind(verb) is Kind.COVERS or said in lists()["filling"]
    several = said in ("are", "lie", "sit", "stand") or (fills and not said.endswith("s"))
    noun = things[0] if things else None
    agree = noun and (noun.plural == several or lexicon.several(noun.name) == noun.name)
    return noun.at if noun and agree else None


def aside(line: Line, end: int) -> int:
    """Where words between commas behind a thing begin, of which the last is given; the end if they are none.

    ``The plane, white and pointing upwards, is parked at the left edge``.
    """
    fills = line.text(end + 1).split(" ")[0] in lists()["filling"]
    said = line.text(end + 1).endswith("ed")  # a barge, whitish, moored at the left
    if line.text(end + 1) not in VERBS and not _is_verb(line, end + 1) and not fills and not said:
        return len(line.parts)
    first = next((n for n in range(end - 1, max(end - 12, 0), -1) if line.text(n) == ","), None)
    if first is None or not line.noun_at(first - 1) or (said and any(first < n.at < end for n in line.nouns)):
        return len(line.parts)
    return first


def _is_verb(line: Line, at: int) -> bool:
    return (
        line.kind(at) is Kind.WORD and line.text(at).endswith("s") and not lexicon.is_noun(line.text(at)[:-1])
    )


def all_of(line: Line, at: int) -> Noun | None:
    """The trucks in ``five trucks were counted, all in the upper right``, for the piece behind the comma."""
    if line.text(at) not in _EACH or line.text(at - 1) not in (",", "("):
        return None
    told = [noun for noun in line.nouns if noun.at < at and noun.plural and not noun.denied]
    free = [noun for noun in told if not leads_away(line, noun)]
    return free[-1] if free else None
