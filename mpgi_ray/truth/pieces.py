"""A sentence as pieces: what counts, what denies, the things, parts of the picture, shares, colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from mpgi_ray.rules.measured.colours import THING_COLOURS
from mpgi_ray.truth.amounts import amount_at, fraction_at
from mpgi_ray.truth.lists import Name, lists
from mpgi_ray.truth.places import Region, region_at
from mpgi_ray.truth.said_forms import comparisons, shapes
from mpgi_ray.truth.tokens import TOKEN, folded, lowered, word_of

_LONGEST = 8  # words of a phrase, or of a class's name

_OF_PICTURES = (
    "aerial",
    "this",
    "image",
    "picture",
    "satellite",
    "photo",
    "overhead",
    "drone",
    "square",
    "tight",
)
_CONFINED = ("confined", "restricted", "limited")
_STANDS = ("stands", "lies", "sits", "waits", "rests")
_BARE_COMPASS = ("north", "south", "west", "east")
_BARE_SIDES = ("left", "right", "top", "bottom", "centre", "center", "middle", *_BARE_COMPASS)


class Kind(StrEnum):
    """What a piece is."""

    THING = "thing"
    AMOUNT = "amount"
    DENIAL = "denial"
    PLACE = "place"
    SHARE = "share"
    LEADING = "leading"
    COLOUR = "colour"
    PATTERN = "pattern"
    RELATION = "relation"
    COVERS = "covers"
    COVERED = "covered"
    DOMINATES = "dominates"
    DOMINATED = "dominated"
    PICTURE = "picture"
    PRONOUN = "pronoun"
    GROUP = "group"
    STOP = "stop"
    MARK = "mark"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a sentence.

    Attributes:
        value: the name of a thing, (least, most) of an amount or a share, a `Region`, a colour …
        plural: of a thing.
        start, end: in the text.
    """

    kind: Kind
    text: str
    value: Any
    start: int
    end: int
    plural: bool = False


def pieces(text: str, start: int, names: Mapping[str, Name]) -> list[Piece]:
    """The pieces of a sentence in order.

    Args:
        start: where the sentence begins in its text.
        names: names of things, with what they stand for.
    """
    tokens = [match for match in TOKEN.finditer(lowered(text)) if match[0]]
    words = [word_of(text, match) for match in tokens]
    found: list[Piece] = []
    at = 0
    while at < len(words):
        length, kind, value, plural = _next(words, tokens, at, names)
        first, last = tokens[at], tokens[at + length - 1]
        span = text[first.start() : last.end()]
        said = span.lower() if span[0].isalnum() else words[at]  # they're
        found.append(Piece(kind, said, value, start + first.start(), start + last.end(), plural))
        at += length
    return found


def _next(
    words: list[str], tokens: list[re.Match[str]], at: int, names: Mapping[str, Name]
) -> tuple[int, Kind, Any, bool]:
    """The piece that begins at a word: how many words, its kind and value, whether it is plural."""
    rest = " ".join(words[at : at + 10])
    phrases = _phrases()
    if tokens[at][0] == "one" and at + 1 < len(words) and words[at + 1] in lists()["one"]:
        return 1, Kind.STOP, None, False
    if words[at : at + 2] in (["as", "many"], ["as", "few"]):  # as many trucks as cars
        return 2, Kind.STOP, None, False
    word = words[at]
    fraction, bounded = fraction_at(words, at), amount_at(words, at)
    if word == "little" and words[max(0, at - 1)] == "the" and words[at + 1 : at + 2] != ["that"]:
        return 1, Kind.STOP, None, False  # the little shed
    if fraction and any(" ".join(words[at : at + n]) in phrases for n in range(fraction[0] + 1, _LONGEST)):
        fraction = None  # much larger than
    if bounded and any(" ".join(words[at : at + n]) in phrases for n in range(bounded[0] + 1, _LONGEST)):
        bounded = None  # one behind the other
    later = fraction_at(words, at + 1) if bounded and at + 1 < len(words) else None
    if later and lists()["bounds"].get(word) == "exactly" and bounded and later[0] >= bounded[0]:
        fraction = bounded = None  # only two thirds
    if fraction and fraction[0] == 2 and word == "a" and words[at + 2 : at + 3] and words[at + 2] in _STANDS:
        return 2, Kind.AMOUNT, (1.0, 1.0), False  # and a third stands apart
    if fraction and (bounded is None or fraction[0] >= bounded[0]):
        return fraction[0], Kind.SHARE, fraction[1], False
    if bounded:
        length, amount, share = bounded
        return length, Kind.SHARE if share else Kind.AMOUNT, amount, False
    seen = {*words[max(0, at - 3) : at]} & {
        "from",
        "as",
        "mentioned",
        "described",
    }  # from almost directly above
    if rest.startswith("to ") and at and words[at - 1] in _CONFINED and region_at(f"in {rest[3:]}"):
        rest = f"in {rest[3:]}"  # confined to the left
    place = None if seen and word in ("above", "below") else region_at(rest) or _headed(words, at, names)
    if place and not _is_relation(words, at, place[0], names):
        return place[0], Kind.PLACE, place[1], False
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        phrase = " ".join(words[at : at + length])
        if phrase == "crop" and words[max(0, at - 1)] in _OF_PICTURES:
            return 1, Kind.PICTURE, None, False  # this aerial crop
        if name := names.get(phrase):
            return length, Kind.THING, *name
        if phrase.endswith("limited to") and region_at(" ".join(("in", *words[at + length : at + 8]))):
            continue  # limited to the left
        bound = (
            phrase.endswith((" more than", " less than")) and phrases.get(phrase, ("",))[0] is Kind.RELATION
        )
        if phrase.startswith(("nearer ", "closer ")) and _is_of_sides(words[at + length :]):
            continue  # nearer to the top than to the bottom
        if bound and at + length < len(words):  # covers more than half
            bound = bool(fraction_at(words, at + length) or amount_at(words, at + length))
        if phrase in phrases and not bound:
            return (length, *phrases[phrase], False)
    kind = Kind.MARK if not word[0].isalnum() else Kind.WORD
    return 1, kind, None, False


def _is_of_sides(after: list[str]) -> bool:
    return after[:1] == ["to"] or not {*after[:2]}.isdisjoint(_BARE_SIDES)


def _headed(words: list[str], at: int, names: Mapping[str, Name]) -> tuple[int, Region] | None:
    """The part of the picture in ``left: boats``, ``boats left, sheds right``, ``the left is water``."""
    the = words[at] == "the"
    side = words[at + the] if at + the < len(words) else ""
    if side not in _BARE_SIDES:
        return None
    region = region_at(f"in the {side}" if side in _BARE_COMPASS else f"at the {side}")
    after = words[at + the + 1 : at + the + 2]
    begins = at == 0 or words[at - 1] in (",", ";", ".", ":", "and", "while", "look")
    if region is None or (the and not begins):
        return None
    if the:
        rest = words[at + 2 :]
        rest = rest[3:] if rest[:1] == ["of"] and rest[2:3] and rest[2] in lists()["picture"] else rest
        noun = 1 + (rest[1:2] in (["mostly"], ["all"]))
        said = rest[:1] == ["is"] and any(" ".join(rest[noun : noun + n]) in names for n in (1, 2, 3))
        return (2, region[1]) if said else None
    clause = next((n for n in range(1, 5) if at - n < 0 or words[at - n] in (",", ";", ".")), 0)
    listed = clause > 1 and words[at - 1] in names and (not after or after[0] in (",", ";", "."))
    aside = (
        words[at - 1] in (":", "(")
        and at > 1
        and words[at - 2] in names
        and after in ([], [")"], ["."], [";"])
    )
    return (1, region[1]) if (begins and after == [":"]) or listed or aside else None


def _is_relation(words: list[str], at: int, length: int, names: Mapping[str, Name]) -> bool:
    """Whether "to the left" goes on with "of the shed", which is no part of the picture."""
    after = words[at + length :]
    if " ".join((*words[at : at + length], "of")) not in _phrases() or after[:1] != ["of"]:
        return False
    pictures = {*lists()["picture"], "centre", "center", "middle"}
    if words[at + length - 1] == "side" or after[1:2] == ["this"]:
        pictures |= {*lists()["sites"]}  # the left side of a yard lies in it
    told = [n for n in range(1, min(5, len(after))) if after[n] in pictures]
    named = [*after, ""]
    return all(  # of the road surface, of the crop field
        f"{after[n - 1]} {after[n]}" in names or f"{after[n]} {named[n + 1]}" in names for n in told
    )


@cache
def _phrases() -> dict[str, tuple[Kind, Any]]:
    """Words that stand in the lists, with the kind and value of the piece that they are."""
    listed = lists()
    found: dict[str, tuple[Kind, Any]] = dict.fromkeys(listed["stops"].split(), (Kind.STOP, None))
    found |= dict.fromkeys(("of",), (Kind.WORD, None))
    found |= dict.fromkeys(listed["groups"].split(), (Kind.GROUP, None))
    found |= dict.fromkeys(listed["picture"], (Kind.PICTURE, None))
    found |= dict.fromkeys(listed["emphatic"], (Kind.STOP, None))
    found |= dict.fromkeys(listed["pronouns"], (Kind.PRONOUN, None))
    found |= {colour: (Kind.COLOUR, colour) for colour in THING_COLOURS}
    found |= {word: (Kind.COLOUR, colour) for word, colour in listed["colours"].items()}
    for kind, name in (
        (Kind.DENIAL, "denials"),
        (Kind.LEADING, "leading"),
        (Kind.COVERS, "covers"),
        (Kind.COVERED, "covered"),
        (Kind.DOMINATES, "dominates"),
        (Kind.DOMINATED, "dominated"),
    ):
        found |= {folded(phrase): (kind, None) for phrase in listed[name]}
    adjectives, of = listed["largest"], listed["largest_of"]
    found |= {
        f"{verb} the {word} {part}".strip(): (Kind.DOMINATES, None)
        for word in adjectives
        for verbs, parts in ((listed["covers"], of["covers"]), (("", "by far"), of["is"]))
        for verb in verbs
        for part in parts
    }
    found |= {folded(said): (Kind.RELATION, word) for said, word in comparisons(listed["compared"])}
    found |= {folded(said): (Kind.PATTERN, pattern) for said, pattern in shapes(listed["shapes"])}
    found |= {f"{word} {part}": (Kind.DOMINATES, None) for word in adjectives for part in of["is"]}
    for kind, name in ((Kind.PATTERN, "patterns"), (Kind.RELATION, "relations")):
        found |= {folded(phrase): (kind, value) for value, same in listed[name].items() for phrase in same}
    return found
