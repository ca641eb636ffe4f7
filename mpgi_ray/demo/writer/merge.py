"""Integration: the union of all descriptions under the facts, as one long and one short text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from mpgi_ray.demo.writer.frames import LOOK, UNTOLD, WHAT, WHERE
from mpgi_ray.demo.writer.grammar import Claim, Told, read
from mpgi_ray.demo.writer.request import Request
from mpgi_ray.demo.writer.words import join_list, sentences, small, split_list

SHORT_WORDS = 40
LONG_WORDS = 265  # before the connections; asked for are 250, and models do not count so well
# words beside those of the sources: connections between sentences
GLUE = frozenset(("also", "in", "addition", "besides", "while", "and", "the", "image", "shows", "a", "an"))
_ALIKE = {"cells": "spots", "patch": "cover", "fill": "mainly"}  # two ways to tell the same
_OPENINGS = ("Also, ", "In addition, ", "Besides, ")
_BRIEF = (*WHAT[:-1], *WHERE, *LOOK, WHAT[-1])  # the most telling first, map features last
_STARTS_WITH_NAME = re.compile(r"[A-Z]{2}|I\b")


def union(request: Request) -> list[Told]:
    """Every sentence of the descriptions that no fact contradicts, each once, and the facts that they lack.

    Of what the facts speak of, such as numbers or places, they decide.
    """
    facts = [fact for fact in map(read, request.facts) if fact.claim and fact.claim.kind not in UNTOLD]
    given = {fact.claim.key for fact in facts if fact.claim}
    topics = {_topic(fact.claim) for fact in facts if fact.claim}
    told: dict[object, Told] = {}
    for text in (request.texts or {}).values():
        for one in map(read, sentences(text)):
            differs = one.claim and one.claim.key not in given and _topic(one.claim) in topics
            if not differs:
                told.setdefault(one.claim.key if one.claim else one.text.lower(), one)
    for fact in facts:
        if fact.claim:
            told.setdefault(fact.claim.key, fact)
    ranked = sorted(told.values(), key=_rank)
    while len(ranked) > 1 and sum(len(one.text.split()) for one in ranked) > LONG_WORDS:
        ranked.pop()
    return ranked or [Told("The image shows an area.")]


def brief(told: Sequence[Told]) -> list[Told]:
    """The most telling sentences, `SHORT_WORDS` words at most."""
    ranked = sorted(
        told, key=lambda one: _BRIEF.index(one.claim.kind) if one.claim and one.claim.kind in _BRIEF else 99
    )
    chosen: list[Told] = []
    left = SHORT_WORDS
    for one in ranked:
        if one.claim and one.claim.kind == "totals" and len(one.text.split()) > SHORT_WORDS // 2:
            one = one.changed(items=join_list(split_list(one.claim.slots["items"])[:4]))
        words = len(one.text.split())
        if words <= left and len(chosen) < 4:
            chosen.append(one)
            left -= words
    if chosen or not told:
        return chosen
    return [Told(" ".join(ranked[0].text.split()[:SHORT_WORDS]).rstrip(",;.") + ".")]


def connect(told: Sequence[Told], rng: Random, *, plain: bool) -> str:
    """The sentences as a paragraph.

    Args:
        plain: without any word of the writer's own between them.
    """
    parts: list[str] = []
    for i, one in enumerate(told):
        movable = i and not plain and not _STARTS_WITH_NAME.match(one.text)
        point = rng.random()
        if movable and point < 0.15:
            parts.append(f"{rng.choice(_OPENINGS)}{small(one.text)}")
        elif movable and point < 0.4 and parts[-1].endswith(".") and ", while " not in parts[-1]:
            parts[-1] = f"{parts[-1][:-1]}, while {small(one.text)}"
        else:
            parts.append(one.text)
    return " ".join(parts)


def _topic(claim: Claim) -> str:
    """What a claim is about: of two kinds that tell the same, one."""
    return _ALIKE.get(claim.kind, claim.kind)


def _rank(one: Told) -> int:
    """From the whole to the details; what is not understood keeps its place between things and places."""
    order = (*WHAT, "", *LOOK, *WHERE, "taken", "gsd", *UNTOLD)
    return order.index(one.claim.kind if one.claim else "")
