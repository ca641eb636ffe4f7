"""Colours of what things are seen by from above, told of it: ``the roofs of the sheds are red``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.antecedents import antecedents
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import is_surface
from mpgi_ray.truth.looks import said_colour
from mpgi_ray.truth.pieces import Kind

_HAVING = ("with", "by", "under", "carry", "carries", "bear", "bears", "have", "has", "show", "wear")
_NEW = ("and", ";", ":", "but", "while", "–", "—")  # a clause begins
_TOPPING = ("top", "cover", "crown", "mark")


def roof_colours(line: Line) -> Iterator[Claim]:
    """The claims of colours of roofs, for the things that they are the roofs of."""
    yield from _surface_colours(line)
    for noun in line.nouns:
        if noun.name not in ("roof", "rooftop") or noun.denied or noun.amount:
            continue
        owner = _owner(line, noun)
        if owner is None or owner.denied or owner.colour is not None or lexicon.is_generic(owner.name):
            continue
        said = said_colour(line, max(noun.at, owner.at) + 1)
        word = noun.colour or (said.value if said else None)
        if word is not None:
            first, last = sorted((line.parts[noun.first], line.parts[owner.at]), key=lambda part: part.start)
            end = said.end if said else max(line.parts[noun.at].end, last.end)
            claim = Claim(About.COLOUR, owner.name, first.start, end, word=word)
            yield replace(claim, amount=owner.amount, some=owner.amount is not None)


def _surface_colours(line: Line) -> Iterator[Claim]:
    """``the bodywork of the vans is blue``: of what is seen of things and has no name of its own."""
    for at, part in enumerate(line.parts):
        if part.kind is not Kind.WORD or not is_surface(part.text) or line.text(at + 1) != "of":
            continue
        owner = line.noun_behind(at + 1)
        said = said_colour(line, owner.at + 1) if owner else None
        if owner and said and not owner.denied and not lexicon.is_generic(owner.name):
            claim = Claim(About.COLOUR, owner.name, part.start, said.end, word=said.value)
            yield replace(claim, amount=owner.amount, some=owner.amount is not None)


def _owner(line: Line, roof: Noun) -> Noun | None:
    """The sheds in ``the sheds' roofs``, ``the roofs of the sheds``, ``sheds, with their red roofs``."""
    if line.text(roof.at + 1) == "of" and (behind := line.noun_behind(roof.at + 1)):
        return behind
    here = roof.first - 1
    its = line.text(here) in ("its", "their") and (here == 0 or line.text(here - 1) in _NEW)
    if its:  # one hall, and its roof is red
        told = antecedents(line, here, several=line.text(here) == "their")
        return told[0] if len(told) == 1 else None
    if own := line.noun_at(here):
        return own
    while line.kind(here) is Kind.COLOUR or line.text(here) in ("their", "its", "bright", "dark", "light"):
        here -= 1
    if line.text(here) in ("whose", "(") or (line.text(here) in _HAVING and line.text(here - 1) != "and"):
        before = here - 1
        while line.text(before) in (",", "covered", "topped", "are", "is"):
            before -= 1
        return line.noun_at(before)
    topped = line.text(roof.at + 1) in _TOPPING and line.kind(here) is None
    return line.noun_behind(roof.at + 1) if topped else None
