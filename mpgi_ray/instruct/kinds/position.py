"""Where things lie, by the nine places of a 3 × 3 grid: those whose place nobody would dispute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mpgi_ray.data.box import Box
from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.known import Candidate, Known
from mpgi_ray.instruct.words import forms, say
from mpgi_ray.rules.facts import ClassFact
from mpgi_ray.rules.geometry import PLACES, cell, has_clear_place
from mpgi_ray.rules.lexicon import is_mass
from mpgi_ray.rules.phrases import IN_PLACE

KIND = "position"
_MARGIN = 0.02  # of the image, between the middle of a thing and the lines of the grid


def asked(known: Known, each: int) -> Iterator[Candidate]:
    """The place of the only thing of a class or of all of them, else a place where one of them is."""
    facts = known.facts
    found = {c.name: c for c in facts.counted if c.countable and c.total}
    placed = {name: places for name, c in found.items() if (places := _places(known, c))}
    for name in known.drawn(placed, each, KIND):
        yield _candidate(known, found[name], placed[name])
    for name in known.drawn((n for n in facts.labels if not is_mass(n)), 1, f"{KIND} untold"):
        seed, slots = f"{known.seed}/{name}", forms(facts, name)
        question = say(KIND, "some", seed, **slots)
        answer = say(KIND, "untold", seed, **slots)
        truth = {"names": [name], "told": False}
        yield Candidate(Turn(KIND, question, answer, truth=truth), name, "untold")


def sure_cell(box: Box) -> int | None:
    """The place of a box in shares of the picture, as an index of `PLACES`; None near a line of the grid."""
    near = any(abs(value - line) < _MARGIN for value in box.middle for line in (1 / 3, 2 / 3))
    return None if near or not has_clear_place(box, 1, 1) else cell(box, 1, 1)


def _places(known: Known, c: ClassFact) -> Counter[int]:
    """How many things lie surely in each place; nothing where none does."""
    cells = (sure_cell(thing.box) for thing in known.things.get(c.name, ()))
    return Counter(place for place in cells if place is not None)


def _candidate(known: Known, c: ClassFact, places: Counter[int]) -> Candidate:
    seed = f"{known.seed}/{c.name}"
    whole = c.exact and len(places) == 1 and places.total() == c.total
    form = ("single" if c.total == 1 else "all") if whole else "some"
    most = max(places.values())
    # of several places with as many, any will do: not always the upper one
    (place,) = known.drawn((PLACES[p] for p, n in places.items() if n == most), 1, f"{KIND} {c.name}")
    slots = forms(known.facts, c.name) | {"where": IN_PLACE[PLACES.index(place)]}
    question = say(KIND, form, seed, **slots) + say(KIND, "choice", seed)
    truth = {"names": [c.name], "cell": place}
    if not whole:
        truth["cells"] = [PLACES[p] for p in sorted(places)]
    follow = say(KIND, f"follow_{form}", seed) if whole else ""
    return Candidate(
        Turn(KIND, question, say(KIND, f"answer_{form}", seed, **slots), truth=truth), c.name, place, follow
    )
