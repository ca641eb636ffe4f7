"""What may be asked of a picture with choices: the true choice of each question, and the surely false ones.

A choice is called false only where the annotation proves it. So a number is asked for where it is exact; an
object class that is not there, where the source labels all of it; a place is false where no box of the class
touches it, read generously (`geometry.is_free`); a direction and a half hold for all objects; a share is
asked for in steps of 20 per cent, where it lies near one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from mpgi_ray.data.box import Box
from mpgi_ray.instruct.open_names import alike
from mpgi_ray.rules import Facts, lexicon
from mpgi_ray.rules.facts import ClassFact
from mpgi_ray.rules.geometry import PLACES, is_free
from mpgi_ray.truth.known import Known

KINDS = (
    "presence",
    "count",
    "comparison",
    "position",
    "relation",
    "colour",
    "classification",
    "share",
)
MOST = 20  # things that somebody counts
_ASIDE = 0.1  # of the picture: middles that are nearer lie on no side of each other
_OBJECTS = 12  # of a class, whose directions from others are told
_BAND = 0.06  # of the picture: a share that is farther from 10, 30, 50, 70 and 90 per cent is not asked for
_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
# grey is left out: it is white or black in another light
_COLOURS = frozenset(("red", "orange", "yellow", "green", "blue", "purple", "brown", "black", "white"))
# pairs that two people may call alike
_ALIKE = (
    {"red", "orange"},
    {"red", "brown"},
    {"red", "purple"},
    {"orange", "yellow"},
    {"orange", "brown"},
    {"yellow", "brown"},
    {"yellow", "green"},
    {"blue", "purple"},
    {"black", "brown"},
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that may be asked of a picture, with its true choice.

    Attributes:
        kind: one of `KINDS`.
        form: of its words, see `wording`.
        names: what it names.
        choice: the true one.
        false: the choices that are surely false; None if all others are.
        single: whether what is asked about is one thing.
        among: questions with the same words and another one of these have other choices.
        rank: of the choice among others of the question, where they have an order: near ones are shown
            together.
        truth: see `Turn.truth`.
    """

    kind: str
    form: str
    names: tuple[str, ...]
    choice: str
    false: frozenset[str] | None = None
    single: bool = False
    among: str = ""
    rank: float = 0.0
    truth: Mapping[str, Any] = field(default_factory=dict)

    def denies(self, choice: str) -> bool:
        """Whether a choice is surely false of the picture."""
        return choice != self.choice if self.false is None else choice in self.false


def candidates(facts: Facts, source: str = "") -> Iterator[Candidate]:
    """All that may be asked of a picture.

    Args:
        source: the data set that it is of; scene classes of two are not held against each other.
    """
    known = Known(facts)
    counted = [c for c in facts.classes if c.total and _is_exact(c, known)]
    yield from _presence(facts)
    yield from _classification(facts, source)
    for c in counted:
        if c.total <= MOST:
            truth = {"names": [c.name], "count": c.total}
            yield Candidate("count", "count", (c.several,), str(c.total), rank=c.total, truth=truth)
        yield from _position(c)
        yield from _colour(facts, c)
    for a, b in combinations(sorted(counted, key=lambda c: c.name), 2):
        if not alike(a.name, b.name):
            yield _comparison(a, b)
            yield from _relation(a, b)
    yield from _share(facts)


def _is_exact(c: ClassFact, known: Known) -> bool:
    """Whether so many are there and no more, of whatever goes by the name."""
    of = known.of(c.name)
    return c.exact and of.whole == of.most == c.total


def _the(c: ClassFact) -> str:
    """``the car``, ``the cars``."""
    return f"the {c.name if c.total == 1 else c.several}"


def _presence(facts: Facts) -> Iterator[Candidate]:
    absent = frozenset(facts.absent)
    for c in facts.classes:
        if c.total and c.countable and absent:
            truth = {"names": [c.name], "present": True}
            yield Candidate("presence", "presence", (), c.name, absent, truth=truth)


def _classification(facts: Facts, source: str) -> Iterator[Candidate]:
    if len(facts.scenes) == 1:
        label = facts.scenes[0]
        said = lexicon.humanise(label).lower() or label.lower()
        yield Candidate("classification", "classification", (), said, among=source, truth={"label": label})


def _comparison(a: ClassFact, b: ClassFact) -> Candidate:
    truth = {"names": [a.name, b.name], "counts": [a.total, b.total]}
    more = f"more {a.several if a.total > b.total else b.several}"
    said = more if a.total != b.total else "as many of the one as of the other"
    return Candidate("comparison", "comparison", (a.several, b.several), said, truth=truth)


def _position(c: ClassFact) -> Iterator[Candidate]:
    asked, single = (_the(c),), c.total == 1
    cells = [place for place, n in enumerate(c.clear) if n]
    if len(cells) == 1 and c.clear == c.cells:
        place = PLACES[cells[0]]
        free = frozenset(name for i, name in enumerate(PLACES) if is_free(i, c.boxes))
        truth = {"names": [c.name], "cell": place}
        if free:
            yield Candidate("position", "cell", asked, place, free, single, truth=truth)
    if c.half:
        axis = "across" if c.half in ("left", "right") else "down"
        truth = {"names": [c.name], "half": c.half}
        yield Candidate("position", "half", asked, f"the {c.half} half", None, single, axis, truth=truth)


def _relation(a: ClassFact, b: ClassFact) -> Iterator[Candidate]:
    if max(len(a.boxes), len(b.boxes)) > _OBJECTS:
        return
    across, down = (_side(a.boxes, b.boxes, axis) for axis in (0, 1))
    x, y = ("left", "", "right")[across + 1], ("above", "", "below")[down + 1]
    if x and y:
        said = f"to the {'upper' if y == 'above' else 'lower'} {x}"
        told = [("slanted", said, said.removeprefix("to the "))]
    else:
        told = [("across", f"to the {x}", f"{x}_of")] * bool(x) + [("down", y, y)] * bool(y)
    for among, said, relation in told:
        truth = {"names": [a.name, b.name], "relation": relation}
        names, single = (_the(a), _the(b)), a.total == 1
        yield Candidate("relation", "relation", names, said, None, single, among, truth=truth)


def _side(a: Sequence[Box], b: Sequence[Box], axis: int) -> int:
    """-1 where all of ``a`` lie before all of ``b`` on an axis, 1 behind, 0 where neither is clear."""
    ways = [one.middle[axis] - other.middle[axis] for one, other in product(a, b)]
    if max(ways) <= -_ASIDE:
        return -1
    return int(min(ways) >= _ASIDE)


def _colour(facts: Facts, c: ClassFact) -> Iterator[Candidate]:
    seen = facts.colour(c)
    if seen and seen.colour in _COLOURS:
        other = frozenset(one for one in _COLOURS if not _look_alike(one, seen.colour))
        truth = {"names": [c.name], "colour": seen.colour}
        yield Candidate("colour", "colour", (_the(c),), seen.colour, other, c.total == 1, truth=truth)


def _look_alike(one: str, other: str) -> bool:
    return one == other or {one, other} in _ALIKE


def _share(facts: Facts) -> Iterator[Candidate]:
    for c in facts.cover:
        near = min(_SHARES, key=lambda share: abs(share - c.fraction))
        if c.exact and abs(near - c.fraction) <= _BAND:
            truth = {"names": [c.name], "share": round(c.fraction, 4)}
            said = f"about {round(100 * near)} %"
            yield Candidate("share", "share", (c.several,), said, rank=near, truth=truth)
