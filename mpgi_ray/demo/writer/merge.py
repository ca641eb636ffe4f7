"""Integration: the union of all descriptions under the facts, as one long and one short text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mpgi_ray.demo.writer.frames import LOOK, UNTOLD, WHAT, WHERE
from mpgi_ray.demo.writer.grammar import Change, Claim, Told, read
from mpgi_ray.demo.writer.known import identity
from mpgi_ray.demo.writer.prose import parse
from mpgi_ray.demo.writer.request import Request
from mpgi_ray.demo.writer.words import join_list, split_list

SHORT_WORDS = 40
LONG_WORDS = 265  # before the connections; asked for are 250, and models do not count so well
# two ways to tell the same
_ALIKE = {
    "cells": "spots", "parted": "spots", "patch": "cover", "fill": "mainly", "denied": "totals",
    "contrasted": "coloured",
}  # fmt: skip
Key = tuple[str, frozenset[tuple[str, str]]]  # of a claim
_BRIEF = (*WHAT[:-1], *WHERE, *LOOK, WHAT[-1])  # the most telling first, map features last


def union(request: Request, falsehoods: Mapping[str, Change], *, believes: bool) -> list[Told]:
    """Every sentence of the descriptions that no fact contradicts, each once, and the facts that they lack.

    Of what the facts speak of, such as numbers or places, they decide.

    Args:
        falsehoods: by identity, what the writer made false in earlier answers; it marks what comes back, and
            decides nothing.
        believes: descriptions in place of the facts, where they differ.
    """
    facts = [fact for fact in map(read, request.facts) if fact.claim and fact.claim.kind not in UNTOLD]
    measured = [line for line in map(read, request.measured) if line.claim]
    given = {fact.claim.key: fact for fact in (*facts, *measured) if fact.claim}
    topics = {_topic(fact.claim) for fact in given.values() if fact.claim}
    told: dict[object, Told] = {}
    beaten = set()
    for text in (request.texts or {}).values():
        for one in parse(text):
            if one.claim and one.claim.key not in given and _topic(one.claim) in topics:
                if not believes:
                    continue
                beaten.add(_replaced(one.claim, given))
            if one.claim and one.claim.kind == "extra" and request.attempt > 1 and not believes:
                continue  # what an earlier answer was refused for, as far as it can be known
            known_as = identity(request.about, one.text), identity((), one.text)
            false = next((falsehoods[i] for i in known_as if i in falsehoods), None)
            told.setdefault(one.claim.key if one.claim else one.text.lower(), replace(one, false=false))
    for fact in facts:
        if fact.claim:
            told.setdefault(fact.claim.key, fact)
    ranked = sorted((one for key, one in told.items() if key not in beaten), key=_rank)
    while len(ranked) > 1 and sum(len(one.text.split()) for one in ranked) > LONG_WORDS:
        ranked.pop()
    return ranked or [Told("The image shows an area.")]


def _replaced(claim: Claim, given: Mapping[Key, Told]) -> Key | None:
    """The key of the fact that a claim was most likely made of, by the words they share."""
    rivals = {
        key: len({*fact.text.lower().split()} & {*" ".join(claim.slots.values()).lower().split()})
        for key, fact in given.items()
        if fact.claim and fact.claim.kind == claim.kind
    }
    return max(rivals, key=lambda key: rivals[key], default=None)


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


def _topic(claim: Claim) -> str:
    """What a claim is about: of two kinds that tell the same, one."""
    return _ALIKE.get(claim.kind, claim.kind)


def _rank(one: Told) -> int:
    """From the whole to the details; what is not understood keeps its place between things and places."""
    order = (*WHAT, "", *LOOK, *WHERE, "taken", "gsd", *UNTOLD)
    return order.index(one.claim.kind if one.claim else "")
