"""Denials that stand apart from their thing: ``trucks are lacking``, ``of trucks there is no trace``."""

from __future__ import annotations

from itertools import pairwise

from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_VERBS = (
    *("is", "are", "do", "does", "have", "has", "remain", "remains", "isn't", "aren't", "can", "could"),
    *("being", "was", "were", "wasn't", "weren't"),
)
_NEARLY = ("nearly", "almost", "mostly", "largely", "practically", "virtually")
_NONE = ("none", "nil", "0")
_EMPTY = ("empty", "deserted", "vacant", "unoccupied")
_QUITE = ("completely", "entirely", "wholly", "totally", "quite")
_OF = ("of", "as for", "for")
_BEFORE_THING = (Kind.STOP, Kind.COVERED, Kind.PICTURE, Kind.WORD)
_FRONTED = (
    "in",
    "here",
    "from",
    "this",
    "the",
    "view",
    "is",
    "are",
    "at",
    "any",
    "completely",
    "entirely",
    ":",
)


def is_absent(line: Line, at: int) -> bool:
    """``tugboats do not occur``, ``trucks are entirely lacking``, ``cars: none``."""
    words = [line.text(at + n) for n in range(1, 5)]
    aside = words[0] in (":", ",", "(", "–", "—")
    here = at + 1 + aside
    ends = line.kind(here + 1) in (None, Kind.MARK)
    if ends and (line.text(here) in _NONE or (aside and line.text(here) in lists()["absent"])):
        return True
    if words[0] in ("cannot", "can't") and words[1:3] in (["be", "seen"], ["be", "found"]):
        return line.kind(at + 4) in (None, Kind.MARK) or words[3] == "anywhere"
    if words[0] not in _VERBS or {*words} & {*_NEARLY}:
        return False
    if (
        " ".join((*words, line.text(at + 5)))
        .removeprefix("is ")
        .removeprefix("are ")
        .startswith("conspicuous by")
    ):
        return True  # by their absence
    absent, unseen = lists()["absent"], lists()["unseen"]
    for before, word in pairwise(words):
        if word in absent or word in ("not", "yet", "never"):
            here = words[-1] in ("here", "anywhere") and words[-2].endswith("ed")  # are not parked here
            return word in absent or here or bool({*words} & {*unseen})
        if before.endswith("n't"):
            return word in unseen
    return False


def empty_site(line: Line) -> tuple[int, str] | None:
    """Of ``the car park is empty`` where it ends, and what there would be: vehicles."""
    verb = next((n for n in range(2, 5) if line.text(n) in ("is", "lies", "stands", "remains")), 0)
    at = verb + 1 + (line.text(verb + 1) in _QUITE)
    ends = line.kind(at + 1) in (None, Kind.MARK) and line.text(at + 1) != ","
    if not verb or line.text(0) not in ("the", "this") or line.text(at) not in _EMPTY or not ends:
        return None
    site = " ".join(line.text(n) for n in range(1, verb))
    usual = "vehicle" if site in lists()["parked_on"] else next(iter(lists()["usual"].get(site, ())), "")
    return (at, usual) if usual else None


def is_missed(line: Line, noun: Noun) -> bool:
    """``of trucks there is no trace``, ``absent here are trucks``, ``nobody has parked a truck``."""
    if noun.denied or _is_of_part(line, noun):
        return False
    told = _has_no_trace(line, noun) or _is_behind(line, noun) or _is_by_none(line, noun)
    return told or _is_negated(line, noun)


def _is_of_part(line: Line, noun: Noun) -> bool:
    """Whether a part of the picture, or another thing, is told behind."""
    end = next((n for n in range(noun.at + 1, len(line.parts)) if line.kind(n) is Kind.MARK), len(line.parts))
    told = (Kind.PLACE, Kind.RELATION, Kind.THING)
    return any(line.kind(n) in told and not line.turns(n) for n in range(noun.at + 1, end))


def _is_negated(line: Line, noun: Noun) -> bool:
    """``you won't spot a single truck``, ``we did not notice any truck``."""
    here = noun.first - 1 - (line.text(noun.first - 1) == "even")
    if line.text(noun.first) not in ("a single", "any") and line.text(here + 1) != "even":
        return False
    for n in range(here, here - 3, -1):
        if line.text(n) in ("not", "never", "cannot") or line.text(n).endswith("n't"):
            return all(line.kind(before) is not Kind.THING for before in range(n))
        if line.kind(n) is not Kind.WORD and line.text(n) not in (
            "see",
            "sees",
            "be",
            "have",
            "has",
            "contain",
        ):
            return False
    return False


def _has_no_trace(line: Line, noun: Noun) -> bool:
    """``of trucks there is no trace``, ``as for trucks, there are none``, if nothing else is said of them."""
    before = line.text(noun.first - 1)
    if before != "of" and (line.text(noun.first - 2), before) != ("as", "for"):
        return False
    begins = noun.first - (1 if before == "of" else 2)
    if begins > 0 and not line.ends_clause(begins - 1) and line.kind(begins - 1) is not Kind.MARK:
        return line.text(begins - 1) in ("but", "and")
    here = noun.at + 1 + (line.text(noun.at + 1) == ",")
    said = " ".join(line.text(n) for n in range(here, here + 4))
    return said.startswith(tuple(lists()["traceless"]))


def _is_behind(line: Line, noun: Noun) -> bool:
    """``missing: trucks``, ``absent from this view are the trucks``."""
    here = noun.first - 1 - (line.text(noun.first - 1) in ("the", "any"))
    while here > 0 and line.text(here) in _FRONTED:
        here -= 1
    first = here <= 0 or line.kind(here - 1) is Kind.MARK
    told = line.text(here) in ("absent", "missing", "lacking") and here < noun.first - 1
    return told and first and line.text(here - 1) not in ("nothing", "not")


def _is_by_none(line: Line, noun: Noun) -> bool:
    """``nobody has parked a truck``, ``nowhere does one see a truck``, ``we looked in vain for trucks``."""
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.turns(n) or line.text(n) == ","), 0)
    said = [line.text(n) for n in range(first, noun.first)]
    if any(line.kind(n) in (Kind.PLACE, Kind.RELATION) for n in range(first, noun.first)):
        return False
    vain = " ".join(said).endswith("in vain for")
    none = said[:1] in (["nobody"], ["nowhere"], ["no one"]) and "else" not in said
    new = line.text(noun.first) in ("a", "an", "any") or (noun.plural and line.text(noun.first - 1) != "the")
    things = any(line.kind(n) is Kind.THING for n in range(first, noun.first))
    return vain or (none and new and not things)
