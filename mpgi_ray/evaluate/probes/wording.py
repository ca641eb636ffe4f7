"""The sentences of fact probes: a grammar of their own, which no rule, engine or generated caption uses.

So a model gains nothing from having learned the sentences of one kind of text: it must know the words for
things, numbers, colours and places.
"""

from __future__ import annotations

from enum import StrEnum

from mpgi_ray.rules.english import choose, number, sentence, with_article
from mpgi_ray.rules.lexicon import several
from mpgi_ray.rules.phrases import IN_PLACE

# A class is told without a number, so that one sentence serves pictures with one of it and with many.
# "Every" needs no number either.
_FRAMES = {
    "class": (
        "listed object type: {thing}",
        "asked after {things}, the answer is yes",
        "catalogue entry: {thing}",
    ),
    "count": ("exact tally: {amount}", "a full tally gives {amount}", "tally by type: {amount}"),
    "colour": (
        "every {thing} here is painted {colour}",
        "paint of each {thing}: {colour}",
        "asked for the colour of the {things}, the answer is {colour}",
    ),
    "position": (
        "search {place} for {a_thing}",
        "asked where to find {a_thing}: {place}",
        "marked {place}: {a_thing}",
    ),
}


class Kind(StrEnum):
    """The fact that a probe changes."""

    CLASS = "class"
    COUNT = "count"
    COLOUR = "colour"
    POSITION = "position"

    @property
    def frames(self) -> tuple[str, ...]:
        """The sentences, with slots in braces."""
        return _FRAMES[self.value]


def say_class(name: str, seed: str) -> str:
    """Say that there is one or more of the class."""
    return _say(Kind.CLASS, name, seed)


def say_count(name: str, count: int, seed: str) -> str:
    """Say that there are exactly so many of the class."""
    return _say(Kind.COUNT, name, seed, amount=f"{number(count)} {name if count == 1 else several(name)}")


def say_colour(name: str, colour: str, seed: str) -> str:
    """Say that all of the class have this colour."""
    return _say(Kind.COLOUR, name, seed, colour=colour)


def say_position(name: str, place: int, seed: str) -> str:
    """Say that at least one of the class is at this place, an index of `geometry.PLACES`."""
    return _say(Kind.POSITION, name, seed, place=IN_PLACE[place])


def _say(kind: Kind, name: str, seed: str, **words: str) -> str:
    frame = choose(kind.frames, seed, kind)
    return sentence(frame.format(thing=name, things=several(name), a_thing=with_article(name), **words))
