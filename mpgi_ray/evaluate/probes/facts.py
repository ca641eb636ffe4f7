"""What a fact probe may say of a picture, and what it may call false: see `probe` for the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from mpgi_ray.data.sample import Annotation
from mpgi_ray.evaluate.probes import wording
from mpgi_ray.evaluate.probes.wording import Kind
from mpgi_ray.rules import geometry
from mpgi_ray.rules.english import number
from mpgi_ray.rules.facts import ClassFact
from mpgi_ray.rules.gathering import gather
from mpgi_ray.rules.lexicon import several

NUMBERS = tuple(range(1, 11))
# grey is left out: it is white or black in another light
_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "brown", "black", "white")


@dataclass(frozen=True, slots=True)
class Told:
    """What can be said about a picture: facts of one kind, about one class.

    Attributes:
        subject: the class; empty where the class itself is the fact.
        values: the true values; any of them may be told.
        denies: whether a value is surely false, and differs from the true ones as a probe may.
        say: makes a sentence from a value and a seed.
    """

    kind: Kind
    subject: str
    values: tuple[Any, ...]
    denies: Callable[[Any], bool]
    say: Callable[[Any, str], str]


def tell(annotation: Annotation) -> Iterator[Told]:
    """Everything that probes can be made from, one kind and class at a time."""
    facts = gather(annotation)
    present = tuple(c.name for c in facts.classes if c.total and c.countable)
    if present and facts.absent:
        yield Told(Kind.CLASS, "", present, facts.absent.__contains__, wording.say_class)
    for c in facts.classes:
        if c.exact and c.total:
            yield from _of_class(c, annotation)


def exact_counts(annotation: Annotation) -> dict[str, int]:
    """The number of objects by class, where it is exact and in `NUMBERS`."""
    return {c.name: c.total for c in gather(annotation).classes if c.exact and c.total in NUMBERS}


def _of_class(c: ClassFact, annotation: Annotation) -> Iterator[Told]:
    if c.total in NUMBERS:
        say = partial(wording.say_count, c.name)
        yield Told(Kind.COUNT, c.name, (c.total,), lambda n: abs(n - c.total) == 1, say)
    if colour := _colour(c, annotation.captions):
        say = partial(wording.say_colour, c.name)
        yield Told(Kind.COLOUR, c.name, (colour,), lambda other: other != colour, say)
    if any(c.clear):
        clear = tuple(place for place, n in enumerate(c.clear) if n)
        say = partial(wording.say_position, c.name)
        yield Told(Kind.POSITION, c.name, clear, lambda place: geometry.is_free(place, c.boxes), say)


def _colour(c: ClassFact, captions: Sequence[str]) -> str | None:
    """The colour of all objects of a class, if captions tell it beside their number and agree."""
    colours, names = "|".join(_COLOURS), "|".join(map(re.escape, (c.name, several(c.name))))
    things = re.compile(rf"\b{number(c.total)} ({colours}) (?:{names})\b")
    found = {match[1] for caption in captions for match in things.finditer(caption.lower())}
    return found.pop() if len(found) == 1 else None
