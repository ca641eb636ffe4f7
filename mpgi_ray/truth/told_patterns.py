"""Arrangements told apart from a verb: ``a ring of tents``, ``in a ring stand tents``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.joined import LIE
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_ARRANGED = (
    "arranged",
    "placed",
    "standing",
    "set",
    "parked",
    "moored",
    "anchored",
    "lined",
    "laid",
    "out",
    "up",
)
_ALL = ("all", "both", "each", "mostly")
_ENDS = (None, Kind.MARK)


def told_patterns(line: Line) -> Iterator[Claim]:
    """The claims of how things are arranged that do not stand behind their verb."""
    for noun in line.nouns:
        whole = not noun.some or line.text(noun.first - 1) == "of"
        if noun.plural and not noun.denied and whole and (pattern := _of_shape(line, noun)):
            yield _of(line, noun, pattern, noun.at)
    if line.told and line.told.plural and (at := _of_them(line)):
        yield _of(line, replace(line.told, at=0, first=0), line.parts[at].value, at)
    for at, part in enumerate(line.parts):
        if part.kind is Kind.PATTERN and part.value != "beside" and (found := _apart(line, at)):
            yield _of(line, found, part.value, at)


def _of(line: Line, noun: Noun, pattern: str, at: int) -> Claim:
    start, end = line.parts[min(noun.first, at)].start, line.parts[max(noun.at, at)].end
    return Claim(About.ARRANGEMENT, noun.name, start, end, amount=noun.amount, word=pattern)


def _of_shape(line: Line, noun: Noun) -> str:
    """``ring`` of ``a ring of tents``, ``vertical row`` of ``a vertical line of eight boats``; else empty."""
    of = noun.first - 1
    while line.kind(of) in (Kind.COLOUR, Kind.WORD) and line.text(of) != "of":
        of -= 1
    words = [part.text for part in line.parts]
    others = sum(one.name == noun.name for one in line.nouns) > 1 or not {*words}.isdisjoint(lists()["rest"])
    if line.text(of) != "of" or others or words.count("of") > 1:
        return ""
    shapes = lists()["shapes"]
    shape = shapes["rows"].get(line.text(of - 1), "")
    way = shapes["ways"].get(line.text(of - 2), "")
    if shape == "row" and way:
        return f"{way} row"
    if shape == "row" and (along := _runs(line, noun)):
        return f"{along} row"
    if shape == "row" and line.text(of - 2) in ("single", "a single"):
        return "single row"
    return shape if shape == "ring" else ""


def _runs(line: Line, noun: Noun) -> str:
    """``horizontal`` of ``a row of boats runs from left to right``; else empty."""
    said = " ".join(line.text(noun.at + n) for n in range(1, 8))
    verb = said.split(" ")[0] in ("runs", "stretches", "extends", "reaches", "lies", "stands")
    along = (way for words, way in lists()["shapes"]["along"].items() if f" {words} " in f" {said} ")
    return next(along, "") if verb else ""


def _of_them(line: Line) -> int:
    """Where the pattern is in ``They are arranged in a ring``; 0 if none is told."""
    if line.text(0) not in ("they", "these", "all"):
        return 0
    for at in range(1, min(8, len(line.parts))):
        if line.kind(at) is Kind.PATTERN:
            return at if line.parts[at].value != "beside" else 0
        plain = line.kind(at) in (Kind.STOP, Kind.WORD, Kind.COVERED, Kind.PRONOUN)
        if not plain or line.text(at) in lists()["not"] or line.text(at).endswith("n't"):
            return 0
    return 0


def _apart(line: Line, at: int) -> Noun | None:
    """The things of a pattern between marks, or of one with which a sentence begins."""
    comma = at - 1 - (line.text(at - 1) in _ALL)
    if line.text(comma) in (",", ":") and line.kind(at + 1) in _ENDS:
        noun = line.noun_at(comma - 1)
        return noun if noun and noun.plural and not noun.denied and not noun.some else None
    first = at
    while line.text(first - 1) in _ARRANGED or (line.kind(first - 1) is Kind.PATTERN and first > 0):
        first -= 1
    if first > 0:
        return None
    verb = line.text(at + 1) in LIE or line.text(at + 1) == ","
    noun = line.noun_behind(at + 1) if verb else None
    return noun if noun and noun.plural and not noun.denied and not noun.some else None
