"""Numbers that are true of some things only and may be taken for all: which words are their source."""

from __future__ import annotations

import re
from dataclasses import replace

from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.lists import goes_by
from mpgi_ray.truth.verdict import Checker, Verdict

_OF_THEM = re.compile(r"[\w-]+ of (?:them|these|those|the|which)\b", re.I)  # nobody takes these for all
_CENTRE = re.compile(r"\b(?:cent(?:re|er|ral)|middle|inner)\b", re.I)
_EDGES = re.compile(r"\b(?:edge|border|margin|side)s?\b", re.I)
_PLACES = re.compile(r"\b(?:left|right|top|bottom|upper|lower|corners?|(?:north|south|east|west)\w*)\b", re.I)
_CLAUSE = re.compile(
    r"[;:]|[.!?](?= )|, (?:and|while|whereas|with|but)\b"
    r"|, (?=(?:\d+|one|two|three|four|five|six) (?:in|at|on|near|along)\b)"
)


def is_of_part(claim: Claim, text: str, checker: Checker) -> bool:
    """Whether a number is that of some things only, not of all, nor of all in a part of the picture."""
    number = claim.about is About.COUNT and claim.amount is not None and claim.amount[1] is not None
    some = number and claim.some and not _OF_THEM.match(text, claim.start)
    return some and not _is_of_all(claim, checker)


def is_of_some(claim: Claim, source: str, checker: Checker) -> bool:
    """Whether what a source says of these may be said of those in a part of the picture; of one it may."""
    if not claim.some or claim.amount == (1, 1):
        return claim.some
    return _is_placed(clause_of(source, claim)) or not _is_of_all(claim, checker)


def _is_of_all(claim: Claim, checker: Checker) -> bool:
    whole = (replace(claim, some=False, region=region) for region in {claim.region, None})
    return any(checker.judge(one).verdict is Verdict.SUPPORTED for one in whole)


def clause_of(text: str, claim: Claim) -> str:
    """The clause of a claim, which may name a part of the picture that is not read: closer to the edges."""
    begins = [found.end() for found in _CLAUSE.finditer(text, 0, claim.start)]
    end = _CLAUSE.search(text, claim.end)
    return text[begins[-1] if begins else 0 : end.start() if end else len(text)]


def _is_placed(clause: str) -> bool:
    return any(words.search(clause) for words in (_CENTRE, _EDGES, _PLACES))


def is_same_part(claim: Claim, clause: str, source: Claim) -> bool:
    """Whether a source tells the number of these things; where they lie is told with it."""
    if source.about is not About.COUNT or source.amount != claim.amount:
        return False
    if not goes_by(source.name, claim.name):
        return False
    if claim.region is not None:
        return source.region.is_like(claim.region) if source.region else source.some
    if source.region is None or not _is_placed(clause):
        return source.region is None
    rim = bool(_EDGES.search(clause))
    either = _PLACES.search(clause) or rim == bool(_CENTRE.search(clause))
    return bool(either) or source.region.rim == rim
