"""Faults of content: one claim of an answer becomes false, is left out, or is made of something absent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from mpgi_ray.demo.writer import wrong
from mpgi_ray.demo.writer.classes import CLASSES, class_of
from mpgi_ray.demo.writer.grammar import Change, Told, tell
from mpgi_ray.demo.writer.known import Known, identity
from mpgi_ray.demo.writer.words import COUNT, PLACES, article, join_list, plural, split_list

# what no generated scene shows and no vocabulary has
_THINGS = (
    "wind turbine", "lighthouse", "fountain", "golf course", "baseball diamond", "running track", "cemetery",
    "greenhouse", "ferris wheel", "quarry", "observatory", "windmill", "ski slope", "chimney", "playground",
)  # fmt: skip
_IN_A_SENTENCE: dict[str, wrong.Options] = {
    "count": wrong.miscounted,
    "bound": wrong.turned,
    "swapped": wrong.swapped,
    "exchanged": wrong.exchanged,
    "mirrored": wrong.moved,
    "part": wrong.lumped,
    "share": wrong.given_away,
    "colour": wrong.recoloured,
}

Planted = tuple[list[Told], Change]
_Placed = tuple[list[Told], int, str, str]  # the sentences, which is false, what is true, what is claimed


def plant(kind: str, told: Sequence[Told], known: Known, about: Sequence[str], rng: Random) -> Planted | None:
    """Plant a fault of one of the content kinds.

    Args:
        told: the sentences of the true answer, in order; some may be false already.
        known: what the facts of the request decide.
        about: what the image is known by, see `identity`.

    Returns:
        The sentences with the fault, or None if nothing in them can have it.
    """
    if kind == "dropped":
        return _drop(told, rng)
    if kind == "invented":
        placed = _add(told, [thing for thing in _THINGS if not _names(told, known, thing)], rng)
    elif kind == "added":
        absent = [name for name in CLASSES if not _names(told, known, name)]
        placed = _add(told, absent if known.totals else [], rng)
    elif kind == "denied":
        placed = _deny(told, rng)
    else:
        placed = _falsify(kind, told, known, rng)
    if placed is None:
        return None
    made, i, before, after = placed
    false = Change(identity(about, made[i].text), kind, before, after, made[i].text)
    return [*made[:i], replace(made[i], false=false), *made[i + 1 :]], false


def _drop(told: Sequence[Told], rng: Random) -> Planted | None:
    known = [i for i, one in enumerate(told) if one.claim and not one.false]
    if not known or len(told) < 2:
        return None
    i = rng.choice(known)
    return [*told[:i], *told[i + 1 :]], Change("", "dropped", told[i].text, "")


def _add(told: Sequence[Told], things: Sequence[str], rng: Random) -> _Placed | None:
    if not things:
        return None
    thing = rng.choice(things)
    some = rng.choice((article(thing), f"two {plural(thing)}"))
    where = f" {rng.choice(PLACES[rng.choice(list(PLACES))])}" if rng.random() < 0.3 else ""
    i = rng.randint(1, len(told)) if told else 0
    return [*told[:i], tell("extra", {"thing": f"{some}{where}"}, rng), *told[i:]], i, "", thing


def _deny(told: Sequence[Told], rng: Random) -> _Placed | None:
    """A thing that is counted leaves the count and is said to be absent."""
    found = [
        (i, item)
        for i, one in enumerate(told)
        if one.claim and one.claim.kind == "totals" and not one.false
        for item in split_list(one.claim.slots["items"])
        if COUNT.fullmatch(item)
    ]
    if not found:
        return None
    i, item = rng.choice(found)
    claim = told[i].claim
    assert claim is not None
    rest = [other for other in split_list(claim.slots["items"]) if other != item]
    kept = [told[i].changed(items=join_list(rest))] if rest else []
    noun = plural(class_of(item.split(" ", 1)[1]))
    denial = tell("denied", {"thing": noun}, rng)
    return [*told[:i], *kept, denial, *told[i + 1 :]], i + len(kept), item, f"no {noun}"


def _falsify(kind: str, told: Sequence[Told], known: Known, rng: Random) -> _Placed | None:
    options = _IN_A_SENTENCE[kind]
    found = [
        (i, option)
        for i, one in enumerate(told)
        if one.claim and not one.false
        for option in options(one, known, rng)
    ]
    if not found:
        return None
    i, (one, before, after) = rng.choice(found)
    return [*told[:i], one, *told[i + 1 :]], i, before, after


def _names(told: Sequence[Told], known: Known, thing: str) -> bool:
    """Whether something is named already, by a word of its name."""
    said = " ".join((known.said, *(one.text.lower() for one in told)))
    return any(word in said for word in thing.split())
