"""The answer to a request: the true one, and what a fault makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from mpgi_ray.demo.writer.content import plant
from mpgi_ray.demo.writer.faults import CONTENT, FORM
from mpgi_ray.demo.writer.forms import spoil_answer, spoil_json, spoil_prose
from mpgi_ray.demo.writer.frames import LOOK, UNTOLD, WHAT, WHERE
from mpgi_ray.demo.writer.grammar import Change, Told, places, read
from mpgi_ray.demo.writer.known import Known
from mpgi_ray.demo.writer.look import describe
from mpgi_ray.demo.writer.merge import brief, union
from mpgi_ray.demo.writer.prose import LINKS, OPENINGS, connect
from mpgi_ray.demo.writer.request import Request
from mpgi_ray.demo.writer.retell import Style, retell, totals_of

# what a perspective tells of the facts; any other tells them all
_TELLS = {"objects": WHAT, "layout": WHERE, "attributes": LOOK}
_COORDINATES = re.compile(r"[\[(<]\s*-?\d+(?:\.\d+)?\s*,")  # of boxes, which no prose repeats


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client, and what is wrong with it.

    Attributes:
        fault: the kind planted, empty for none.
        variant: of a fault of form.
        change: of a fault of content.
        false: by text, what is false in it: planted here, or in a description that it was made of. Of prose
            the text is the perspective's, of JSON those under its keys.
        numbers: by text, the numbers that it tells of things, by class.
    """

    text: str
    finish_reason: str = "stop"
    fault: str = ""
    variant: str = ""
    change: Change | None = None
    false: Mapping[str, Sequence[Change]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)


def write(
    request: Request, kind: str, rng: Random, falsehoods: Mapping[str, Change], *, believes: bool = False
) -> Answer:
    """Answer a request.

    Args:
        kind: of the fault to plant, empty for none; one that the request cannot have is not planted.
        falsehoods, believes: of an integration, see `union`.

    Raises:
        BadPicture: a perspective without facts came with a picture that cannot be decoded.
    """
    facts = [read(sentence) for sentence in request.facts]
    known = Known.of(facts)
    if request.texts is None:
        told = _perspective(request, facts, Style.draw(known.totals, rng), rng)
    else:
        told = union(request, falsehoods, believes=believes)
        if request.brief:
            told = brief(told)
    change = None
    if kind in CONTENT and (planted := plant(kind, told, known, request.about, rng)):
        told, change = planted
    return _formed(request, told, kind if kind in FORM or change else "", change, rng)


def _formed(request: Request, told: list[Told], kind: str, change: Change | None, rng: Random) -> Answer:
    """The sentences as prose or as JSON, with a fault of form if there is one to plant."""
    parts = {
        key: brief(told) if "short" in key and not request.brief else told
        for key in request.keys or (request.perspective,)
    }
    # an answer after a hint keeps to the words of the sources, and a short one to its length
    free = request.attempt == 1 and not request.brief
    merged = request.texts is not None
    answer = {}
    for key, part in parts.items():
        whole = free and part is told
        links = (LINKS if merged else OPENINGS) if whole else ()
        answer[key] = connect(part, rng, links=links, joins=whole and merged, pronouns=part is told)
    false = {key: [one.false for one in part if one.false] for key, part in parts.items()}
    numbers = {key: _numbers(part) for key, part in parts.items()}
    variant = ""
    if kind in ("language", "repetition"):
        spoilt = {key: spoil_prose(kind, text, rng) for key, text in answer.items()}
        answer = {key: text for key, (text, _) in spoilt.items()}
        variant = "+".join(dict.fromkeys(how for _, how in spoilt.values()))
    text = json.dumps(answer, ensure_ascii=False) if request.keys else answer[request.perspective]
    if kind == "schema":
        if request.keys:
            text, variant = spoil_json(answer, request.keys, rng)
        else:
            kind = ""
    finish = "stop"
    if kind in ("refusal", "thinking", "truncation"):
        text, finish, variant = spoil_answer(kind, text, rng)
    return Answer(text, finish, kind, variant, change, false, numbers)


def _numbers(told: Sequence[Told]) -> dict[str, list[int]]:
    """The exact numbers of all things of a class, or of those that share a look."""
    found: dict[str, list[int]] = {}
    for one in told:
        for slot in ("items", "subject"):
            for name, number in totals_of(one.claim.slots.get(slot, "") if one.claim else "").items():
                if number not in found.setdefault(name, []):
                    found[name].append(number)
    return found


def _perspective(request: Request, facts: list[Told], style: Style, rng: Random) -> list[Told]:
    """The facts of the perspective in other words; the look of the picture for `attributes` or no facts."""
    told = [f for f in facts if not (f.claim and f.claim.kind in UNTOLD) and not _COORDINATES.search(f.text)]
    wanted = [f for f in told if _belongs(f, request.perspective)]
    if request.perspective == "attributes":
        measured = [line for line in map(read, request.measured) if line.claim]
        wanted = [*(line for line in measured if _belongs(line, "attributes")), *wanted]
    looks = request.perspective == "attributes" or not told
    seen = describe(request.picture, request.perspective, rng) if looks and request.picture else []
    answer = [*(retell(f, rng, style) for f in wanted or (() if seen else told)), *map(Told, seen)]
    return answer or [Told("There is nothing to describe.")]


def _belongs(fact: Told, perspective: str) -> bool:
    """Whether a perspective tells a fact; one that is not understood goes by whether it names a place."""
    if perspective not in _TELLS:
        return True
    if fact.claim is None:
        return perspective == ("layout" if any(places(fact.text)) else "objects")
    return fact.claim.kind in _TELLS[perspective]
