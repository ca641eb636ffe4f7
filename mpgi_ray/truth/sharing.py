"""Shares of the picture that several things have each, and those of participles that trail behind things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.truth.antecedents import is_unnamed
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.tones import AREAS, TONES

_TOGETHER = ("each", "together", "both")


def sharing(line: Line, at: int) -> list[Noun]:
    """The things that have a share each, or one whose verb is left out."""
    return _each(line, at) or _elided(line, at)


def _each(line: Line, at: int) -> list[Noun]:
    """``grass and sand each cover a third``."""
    each = line.kind(at - 1) is Kind.COVERS and line.text(at - 2) == "each"
    found = _listed(line, at - 3) if each else []
    return [] if any(noun.amount for noun in found) else found


def _elided(line: Line, at: int) -> list[Noun]:
    """``water covers half of the image, grass a third, sand and road a small part each``."""
    verb = any(
        line.kind(n) is Kind.SHARE and line.kind(n - 1) is Kind.COVERS for n in range(1, at)
    ) and not any(line.kind(n) in (Kind.COVERS, Kind.COVERED) for n in (at + 1, at + 2))
    last = at - 1 - (line.text(at - 1) == "for")
    each = line.text(at + 1) == "each"
    if line.text(last) == "each" and line.text(last - 1) == ",":  # grass and sand, each a third
        last, each = last - 2, True
    found = _listed(line, last) if verb or each else []
    if each:
        counted = next((n for n, noun in enumerate(found) if noun.amount), len(found))
        return found[:counted]  # two sheds, sand and grass a small part each
    after = at + 1 + 2 * ((line.text(at + 1), line.text(at + 2)) == ("of", "it"))
    if any(noun.amount for noun in found) or line.text(after) not in (",", ";", "and", ".", ""):
        return []
    before = found[0].first - 1 - (line.text(found[0].first - 1) == "the") if found else 0
    return found if len(found) == 1 and line.text(before) in (",", ";", "and") else []


def _listed(line: Line, at: int) -> list[Noun]:
    """The things of a list that ends here, the last one first; none if one is denied."""
    found: list[Noun] = []
    while noun := line.noun_at(at):
        found.append(noun)
        at = noun.first - 1 - (line.text(noun.first - 1) == "the")
        if line.text(at) not in (",", "and"):
            break
        at -= 1 + (line.text(at - 1) == ",")
    return [] if any(noun.denied for noun in found) else found


def trailing(line: Line, at: int) -> Iterator[Claim]:
    """``two sheds, elongated and white, each covering a third of the image``: any of what stands before.

    It is false only if it is of all of them, and a thing that has no name here is not known.
    """
    verb = line.text(at - 1)
    bound = verb.split(" ")[0].endswith("ing") or line.text(at - 2) in _TOGETHER
    if line.kind(at - 1) is not Kind.COVERS or not bound or picture_behind(line, at) is None:
        return
    if _is_of_colours(line, at - 1):
        return
    first = next((n + 1 for n in range(at - 1, -1, -1) if line.turns(n)), 0)
    nouns = [noun for noun in line.nouns if first <= noun.at < at - 1 and not noun.denied]
    part = line.parts[at]
    claim = Claim(About.COVER, "", part.start, part.end, amount=part.value)
    readings = [replace(claim, name=noun.name, some=noun.amount is not None) for noun in nouns[::-1]]
    sites = [line.text(n) for n in range(first, at) if line.text(n) in lists()["sites"]]
    unnamed = sites or any(is_unnamed(line, n, at - 1) or _is_mass(line, n) for n in range(first, at))
    if unnamed and line.text(at - 2) != "each":
        readings.append(replace(claim, name=sites[0] if sites else ""))
    if nouns:
        yield replace(readings[0], or_else=tuple(readings[1:]))


def _is_of_colours(line: Line, verb: int) -> bool:
    """``with green covering half``, ``green and tan parts each make up a third``: no things do."""
    here = verb - 1
    while line.text(here) in _TOGETHER or line.text(here) in AREAS:
        here -= 1
    return line.kind(here) is Kind.COLOUR or line.text(here) in TONES


def _is_mass(line: Line, at: int) -> bool:
    """``an expanse of paving``, of which no class of the source is."""
    return line.kind(at) is Kind.GROUP and line.text(at + 1) == "of" and line.noun_behind(at + 1) is None


def picture_behind(line: Line, at: int) -> int | None:
    """Where the picture stands in ``half of the picture``, ``half the scene``."""
    first = at + 1 if line.text(at + 1) in ("the", "this") else at + 2
    found = (n for n in range(first, at + 5) if line.kind(n) is Kind.PICTURE)
    return next(found, None) if line.text(at + 1) in ("of", "the", "this") else None
