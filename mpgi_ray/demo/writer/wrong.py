"""One claim of a sentence made false: by the facts that are known, and not merely unknown to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random

from mpgi_ray.demo.writer.classes import CLASSES, class_of, unlike
from mpgi_ray.demo.writer.frames import LOOK
from mpgi_ray.demo.writer.grammar import Told, places
from mpgi_ray.demo.writer.known import Known
from mpgi_ray.demo.writer.words import (
    COUNT,
    NUMBER,
    PLACES,
    QUANTITY,
    article,
    is_plural,
    join_list,
    mirrored,
    number,
    plural,
    singular,
    split_list,
    value,
)

# the sentence with other words in its slots, what is true, and what is claimed
Option = tuple[Told, str, str]
Options = Callable[[Told, Known, Random], Iterator[Option]]

_REGIONS = ("items", "centre", "edge")  # every thing is counted
_OF_CLASSES = ("totals", "split", "centre", "edge", "spots", "parted", "cells", *LOOK)
_NAMED = (*_REGIONS, "first", "subject")
_ITEM = re.compile(rf"((?:{QUANTITY})?)(.*?)((?: \(.*\))?)")
_FAR = {  # colours that nobody takes for each other
    "red": ("blue", "green", "white"), "orange": ("blue", "green", "black"),
    "yellow": ("blue", "black", "purple"), "green": ("red", "white", "orange"),
    "blue": ("red", "yellow", "orange"), "white": ("black", "red", "blue"),
    "black": ("white", "yellow", "red"), "grey": ("red", "yellow", "orange"),
    "brown": ("blue", "white", "green"),
}  # fmt: skip


def miscounted(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """A number off by one or more: of all, or of a part, or in a phrase that names all."""
    slots = one.claim.slots if one.claim else {}
    for slot in _REGIONS:
        for match in COUNT.finditer(slots.get(slot, "")):
            n = value(match[1])
            wrong = n + rng.choice((1, 1, 2, 3)) * rng.choice((1, -1))
            yield _with(one, slot, match, _many(wrong if wrong > 0 else n + 1, match[2]))
    for match in COUNT.finditer(slots.get("subject", "")):
        if known.all_of(match[0]):
            yield _with(one, "subject", match, _many(value(match[1]) + rng.choice((1, 1, 2)), match[2]))
    if "first" in slots and _whole(one, known):
        for match in COUNT.finditer(slots["first"]):
            yield _with(one, "first", match, _many(value(match[1]) + rng.choice((1, 1, 2)), match[2]))


def turned(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """An exact number becomes a bound that it breaks."""
    slots = one.claim.slots if one.claim else {}
    for slot in ("items", "subject"):
        for match in COUNT.finditer(slots.get(slot, "")):
            n = value(match[1])
            if slot == "subject" and not known.all_of(match[0]):
                continue
            bounds = [("at least", n + 1), ("no fewer than", n + 1), ("more than", n)]
            if slot == "items" and n > 1:
                bounds += [("at most", n - 1), ("fewer than", n), ("up to", n - 1)]
            bound, limit = rng.choice(bounds)
            yield _with(one, slot, match, f"{bound} {_many(limit, match[2])}")


def swapped(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """A class called by the name of one that is absent."""
    if one.claim is None or one.claim.kind not in _OF_CLASSES:
        return
    for slot in _NAMED:
        parts = split_list(one.claim.slots.get(slot, ""))
        for i, part in enumerate(parts):
            quantity, noun, rest = _ITEM.fullmatch(part).groups()  # type: ignore[union-attr]
            if not (quantity or is_plural(part)) or noun.startswith("of the "):  # water is not counted
                continue
            other = rng.choice(unlike(class_of(noun), [c for c in CLASSES if c in known.said]))
            name = plural(other) if is_plural(part) or "group" in quantity else other
            called = article(name) if quantity in ("a ", "an ") else f"{quantity}{name}"
            told = join_list([*parts[:i], f"{called}{rest}", *parts[i + 1 :]])
            yield one.changed(**{slot: told}), part, called


def exchanged(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """The numbers of two classes change places."""
    for slot in _REGIONS:
        parts = split_list(one.claim.slots.get(slot, "") if one.claim else "")
        exact = [(i, m) for i, part in enumerate(parts) if (m := COUNT.fullmatch(part))]
        for (i, a), (j, b) in pairwise(exact):
            if value(a[1]) != value(b[1]):
                after = {i: _many(value(b[1]), a[2]), j: _many(value(a[1]), b[2])}
                told = [after.get(k, part) for k, part in enumerate(parts)]
                yield one.changed(**{slot: join_list(told)}), parts[i], after[i]


def moved(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """A place becomes the one across or above or below, where the facts exclude it."""
    if one.claim is None:
        return
    slots = one.claim.slots
    if one.claim.kind in ("left_of", "above"):
        yield one.changed(a=slots["b"], b=slots["a"]), one.text, "the other way round"
    settled: dict[str, Callable[[str], bool]] = {
        "mainly": lambda name: True,
        "fill": lambda name: known.filled.get(name, slots["subject"]) != slots["subject"],
        "spots": lambda name: bool(_whole(one, known)),
        "parted": lambda name: known.all_of(slots["subject"]),
        "cells": lambda name: known.all_of(slots["subject"]),
    }
    excluded = settled.get(one.claim.kind)
    if excluded is None:
        return
    for slot in ("place", "places", "spots", "parts", "areas"):
        named = list(places(slots.get(slot, "")))
        for match, name in named:
            for other in mirrored(name):
                if other not in [taken for _, taken in named] and excluded(other):
                    said = match[0]
                    after = other if said == name else PLACES[other][PLACES[name].index(said)]
                    yield _with(one, slot, match, after)


def lumped(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """The number of all told for the part of the picture where only some lie."""
    slots = one.claim.slots if one.claim else {}
    for slot in ("centre", "edge"):
        for match in COUNT.finditer(slots.get(slot, "")):
            total = known.totals.get(class_of(match[2]), 0)
            if total > value(match[1]):
                yield _with(one, slot, match, _many(total, match[2]))
    if "first" in slots and " and " in slots["spots"] and (whole := _whole(one, known)):
        for match in COUNT.finditer(slots["first"]):
            yield _with(one, "first", match, _many(whole, match[2]))


def given_away(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """The share of the picture that something else covers."""
    if one.claim is None or "share" not in one.claim.slots:
        return
    share = one.claim.slots["share"]
    for other in known.others(share):
        yield one.changed(share=known.shares[other]), share, known.shares[other]


def recoloured(one: Told, known: Known, rng: Random) -> Iterator[Option]:
    """Another colour for all things of a class."""
    if one.claim is None or "colour" not in one.claim.slots or not known.all_of(one.claim.slots["subject"]):
        return
    colour = one.claim.slots["colour"]
    far = [c for c in _FAR.get(colour, ()) if c != one.claim.slots.get("ground")]
    if far:
        after = rng.choice(far)
        yield one.changed(colour=after), colour, after


def _whole(one: Told, known: Known) -> int:
    """How many there are of a class whose places are all told; 0 if some are not."""
    assert one.claim is not None
    match = COUNT.match(one.claim.slots["first"])
    if match is None:
        return 0
    told = sum(value(n) for n in re.findall(rf"\b{NUMBER}\b", f"{match[1]} {one.claim.slots['spots']}"))
    total = known.totals.get(class_of(match[2]), 0)
    return total if told == total else 0


def _many(n: int, noun: str) -> str:
    one = singular(noun)
    return f"{number(n)} {one if n == 1 else plural(one)}"


def _with(one: Told, slot: str, match: re.Match[str], after: str) -> Option:
    assert one.claim is not None
    text = one.claim.slots[slot]
    return one.changed(**{slot: text[: match.start()] + after + text[match.end() :]}), match[0], after
