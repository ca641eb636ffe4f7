"""Faults of content: one claim of an answer becomes untrue, is left out, or is invented."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import Random

from mpgi_ray.demo.writer.frames import LOOK
from mpgi_ray.demo.writer.grammar import Told, places
from mpgi_ray.demo.writer.words import (
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

# classes that other classes are mistaken for, and things to invent; all in the singular
_CLASSES = (
    "airplane", "ship", "car", "truck", "storage tank", "tennis court", "bridge", "helicopter", "house",
    "swimming pool", "bus", "barge",
)  # fmt: skip
_THINGS = (
    "wind turbine", "lighthouse", "fountain", "golf course", "baseball diamond", "running track", "cemetery",
    "greenhouse", "ferris wheel", "quarry", "observatory", "windmill", "ski slope", "chimney", "playground",
)  # fmt: skip
_COUNT = re.compile(rf"\b({NUMBER})\b(?! or more)((?: (?!(?:and|in|at|on|near|towards|around)\b)[\w-]+)*)")
_ITEM = re.compile(rf"((?:{QUANTITY})?)(.*?)((?: \(.*\))?)")
_OF_CLASSES = ("totals", "split", "centre", "edge", "spots", "cells", *LOOK)
_COUNTED = ("items", "centre", "edge", "first", "spots", "subject")
_NAMED = ("items", "centre", "edge", "first", "subject")
_PLACED = ("place", "places", "spots", "areas")


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to an answer: the words before and after, and the sentence they now stand in."""

    before: str
    after: str
    sentence: str = ""


Planted = tuple[list[Told], Change]


def plant(kind: str, told: Sequence[Told], source: str, rng: Random) -> Planted | None:
    """Plant a fault of one of the content kinds.

    Args:
        told: the sentences of the true answer, in order.
        source: all that the request says, in lower case.

    Returns:
        The sentences with the fault, or None if nothing in them can have it.
    """
    if kind == "dropped":
        return _drop(told, rng)
    if kind == "invented":
        return _invent(told, source, rng)
    options: Callable[[Told], list[tuple[Told, Change]]]
    if kind == "count":
        options = _miscounted
    elif kind == "swapped":
        others = [c for c in _CLASSES if c not in source]
        options = lambda one: _swapped(one, others, rng)  # noqa: E731
    else:
        options = _mirrored
    found = [(i, *option) for i, one in enumerate(told) if one.claim for option in options(one)]
    if not found:
        return None
    i, wrong, change = rng.choice(found)
    return [*told[:i], wrong, *told[i + 1 :]], change


def _drop(told: Sequence[Told], rng: Random) -> Planted | None:
    known = [i for i, one in enumerate(told) if one.claim]
    if not known or len(told) < 2:
        return None
    i = rng.choice(known)
    return [*told[:i], *told[i + 1 :]], Change(told[i].text, "")


def _invent(told: Sequence[Told], source: str, rng: Random) -> Planted | None:
    said = " ".join((source, *(one.text.lower() for one in told)))
    things = [t for t in _THINGS if not any(word in said for word in t.split())]
    if not things:
        return None
    thing = rng.choice(things)
    some = rng.choice((article(thing), f"two {plural(thing)}"))
    sentence = f"The image also shows {some}."
    i = rng.randint(1, len(told)) if told else 0
    return [*told[:i], Told(sentence), *told[i:]], Change("", thing, sentence)


def _miscounted(one: Told) -> list[tuple[Told, Change]]:
    found = []
    for slot, text in _slots(one, _COUNTED):
        for match in _COUNT.finditer(text):
            n, noun = value(match[1]), match[2]
            # where there are at least four, "at least three" is true
            bounded = text[: match.start()].endswith("at least ")
            for wrong in (n + 1,) if bounded else (n - 1, n + 1):
                if wrong > 0:
                    form = singular(noun) if wrong == 1 else plural(noun) if n == 1 and noun else noun
                    found.append(_replaced(one, slot, text, match, f"{number(wrong)}{form}"))
    return found


def _swapped(one: Told, others: Sequence[str], rng: Random) -> list[tuple[Told, Change]]:
    if not others or one.claim is None or one.claim.kind not in _OF_CLASSES:
        return []
    found = []
    for slot, text in _slots(one, _NAMED):
        parts = split_list(text)
        for i, part in enumerate(parts):
            quantity, noun, rest = _ITEM.fullmatch(part).groups()  # type: ignore[union-attr]
            other = rng.choice(others)
            if singular(noun) == other or not (quantity or is_plural(part)):  # water is not counted
                continue
            name = plural(other) if is_plural(part) or "group" in quantity else other
            called = article(name) if quantity in ("a ", "an ") else f"{quantity}{name}"
            wrong = one.changed(**{slot: join_list([*parts[:i], f"{called}{rest}", *parts[i + 1 :]])})
            found.append((wrong, Change(noun, name, wrong.text)))
    return found


def _mirrored(one: Told) -> list[tuple[Told, Change]]:
    found = []
    for slot, text in _slots(one, _PLACED):
        named = list(places(text))
        for match, name in named:
            for other in mirrored(name):
                if other not in [taken for _, taken in named]:
                    said = match[0]
                    after = other if said == name else PLACES[other][PLACES[name].index(said)]
                    found.append(_replaced(one, slot, text, match, after))
    return found


def _slots(one: Told, wanted: Collection[str]) -> list[tuple[str, str]]:
    return [(slot, text) for slot, text in one.claim.slots.items() if slot in wanted] if one.claim else []


def _replaced(one: Told, slot: str, text: str, match: re.Match[str], after: str) -> tuple[Told, Change]:
    wrong = one.changed(**{slot: text[: match.start()] + after + text[match.end() :]})
    return wrong, Change(match[0], after, wrong.text)
