"""Questions that a text asks, and what its next sentence answers: ``How many cars are there? Only two.``"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.numbers_behind import is_of_all
from mpgi_ray.truth.pieces import Kind

_ENDS = (None, Kind.MARK)
_BEFORE_NUMBER = (
    "there",
    "are",
    "is",
    "i",
    "we",
    "you",
    "count",
    "counted",
    "can",
    "see",
    "make",
    "out",
    "it",
    "of",
)
_IDENTITY = ("these", "those", "they", "this", "that", "it")  # are these cars?
_OPENING = ("is", "are", "do", "does", "can", "any", "could", "did", "will")
_NONE = (
    "none",
    "no",
    "not one",
    "not a single one",
    "not any",
    "zero",
    "there isn't any",
    "there aren't any",
)


@dataclass(frozen=True)
class Question:
    """What is asked of a thing: ``number``, ``presence``, ``colour`` or ``place``."""

    about: str
    noun: Noun


def asked(line: Line) -> Question | None:
    """What a question asks; None if it is not of one thing in the whole picture alone."""
    nouns = [noun for noun in line.nouns if not noun.denied]
    told = (Kind.PLACE, Kind.RELATION, Kind.PATTERN, Kind.SHARE)
    if len(nouns) != 1 or any(part.kind in told for part in line.parts):
        return None
    noun, words = nouns[0], [part.text for part in line.parts]
    if line.text(noun.first - 1) == "of":
        return None  # a ring of boats
    said = " ".join(words)
    behind = line.kind(noun.at + 1) in _ENDS or line.text(noun.at + 1) in (
        *_OPENING,
        "there",
        "here",
        "in",
        "then",
    )
    if not behind:
        return None
    if "how many" in said and noun.plural:
        return Question("number", replace(noun, amount=None))
    if noun.amount:
        return None
    if "what colour" in said or "what color" in said or "which colour" in said:
        return Question("colour", noun)
    if words[0] == "where":
        return Question("place", noun)
    bare = noun.first == 0 and noun.plural and line.kind(noun.at + 1) in _ENDS
    opens = words[0] in _OPENING and {*words[:3]}.isdisjoint(_IDENTITY)
    new = noun.plural or line.text(noun.first) in ("a", "an", "any", "a single")
    return Question("presence", noun) if bare or (opens and new and noun.colour is None) else None


def is_statement(line: Line) -> bool:
    """``Can you see that there are no cars?``: what is asked is taken to be so."""
    words = [line.text(n) for n in range(4)]
    return words[0] in ("can", "do", "did") and words[1] in ("you", "we") and words[3] in ("that", "how")


def implied(line: Line) -> Question | None:
    """What may be counted in the next sentence: ``Boats lie on the beach. There are five of them.``"""
    nouns = [noun for noun in line.nouns if noun.plural and not leads_away(line, noun)]
    counted = any(part.kind is Kind.AMOUNT for part in line.parts)
    plain = len(nouns) == 1 and not (nouns[0].denied or nouns[0].some or counted)
    grouped = any(part.kind in (Kind.GROUP, Kind.PLACE) or part.text == ":" for part in line.parts)
    others = any(part.kind is Kind.WORD and part.text.endswith("s") for part in line.parts)  # buoys
    return Question("number", nouns[0]) if plain and not (grouped or others) else None


def answers(line: Line, question: Question) -> Iterator[Claim]:
    """What the sentence behind a question answers."""
    noun, first = question.noun, line.parts[0]
    claim = Claim(About.PRESENCE, noun.name, first.start, first.end)
    there_none = first.text in ("there isn't any", "there aren't any")
    if question.about == "presence" and (there_none or (first.text in _NONE and line.kind(1) in _ENDS)):
        yield replace(claim, about=About.ABSENCE)
    elif question.about == "colour" and first.kind is Kind.COLOUR and line.kind(1) in _ENDS:
        if line.kind(2) is not Kind.COLOUR:
            yield replace(claim, about=About.COLOUR, word=first.value)
    elif question.about == "place" and first.kind is Kind.PLACE and line.kind(1) in _ENDS:
        if not first.value.side and len([p for p in line.parts if p.kind is Kind.PLACE]) == 1:
            yield replace(claim, about=About.POSITION, region=first.value, most=noun.plural)
    elif question.about == "number":
        yield from _number(line, noun)


def _number(line: Line, noun: Noun) -> Iterator[Claim]:
    at = 0
    while line.text(at) in _BEFORE_NUMBER:
        at += 1
    part = line.parts[at] if at < len(line.parts) else None
    if part is None or any(one.first <= at <= one.at for one in line.nouns):
        return
    of_them = 2 * ((line.text(at + 1), line.text(at + 2)) == ("of", "them"))
    ends = line.kind(at + of_them + 1) in _ENDS or is_of_all(line, at + of_them + 1)
    if part.text in ("none", "not one") and ends:
        yield Claim(About.ABSENCE, noun.name, part.start, part.end)
    elif part.kind is Kind.AMOUNT and ends and line.text(at + 1) != ",":
        yield Claim(About.COUNT, noun.name, part.start, part.end, amount=part.value, every=True)
