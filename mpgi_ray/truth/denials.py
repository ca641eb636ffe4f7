"""Denials that are not of the whole picture: of things of one kind alone, or at another thing."""

from __future__ import annotations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_JOINING = (
    ",",
    "and",
    "or",
    "nor",
    "but",
    "with",
    "there",
    "is",
    "are",
    "yet",
    "so",
    "as",
    "for",
    "while",
    "though",
)
_ANYBODY = ("i", "we", "you", "one", "also", "clearly", "absolutely", "overall", "otherwise")
_SPANS, _SPANNED = ("crosses", "spans", "crossing", "spanning"), ("it", "the")
_AT_ONE = ("on", "in", "along", "beside", "near", "occupies", "occupy")
_AT_ALL = ("whatsoever", "anywhere", "exist", "exists", "occur", "occurs", "today", "at", "seen")


def has_exception(line: Line, noun: Noun) -> bool:
    """Whether only the rest is denied: apart from a shed, there are no buildings."""
    first = next((n for n in range(noun.first - 1, -1, -1) if line.text(n) in ("but", ";")), -1)
    return any(part.text in lists()["exceptions"] for part in line.parts[first + 1 :])


def is_narrow(line: Line, noun: Noun) -> bool:
    """``no bicycle lane``, ``the yard holds no car``: only those of a kind, or at a thing, are denied."""
    words = [part for part in line.parts[noun.first : noun.at] if part.kind in (Kind.WORD, Kind.COLOUR)]
    kinds = lists()["made_of"]
    if any(lexicon.is_noun(p.text) or p.text in kinds or p.kind is Kind.COLOUR for p in words):
        return True
    if noun.name == "bridge" and line.text(noun.at + 1) in _SPANS and line.text(noun.at + 2) in _SPANNED:
        return False  # no bridge crosses it
    verb = line.kind(noun.at + 1) is Kind.WORD and line.kind(noun.at + 2) not in (None, Kind.MARK)
    if line.text(noun.at + 1) == "whatsoever" and line.kind(noun.at + 2) in (Kind.WORD, Kind.COVERS):
        return True
    of_any = line.text(noun.at + 1) == "of" and line.text(noun.at + 2) == "any"  # no building of any kind
    if verb and not of_any and line.text(noun.at + 1) not in _AT_ALL:
        return True  # no van uses the left column
    if any(line.text(noun.at + n) == "there" for n in (2, 3)):
        return True  # no plane stands there
    if {line.text(here) for here in range(noun.first, noun.at)} & {"second", "third", "further"}:
        return True
    after = noun.at + 1 + (line.text(noun.at + 1) == "whatsoever")
    at_one = noun.first == 0 and line.text(after) in _AT_ONE
    if at_one and not any(line.kind(after + n) in (Kind.PICTURE, Kind.PLACE) for n in (1, 2, 3)):
        return line.text(after + 1) not in ("view", "sight")  # no wagons on the tracks by the road
    here = noun.first - 1
    if line.text(here) in _JOINING or here < 0:
        return False
    first = next((n for n in range(here, -1, -1) if line.ends_clause(n)), -1)
    before = line.parts[first + 1 : here + 1]
    things = any(
        part.kind in (Kind.THING, Kind.GROUP) or (part.kind is Kind.WORD and part.text not in _ANYBODY)
        for part in before
    )
    return things and not any(part.kind in (Kind.PICTURE, Kind.DENIAL) for part in before)
