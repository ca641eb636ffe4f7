"""Where all things of a kind would be, so that none there is none at all: barns on a farm."""

from __future__ import annotations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind


def ends_site(line: Line, at: int) -> bool:
    """Whether what a picture is of stands before a piece, and begins the sentence: the tank farm."""
    words = [line.text(n) for n in range(at)]
    said = " ".join(words[1:])
    return (
        1 < len(words) <= 4
        and words[0] in ("a", "an", "the", "this", "our")
        and said in lists()["whole_sites"]
    )


def is_usual(noun: Noun, ground: str) -> bool:
    """Whether all such things would be there: barns on a farm, cars on a road."""
    kinds = {noun.name, *lexicon.synonyms(noun.name), *lexicon.hypernyms(noun.name)}
    driven = "vehicle" in kinds and ground in lists()["parked_on"]
    there = lists()["usual"].get(ground, ())  # no building stands on the farm: no barn
    return driven or not kinds.isdisjoint(there) or any(noun.name in lexicon.hypernyms(one) for one in there)


def is_at_usual(line: Line, noun: Noun, first: int) -> bool:
    """``The basin holds no sailboats``, ``the farm has no barns``: where all such things would be."""
    verb = noun.first - 1
    if line.text(verb) not in lists()["having"] or line.text(first) not in ("the", "this", "our"):
        return False
    ground = {line.text(verb - 1)} | ({line.parts[verb - 1].value} if line.noun_at(verb - 1) else set())
    plain = all(line.kind(n) is Kind.WORD for n in range(first + 1, verb - 1))
    return plain and (any(is_usual(noun, one) for one in ground) or ends_site(line, verb))
