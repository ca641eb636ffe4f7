"""Colours told apart from their things: ``all of them red``, ``the colour of the trucks is blue``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.looks import said_colour
from mpgi_ray.truth.pieces import Kind, Piece
from mpgi_ray.truth.roof_colours import roof_colours

_ALL = ("all", "each", "both", "every")
_MOST = ("nearly all", "almost all", "mostly", "most", "mainly")
_OPEN = (",", "–", "—", "(", ";", None)
_ENDS = (None, Kind.MARK)
_BEHIND = ("in", "throughout", "ones", "overall", "all")  # red in colour, red throughout


def told_colours(line: Line) -> Iterator[Claim]:
    """The claims of colours that stand behind their things, and not in the same phrase."""
    yield from roof_colours(line)
    yield from _of_those_before(line)
    for thing in line.nouns:
        if thing.colour is None and not thing.denied and (apart := _apart(line, thing)):
            yield _of(line, thing, apart)
    for at, part in enumerate(line.parts):
        if part.text in (*_ALL, *_MOST) and (at == 0 or line.text(at - 1) in _OPEN):
            verb = at + 1 if line.text(at + 1) in ("is", "are") else None
            colour = said_colour(line, verb) if verb else _colour_of_all(line, at)
            noun = _spoken_of(line, at)
            if colour and noun:
                yield _of(line, noun, colour, every=part.text in _ALL)
        elif part.text in (",", "(") and (noun := line.noun_at(at - 1)):
            colour = _apposed(line, at)
            if colour and not noun.denied and noun.colour is None and not leads_away(line, noun):
                yield _of(line, noun, colour)
        elif part.text in ("is", "are") and line.text(at - 1) == "and" and (colour := said_colour(line, at)):
            if noun := _joined(line, at):
                yield _of(line, noun, colour)
        elif (
            part.text in ("colour", "color")
            and line.text(at + 1) == "of"
            and (noun := line.noun_behind(at + 1))
        ):
            after = line.text(noun.at + 1)
            colour = line.parts[noun.at + 2] if line.kind(noun.at + 2) is Kind.COLOUR else None
            if colour and after in ("is", ":") and line.kind(noun.at + 3) in _ENDS:
                yield _of(line, noun, colour)


def _apart(line: Line, noun: Noun) -> Piece | None:
    """The colour in ``the vans' colour is red``, ``vans: red``, ``red is the colour of the vans``."""
    here = noun.at + 1
    named = line.text(here) in ("colour", "color") and line.text(here + 1) in ("is", ":")
    here += 2 if named else line.text(here) in ("wear", "wears") or line.text(here) == ":"
    if here > noun.at + 1 and line.kind(here) is Kind.COLOUR and _is_alone(line, here):
        return line.parts[here]
    words = [line.text(noun.first - n) for n in (4, 3, 2, 1)]
    of = noun.first - 5 - (words[3] == "the")
    words = words if words[3] != "the" else [line.text(noun.first - n) for n in (5, 4, 3, 2)]
    told = words[0] == "is" and words[1] == "the" and words[2] in ("colour", "color") and words[3] == "of"
    shaded = of == 1 and line.kind(0) is Kind.WORD  # lime green is the colour of the roof
    if told and line.kind(of) is Kind.COLOUR and (of == 0 or shaded or line.kind(of - 1) is Kind.MARK):
        return line.parts[of]
    the = noun.first - 1 - (line.text(noun.first - 1) == "the")
    fronted = the == 1 and line.text(1) == "," and line.kind(0) is Kind.COLOUR
    return line.parts[0] if fronted and line.kind(noun.at + 1) not in (Kind.MARK, None) else None


def _is_alone(line: Line, at: int) -> bool:
    """Whether no other colour stands beside one, and no thing that has it."""
    return line.kind(at + 1) in _ENDS and line.kind(at + 2) is not Kind.COLOUR and line.text(at + 2) != "and"


def _of_those_before(line: Line) -> Iterator[Claim]:
    """``All three are red.``, ``Their colour is red.``: of the things of a sentence before."""
    told = line.told
    if told is None or not told.plural or any(noun.first == 0 for noun in line.nouns):
        return
    verb = 1 + (line.kind(1) is Kind.AMOUNT) if line.text(0) in _ALL else 0
    if line.text(0) == "their" and line.text(1) in ("colour", "color"):
        verb = 2
    colour = said_colour(line, verb) if verb and line.text(verb) in ("is", "are") else None
    if colour is not None:
        claim = Claim(About.COLOUR, told.name, line.parts[0].start, colour.end, word=colour.value)
        yield replace(claim, every=line.text(0) in _ALL, some=told.some)


def _of(line: Line, noun: Noun, colour: Piece, *, every: bool = False) -> Claim:
    start = min(line.parts[noun.first].start, colour.start)
    end = max(line.parts[noun.at].end, colour.end)
    some = noun.amount is not None and not every
    amount = noun.amount if some else None
    claim = Claim(About.COLOUR, noun.name, start, end, amount=amount, some=some)
    return replace(claim, word=colour.value, every=every)


def _spoken_of(line: Line, at: int) -> Noun | None:
    """The things of "all": the last ones before it of which the sentence speaks."""
    told = [noun for noun in line.nouns if noun.at < at and noun.plural and not noun.denied]
    free = [noun for noun in told if not leads_away(line, noun)]
    return free[-1] if free else None


def _joined(line: Line, verb: int) -> Noun | None:
    """The trucks in ``two trucks stand in the open and are red``."""
    first = next((n + 1 for n in range(verb - 2, -1, -1) if line.ends_clause(n)), 0)
    things = [noun for noun in line.nouns if first <= noun.at < verb and not leads_away(line, noun)]
    agree = len(things) == 1 and things[0].plural == (line.text(verb) == "are") and not things[0].denied
    return things[0] if agree else None


def _apposed(line: Line, at: int) -> Piece | None:
    """The colour in ``two trucks, red in colour``, ``two trucks (red)``; None of several."""
    here = at + 1
    while line.text(here) in lists()["before_colour"] and line.text(here) not in ("in", "of"):
        here += 1
    if line.kind(here) is not Kind.COLOUR:
        return None
    after, further = line.text(here + 1), line.kind(here + 2)
    alone = line.kind(here + 1) in _ENDS and further is not Kind.COLOUR
    told = after in _BEHIND and (after != "in" or line.text(here + 2) in ("colour", "color"))
    shiny = after == "and" and further is Kind.WORD and line.kind(here + 3) in _ENDS
    return line.parts[here] if alone or told or shiny else None


def _colour_of_all(line: Line, at: int) -> Piece | None:
    """The colour in ``all of them red``; None of several."""
    for here in range(at + 1, min(at + 5, len(line.parts))):
        part = line.parts[here]
        if part.kind is Kind.COLOUR:
            goes_on = line.kind(here + 2) in (Kind.STOP, Kind.PLACE)
            mixed = line.text(here + 1) in ("and", "or") and not goes_on
            return None if mixed or line.kind(here + 1) is Kind.THING else part
        if (
            part.text not in (*lists()["before_colour"], "of", "them", "one", "single")
            and part.kind is not Kind.PRONOUN
        ):
            return None
    return None
