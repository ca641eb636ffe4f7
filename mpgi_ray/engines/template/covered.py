"""Surfaces in the two integrated texts: the one that leads, those beside it, their shares and places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mpgi_ray.rules import phrases, surfaces, things
from mpgi_ray.rules.english import enumerate_, sentence, with_article
from mpgi_ray.rules.facts import CoverFact, Facts
from mpgi_ray.rules.listing import Item, listed

COVER = ("covers", "cover")
TAKE_UP = ("takes up", "take up")
OPENING = 3  # things that the first sentence of a text names


def leading(facts: Facts) -> CoverFact | None:
    """The largest surface of a picture without objects that is its scene, or all that it is known by."""
    lead = next(iter(facts.cover), None)
    if facts.counted or lead is None or lead.fraction < surfaces.TOLD_COVER:
        return None
    scene, named = phrases.named_scene(facts), surfaces.surface(lead)
    is_scene = scene in (None, named, surfaces.single(lead)) or f"{scene} water" == with_article(named)
    return lead if is_scene and lead in surfaces.apart(facts.cover) else None


def opened(facts: Facts) -> list[CoverFact]:
    """The larger surfaces that an opening names beside the scene."""
    return [c for c in surfaces.untold(facts) if c != leading(facts)][:OPENING]


def ground(facts: Facts, verbs: tuple[str, str], whole: str, *, filled: bool = False) -> str | None:
    """``unpaved land covers at least half of the image``, in the place of a scene.

    Args:
        filled: whether it says which parts it fills, unless others follow, which would seem to lie there.
    """
    c = leading(facts)
    if c is None:
        return None
    share = f"{verbs[surfaces.is_plural(c)]} {surfaces.share_of(c)} of {whole}"
    subject = (None if surfaces.is_plural(c) else phrases.named_scene(facts)) or surfaces.surface(c)
    return f"{subject} {share}{surfaces.including(c) if filled and not opened(facts) else ''}"


def all_shares(facts: Facts) -> str | None:
    """``unpaved land takes up at least half of the frame and roads at least a fifth; there is also water``.

    All surfaces of a picture that one leads, in the place of a scene.
    """
    ground_ = ground(facts, TAKE_UP, "the frame", filled=True)
    if ground_ is None:
        return None
    large, small = _by_share(facts)
    told = [ground_]
    for share, group in groupby(large, key=surfaces.share_of):
        alike = [surfaces.surface(c) for c in group]
        told.append(f"{enumerate_(alike)} {share}{' each' * (len(alike) > 1)}")
    comma = "," if any(" and " in one for one in told[1:]) else ""
    clause = f"{told[0]}{comma} and {enumerate_(told[1:])}" if told[1:] else told[0]
    names = items(small)
    be = "is" if names and things.is_one(names[0].what) else "are"
    return sentence(f"{clause}; there {be} also {listed(names)}" if names else clause)


def _by_share(facts: Facts) -> tuple[list[CoverFact], list[CoverFact]]:
    """The surfaces beside the one that leads: those with a share that says something, and the others."""
    beside = [c for c in facts.cover if c != leading(facts) and c.fraction >= surfaces.MIN_COVER]
    large = [c for c in beside if surfaces.share_of(c) not in (surfaces.SOME, *surfaces.LITTLE)]
    return large, [c for c in beside if c not in large]


def items(covers: Sequence[CoverFact]) -> list[Item]:
    """``grass``, ``roads``, ``water on the left``: one with a place, last, so that it is not that of all."""
    placed = _placed(covers)
    last = [Item(surfaces.surface(c), place=surfaces.where(c) or "") for c in placed]
    first = sorted((c for c in covers if c not in placed), key=lambda c: not surfaces.is_plural(c))
    return [*(Item(_some(c)) for c in first), *last]


def _placed(covers: Sequence[CoverFact]) -> list[CoverFact]:
    """The one whose place a list tells."""
    return [c for c in covers if surfaces.where(c) and c.fraction >= surfaces.TOLD_COVER][:1]


def _some(c: CoverFact) -> str:
    """``grass``, or ``some grass`` where there is little of it."""
    named = surfaces.surface(c)
    little = c.fraction < surfaces.TOLD_COVER and named == surfaces.bare(c) and not surfaces.is_plural(c)
    return f"some {named}" if little else named


def main(facts: Facts) -> list[str]:
    """How much the largest cover takes up."""
    if facts.counted or not facts.cover or facts.cover[0].fraction < surfaces.TOLD_COVER:
        return []
    c = facts.cover[0]
    cover = "cover" if surfaces.is_plural(c) else "covers"
    return [sentence(f"{things.told_again(facts, c)} {cover} {surfaces.share_of(c)} of the image")]


def shares(facts: Facts) -> str | None:
    """How much of the image the surfaces take up, if none leads."""
    if leading(facts):
        return None
    # without objects places are told next
    placed = [c for c in facts.cover if c.fraction >= surfaces.TOLD_COVER and surfaces.place(c) is not None]
    named = () if facts.counted else [*opened(facts), *placed]
    return things.covers(facts, TAKE_UP, "the frame", told=named, filled=not facts.counted)


def places(facts: Facts) -> str | None:
    """``Most of the water is on the left.``, or ``There is water on the left.`` where there may be more."""
    told: list[str] = []
    some: list[str] = []
    lead, beside = leading(facts), opened(facts)
    with_share = [] if lead else surfaces.apart(facts.cover)
    in_opening = _placed(_by_share(facts)[1] if lead else beside)
    in_opening += [lead] if lead and not beside else []
    covers = [c for c in facts.cover if c not in in_opening]
    for (place, exact), group in groupby(covers, key=lambda c: (surfaces.place(c), c.exact)):
        alike = [c for c in group if place is None or c.fraction >= surfaces.TOLD_COVER]
        if place is None:
            told += [text for c in alike if c not in with_share and (text := _filled(facts, c))]
        elif alike and exact:
            names = enumerate_([f"the {surfaces.bare(c)}" for c in alike])
            be = "are" if len(alike) > 1 or surfaces.is_plural(alike[0]) else "is"
            told.append(sentence(f"most of {names} {be} {phrases.IN_PLACE[place]}"))
        elif alike:
            begins = f"there {'are' if surfaces.is_plural(alike[0]) else 'is'} " if not some else ""
            where = phrases.IN_PLACE[place]
            some.append(f"{begins}{enumerate_([surfaces.surface(c) for c in alike])} {where}")
    told += [sentence(enumerate_(some))] if some else []
    return " ".join(told) or None


def _filled(facts: Facts, c: CoverFact) -> str | None:
    """The cells that a cover fills."""
    full, many = surfaces.filled(c), surfaces.is_plural(c)
    if not full:
        return None
    subject = f"the {surfaces.bare(c)}" if len(facts.cover) > 1 else "they" if many else "it"
    return sentence(f"{subject} {'fill' if many else 'fills'} most of {full}")
