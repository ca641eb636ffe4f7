"""The answer to a request: the true one, and what a fault makes of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from random import Random

from mpgi_ray.demo.writer.content import Change, plant
from mpgi_ray.demo.writer.faults import CONTENT, FORM
from mpgi_ray.demo.writer.forms import spoil_answer, spoil_json, spoil_prose
from mpgi_ray.demo.writer.frames import LOOK, UNTOLD, WHAT, WHERE
from mpgi_ray.demo.writer.grammar import Told, places, read, retell
from mpgi_ray.demo.writer.look import describe
from mpgi_ray.demo.writer.merge import brief, connect, union
from mpgi_ray.demo.writer.request import Request

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
    """

    text: str
    finish_reason: str = "stop"
    fault: str = ""
    variant: str = ""
    change: Change | None = None


def write(request: Request, kind: str, rng: Random) -> Answer:
    """Answer a request.

    Args:
        kind: of the fault to plant, empty for none; one that the request cannot have is not planted.

    Raises:
        BadPicture: a perspective without facts came with a picture that cannot be decoded.
    """
    facts = [read(sentence) for sentence in request.facts]
    told = _perspective(request, facts, rng) if request.texts is None else union(request)
    if request.texts is not None and request.brief:
        told = brief(told)
    change = None
    if kind in CONTENT:
        source = " ".join((*request.facts, *(request.texts or {}).values())).lower()
        planted = plant(kind, told, source, rng)
        if planted:
            told, change = planted
    return _formed(request, told, kind if kind in FORM or change else "", change, rng)


def _formed(request: Request, told: list[Told], kind: str, change: Change | None, rng: Random) -> Answer:
    """The sentences as prose or as JSON, with a fault of form if there is one to plant."""
    # an answer after a hint keeps to the words of the sources, and a short one to its length
    plain = request.texts is None or request.attempt > 1 or request.brief
    answer = {
        key: connect(told, rng, plain=plain)
        if "short" not in key or request.brief
        else connect(brief(told), rng, plain=True)
        for key in request.keys or ("",)
    }
    variant = ""
    if kind in ("language", "repetition"):
        spoilt = {key: spoil_prose(kind, text, rng) for key, text in answer.items()}
        answer = {key: text for key, (text, _) in spoilt.items()}
        variant = "+".join(dict.fromkeys(how for _, how in spoilt.values()))
    text = json.dumps(answer, ensure_ascii=False) if request.keys else answer[""]
    if kind == "schema":
        if not request.keys:
            return Answer(text)
        text, variant = spoil_json(answer, request.keys, rng)
    finish = "stop"
    if kind in ("refusal", "thinking", "truncation"):
        text, finish, variant = spoil_answer(kind, text, rng)
    return Answer(text, finish, kind, variant, change)


def _perspective(request: Request, facts: list[Told], rng: Random) -> list[Told]:
    """The facts of the perspective in other words; the look of the picture for `attributes` or no facts."""
    told = [f for f in facts if not (f.claim and f.claim.kind in UNTOLD) and not _COORDINATES.search(f.text)]
    wanted = [f for f in told if _belongs(f, request.perspective)]
    looks = request.perspective == "attributes" or not told
    seen = describe(request.picture, request.perspective, rng) if looks and request.picture else []
    answer = [*(retell(f, rng) for f in wanted or (() if seen else told)), *map(Told, seen)]
    return answer or [Told("There is nothing to describe.")]


def _belongs(fact: Told, perspective: str) -> bool:
    """Whether a perspective tells a fact; one that is not understood goes by whether it names a place."""
    if perspective not in _TELLS:
        return True
    if fact.claim is None:
        return perspective == ("layout" if any(places(fact.text)) else "objects")
    return fact.claim.kind in _TELLS[perspective]
