"""Whether there is a thing of a class: yes, no, and that it cannot be told.

No is said of classes that the source annotates exhaustively; of any other that is not there nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.known import Candidate, Known
from mpgi_ray.instruct.words import forms, say, there_are
from mpgi_ray.rules.english import with_article
from mpgi_ray.rules.facts import Facts
from mpgi_ray.rules.lexicon import is_mass

KIND, YES = "presence", "Yes."
_NEGATIVES = 3  # for each question that yes answers: there are more absent classes than present ones
_SEEN = 0.05  # of the image: a surface that covers less may escape the eye


def asked(known: Known, each: int) -> Iterator[Candidate]:
    facts = known.facts
    there = {c.name: there_are(c) for c in facts.counted}
    for name in facts.labels:
        there.setdefault(name, f"there is {name if is_mass(name) else f'at least one {name}'}")
    for name in _mapped(facts):
        there.setdefault(name, f"there is {name if is_mass(name) else with_article(name)}")
    for cover in facts.cover:
        if cover.fraction >= _SEEN:
            noun = cover.several
            there.setdefault(cover.name, f"there {'is' if is_mass(cover.name) else 'are'} {noun}")
    for name in known.drawn(there, each, KIND):
        slots = forms(facts, name) | {"there_are": there[name]}
        yield _candidate(known, name, "yes", slots, {"names": [name], "present": True})
    absent = known.drawn((*facts.absent, *facts.uncovered), _NEGATIVES * each, f"{KIND} no")
    for name in absent:
        yield _candidate(known, name, "no", forms(facts, name), {"names": [name], "present": False})
    for name in known.undecided(each, f"{KIND} untold"):
        yield _candidate(known, name, "untold", forms(facts, name), {"names": [name], "told": False})


def _mapped(facts: Facts) -> Iterator[str]:
    """Names of map features that show; of those that are told as several one alone may be there."""
    for phrase in facts.tags:
        name = re.sub("^(?:at least one|an?) ", "", phrase)
        if name != phrase or is_mass(name):
            yield name


def _candidate(
    known: Known, name: str, told: str, slots: dict[str, str], truth: dict[str, object]
) -> Candidate:
    seed = f"{known.seed}/{name}"
    question, answer = say(KIND, "ask", seed, **slots), say(KIND, told, seed, **slots)
    return Candidate(Turn(KIND, question, answer, truth=truth), name, told)
