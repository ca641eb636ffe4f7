"""A fact in other words: another frame, another name, digits for words, another way to say where."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from random import Random

from mpgi_ray.demo.writer.classes import OTHER_NAMES, class_of, renamed
from mpgi_ray.demo.writer.grammar import FRAMES, PLACE, Claim, Told, parted, ways
from mpgi_ray.demo.writer.words import COUNT, NUMBER, join_list, split_list, value

_COUNTED = ("items", "centre", "edge", "subject", "first", "spots", "parts")
_NAMED = (*_COUNTED[:5], "a", "b")


@dataclass(frozen=True)
class Style:
    """What one answer keeps to.

    Attributes:
        names: the classes that it calls by their other names.
        digits: whether it writes numbers as digits.
        totals: how many there are of a class.
    """

    names: Collection[str]
    digits: bool
    totals: Mapping[str, int]

    @classmethod
    def draw(cls, totals: Mapping[str, int], rng: Random) -> Style:
        """A style for an answer."""
        names = {name for name in OTHER_NAMES if rng.random() < 0.15}
        return cls(names, rng.random() < 0.2, totals)


def retell(told: Told, rng: Random, style: Style) -> Told:
    """The claim in other words; a sentence that is not understood as it is."""
    if told.claim is None:
        return told
    claim = told.claim
    if claim.kind == "spots" and " and " in claim.slots["spots"] and rng.random() < 0.5:
        summed = parted(claim)
        if totals_of(summed.slots["subject"]).items() <= style.totals.items():
            claim = summed
    frame = rng.choice(FRAMES[claim.kind])
    slots = dict(claim.slots)
    for slot in ("place", "places", "spots", "parts"):
        if slot in slots:
            slots[slot] = re.sub(PLACE, lambda way: rng.choice(ways(way[0])), slots[slot])
    if "of which" in frame.form:
        n = slots["parts"].split(" ", 1)[0]
        slots["parts"] = slots["parts"].replace(n, f"{n} {'lies' if value(n) == 1 else 'lie'}", 1)
    for slot in ("items", "centre", "edge"):
        if slot in slots and rng.random() < 0.5:
            slots[slot] = join_list(split_list(slots[slot])[::-1])
    if claim.kind == "totals" and rng.random() < 0.05:
        slots["items"] = COUNT.sub(
            lambda n: n[0] if value(n[1]) < 2 else f"no fewer than {n[0]}", slots["items"]
        )
    for slot in _NAMED:
        if slot in slots:
            slots[slot] = renamed(slots[slot], style.names)
    if style.digits:
        for slot in _COUNTED:
            if slot in slots:
                slots[slot] = re.sub(rf"\b{NUMBER}\b", _digits, slots[slot])
    claim = Claim(claim.kind, slots)
    return Told(frame.say(claim), claim, frame)


def totals_of(text: str) -> dict[str, int]:
    """Exact numbers of a list of things, by class."""
    return {class_of(match[2]): value(match[1]) for match in COUNT.finditer(text)}


def _digits(match: re.Match[str]) -> str:
    return str(value(match[0])) if value(match[0]) > 1 else match[0]
