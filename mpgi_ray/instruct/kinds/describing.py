"""Descriptions, short and long, and the class of the scene."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.known import Candidate, Known
from mpgi_ray.instruct.words import say
from mpgi_ray.rules.lexicon import scene_phrase

SHORT, LONG, SCENE = "describe_short", "describe_long", "classification"


def asked(known: Known, each: int) -> Iterator[Candidate]:
    """A description of each length, if there is such a text."""
    for kind in (SHORT, LONG):
        if text := known.texts.get(kind):
            yield Candidate(Turn(kind, say(kind, "ask", known.seed), text), "")


def scene_asked(known: Known, each: int) -> Iterator[Candidate]:
    """The class of the scene, where there is one alone; a class that nobody can name in words is quoted."""
    if len(known.facts.scenes) != 1:
        return
    (label,) = known.facts.scenes
    phrase = scene_phrase(label) or f'a scene of the class "{" ".join(label.split())}"'
    answer = say(SCENE, "answer", known.seed, phrase=phrase)
    yield Candidate(Turn(SCENE, say(SCENE, "ask", known.seed), answer, truth={"label": label}), "", label)
