"""How two things lie to each other, which are larger, and what is near: relations that the facts hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.known import Candidate, Known
from mpgi_ray.instruct.words import forms, say
from mpgi_ray.rules.relations import Kind, Relation

KIND = "relation"
SIDES = {
    "left_of": "to the left of",
    "right_of": "to the right of",
    "above": "above",
    "below": "below",
}
_REVERSE = {"left_of": "right_of", "right_of": "left_of", "above": "below", "below": "above"}


def asked(known: Known, each: int) -> Iterator[Candidate]:
    found = {f"{one.kind} {one.subject}|{one.object}": one for one in known.facts.relations}
    for name in known.drawn(found, each, KIND):
        one = found[name]
        make = {Kind.LARGER: _larger, Kind.NEAR: _near}.get(one.kind, _aside)
        yield make(known, one, f"{known.seed}/{name}")


def _aside(known: Known, relation: Relation, seed: str) -> Candidate:
    """Of two single things, in one order or the other; open, or to be answered by yes or no."""
    real, pair = relation.kind.value, (relation.subject, relation.object)
    (form, turned) = known.drawn(("where", "holds", "fails"), 1, seed)[0], known.drawn("ab", 1, seed) == ["a"]
    if turned:
        real, pair = _REVERSE[real], (pair[1], pair[0])
    asked_ = _REVERSE[real] if form == "fails" else real
    slots = {"one": pair[0], "other": pair[1], "side": SIDES[asked_], "real": SIDES[real]}
    truth: dict[str, Any] = {"names": list(pair), "relation": real}
    if form == "where":
        answer = say(KIND, "where_answer", seed, **slots)
        return _candidate(say(KIND, "where", seed, **slots), answer, truth, real)
    truth |= {"asked": asked_, "holds": asked_ == real}
    answer = say(KIND, "holds_yes" if asked_ == real else "holds_no", seed, **slots)
    return _candidate(say(KIND, "holds", seed, **slots), answer, truth, "yes" if asked_ == real else "no")


def _larger(known: Known, relation: Relation, seed: str) -> Candidate:
    """All of the one class are larger than all of the other."""
    single = dict(zip((relation.subject, relation.object), relation.single, strict=True))
    nouns = {name: name if one else known.facts.several(name) for name, one in single.items()}
    first, second = known.drawn(single, 2, seed)
    slots = {
        **{"first": nouns[first], "second": nouns[second]},
        **{"larger": nouns[relation.subject], "smaller": nouns[relation.object]},
        "verb": "is" if all(relation.single) else "are",
        "larger_verb": "is" if relation.single[0] else "are",
    }
    truth = {"names": [relation.subject, relation.object], "relation": "larger"}
    question, answer = say(KIND, "larger", seed, **slots), say(KIND, "larger_answer", seed, **slots)
    return _candidate(question, answer, truth, relation.subject)  # its place in the question is drawn


def _near(known: Known, relation: Relation, seed: str) -> Candidate:
    """One of the class is near one of the other."""
    one, other = forms(known.facts, relation.subject), forms(known.facts, relation.object)
    slots = {"a_one": one["a_name"], "a_other": other["a_name"]}
    truth = {"names": [relation.subject, relation.object], "relation": "near"}
    question, answer = say(KIND, "near", seed, **slots), say(KIND, "near_answer", seed, **slots)
    return _candidate(question, answer, truth, "near")


def _candidate(question: str, answer: str, truth: dict[str, Any], told: str) -> Candidate:
    return Candidate(Turn(KIND, question, answer, truth=truth), "|".join(sorted(truth["names"])), told)
