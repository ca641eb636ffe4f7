"""What a sentence says of how things look: their colours and how they are arranged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import is_surface, lists
from mpgi_ray.truth.pieces import Kind, Piece

_MADE = ("painted", "roofed", "topped", "coloured", "colored", "dressed", "finished")
_SET = (
    "moored",
    "anchored",
    "parked",
    "arranged",
    "placed",
    "set",
    "pitched",
    "berthed",
    "standing",
    "lying",
)
_LOOKS = (
    *_MADE,
    "is",
    "are",
    "come",
    "comes",
    "look",
    "looks",
    "appear",
    "appears",
    "seem",
    "seems",
    "shine",
    "shines",
    "gleam",
    "gleams",
    "glow",
)
_BESIDE = ("in", "on", "at", "along", "by", "beside", "near")
_WEAR = (
    *("with", "has", "have", "wear", "wears", "show", "shows", "bear", "bears", "carry", "carries"),
    *("in", "of", "share", "shares"),
)


def looks(line: Line, noun: Noun, claim: Claim) -> Iterator[Claim]:
    """What is said behind a thing: ``are white``, ``with blue roofs``, ``in a row``."""
    at = _behind_aside(line, noun.at + 1)
    at = at if said_colour(line, at) else _behind_participle(line, noun, at)
    if (colour := said_colour(line, at)) and (of := _subject(line, noun, at)):
        yield replace(claim, about=About.COLOUR, name=of.name, word=colour.value, end=colour.end)
    for here in range(at, min(at + 7, len(line.parts))):
        part = line.parts[here]
        if part.kind is Kind.COLOUR and line.text(here + 1) == "and":
            continue  # they are green and stand in a row
        if line.text(here) in (*lists()["not"], "anything") or line.text(here).endswith("n't"):
            break  # they do not form a ring
        if part.kind is Kind.PATTERN and (part.value != "beside" or line.text(here + 1) != "with"):
            of = _actors(line, noun)
            told = replace(claim, about=About.ARRANGEMENT, name=of.name, amount=of.amount)
            yield replace(told, word=part.value, end=part.end)
        stands = part.text in (*lists()["saying"], "set") or (
            part.text in ("line", "lines") and line.text(here + 1) == "up"
        )  # which is a group elsewhere: a stand of trees
        if not stands and part.kind not in (Kind.STOP, Kind.WORD, Kind.COVERED, Kind.PATTERN):
            break


def _subject(line: Line, noun: Noun, verb: int) -> Noun | None:
    """The thing whose colour a verb tells: planes in ``the planes in front of the terminal are white``."""
    if line.text(verb) not in _LOOKS or not leads_away(line, noun):
        return noun
    several = line.text(verb) not in ("is", "looks", "appears", "seems")
    first = next((here + 1 for here in range(noun.first - 1, -1, -1) if line.ends_clause(here)), 0)
    free = [one for one in line.nouns if first <= one.first < noun.first and not leads_away(line, one)]
    meant = next((one for one in free if not one.denied), noun)
    return meant if meant.plural == several or lexicon.several(meant.name) == meant.name else None


def _actors(line: Line, noun: Noun) -> Noun:
    """The things that stand in a row: planes in ``the planes at the gates stand in a row``."""
    if not leads_away(line, noun):
        return noun
    first = next((here + 1 for here in range(noun.first - 1, -1, -1) if line.ends_clause(here)), 0)
    before = [one for one in line.nouns if first <= one.first < noun.first and one.plural and not one.denied]
    return next((one for one in before if not leads_away(line, one)), noun)


def _behind_participle(line: Line, noun: Noun, at: int) -> int:
    """The verb in ``the buses standing in this yard are white``; where it would be else."""
    if not (line.text(at).endswith("ing") or line.text(at) in _SET) or leads_away(line, noun):
        return at
    verb = "are" if noun.plural else "is"
    for here in range(at + 1, at + 9):
        thing = line.noun_at(here)
        if (
            line.kind(here) in (None, Kind.MARK)
            or line.turns(here)
            or (thing and not leads_away(line, thing))
        ):
            break
        if line.text(here) == verb:
            return here
    return at


def _behind_aside(line: Line, at: int) -> int:
    """What comes after a part of the picture, words between commas, ``that`` and ``all``."""
    if line.kind(at) is Kind.PLACE:
        at += 1
    if line.text(at) == "," and (line.text(at + 1) in _MADE or line.kind(at + 1) is Kind.PATTERN):
        return at + 1
    if line.text(at) == "," and line.text(at + 1) in _SET and line.kind(at + 2) is Kind.PATTERN:
        return at + 2  # boats, moored in a ring, lie here
    if line.text(at) == "," and line.text(at + 1) in ("all", "each", "both") and line.text(at + 2) in _WEAR:
        return at + 2
    if (
        line.text(at) == ","
        and not line.ends_clause(at)
        and (end := next((n for n in range(2, 6) if line.text(at + n) == ","), 0))
    ):
        at += end + 1
    if line.text(at).endswith("ing"):  # silos casting shadows, standing in a row
        comma = next((n for n in range(at + 1, at + 5) if line.text(n) == ","), at)
        at = comma + 1 if line.text(comma + 1).endswith("ing") else at
    if line.text(at) in _BESIDE:  # the wagons in the yard are yellow
        verbs = ("is", "are", "have", "has", "wear")
        at = next((n for n in range(at + 2, at + 5) if line.text(n) in verbs), at)
    while line.text(at) in ("that", "which", "all", "both", "in view", "view", "here", "there"):
        at += 1
    if line.text(at) == "in" and line.text(at + 1) == "view":
        at += 2
    return at


def _name(line: Line, at: int) -> str:
    """What a piece names, in the singular; empty beyond the end and behind a comma."""
    part = line.parts[at] if at < len(line.parts) else None
    return (part.value if isinstance(part.value, str) else _singular(part.text)) if part else ""


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def said_colour(line: Line, at: int) -> Piece | None:
    """The colour that a verb, or a roof, gives to what stands before it."""
    plain = line.text(at) == "in" and line.kind(at + 1) is Kind.COLOUR
    painted = at + 2 + (line.text(at + 2) in ("paint", "livery", "colour", "color", "paintwork"))
    if plain and line.kind(painted) in (None, Kind.MARK) and not _is_mixed(line, at + 1):
        return line.parts[at + 1]  # two trucks in red
    under = line.text(at) == "under" and _roofed(line, at)
    with_surface = under or line.text(at) in _WEAR
    if not with_surface and line.text(at) not in _LOOKS:
        return None
    first = at + 1
    if with_surface and is_surface(_name(line, at + 1)):  # have roofs painted red
        with_surface, first = False, at + 2
        if line.text(first) not in _MADE and line.text(first) != "in":
            return None
    for here in range(first, min(first + 4, len(line.parts))):
        part = line.parts[here]
        if part.kind is Kind.COLOUR:
            after = line.parts[here + 1] if here + 1 < len(line.parts) else None
            if with_surface:  # blue roofs, blue ridged roofs
                return part if any(is_surface(_name(line, here + n)) for n in (1, 2)) else None
            return None if _is_mixed(line, here) or (after is not None and after.kind is Kind.THING) else part
        if part.text not in lists()["before_colour"] and not (here == first and part.text in _MADE):
            return None
    return None


def _roofed(line: Line, at: int) -> bool:
    """``under red roofs``."""
    return any(_name(line, at + n) in ("roof", "rooftop") for n in (2, 3))


def _is_mixed(line: Line, at: int) -> bool:
    """Whether other colours stand beside one: ``red, grey and dark blue``."""
    shaded = 3 if line.text(at + 2) in lists()["before_colour"] else 2
    return line.text(at + 1) in ("and", "or", ",") and line.kind(at + shaded) is Kind.COLOUR
