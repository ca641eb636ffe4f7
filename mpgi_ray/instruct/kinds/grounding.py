"""Boxes: of a class, and of the one thing that a phrase names (``the leftmost car``).

A phrase must name one thing by the facts: so it is made only where all things of the class are annotated, and
with margins. Where not all are, a box of one of them is asked for, and ``boxes`` in the truth holds all that
would do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mpgi_ray.data.box import Box
from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.box_text import BoxText
from mpgi_ray.instruct.kinds.position import sure_cell
from mpgi_ray.instruct.kinds.relation import SIDES
from mpgi_ray.instruct.known import Candidate, Known, Thing
from mpgi_ray.instruct.open_names import alike
from mpgi_ray.instruct.words import forms, say
from mpgi_ray.rules.english import with_look
from mpgi_ray.rules.facts import ClassFact
from mpgi_ray.rules.phrases import IN_PLACE

BOX, PHRASE = "box", "grounding"
_MOST = 30  # things of a class: of more nobody finds the leftmost one
_APART = 0.05  # of the image, between the outermost middle and the next one
_LARGER = 1.5  # least ratio of the largest area to the next
_AROUND = 0.05  # of the image: as far around a place no other thing may lie
_ENDS = (
    ("leftmost", 0, 1),
    ("rightmost", 0, -1),
    ("uppermost", 1, 1),
    ("lowermost", 1, -1),
)


def asked(known: Known, each: int, writes: BoxText) -> Iterator[Candidate]:
    """The box of the only thing of a class, or of one of several."""
    found = {c.name: c for c in known.facts.counted if c.countable and known.things.get(c.name)}
    for name in known.drawn(found, each, BOX):
        c, things, seed = found[name], known.things[name], f"{known.seed}/{name}"
        form = ("single" if c.exact else "one") if c.total == 1 else "some"
        truth: dict[str, object] = {"names": [name], "box": _rounded(things[0].box)}
        if form != "single":
            truth["boxes"] = [_rounded(thing.box) for thing in things]
        slots = forms(known.facts, name) | _written(known, writes, things[0].box, seed)
        turn = Turn(BOX, say(BOX, form, seed, **slots), say(BOX, "answer", seed, **slots), truth=truth)
        yield Candidate(turn, name)


def phrase_asked(known: Known, each: int, writes: BoxText) -> Iterator[Candidate]:
    """Boxes of things that phrases name, of each class at most so many."""
    for c in known.facts.counted:
        if not c.exact or not c.countable or c.total > _MOST:
            continue
        found = phrases_of(known, c)
        for phrase in known.drawn(found, each, f"{PHRASE} {c.name}"):
            seed, box = f"{known.seed}/{phrase}", found[phrase].box
            slots = {"phrase": phrase} | _written(known, writes, box, seed)
            truth = {"names": [c.name], "phrase": phrase, "box": _rounded(box)}
            turn = Turn(
                PHRASE, say(PHRASE, "ask", seed, **slots), say(PHRASE, "answer", seed, **slots), truth=truth
            )
            yield Candidate(turn, c.name)


def phrases_of(known: Known, c: ClassFact) -> Mapping[str, Thing]:
    """Phrases that name one thing of an exact class, each with the thing."""
    things = known.things[c.name]
    seen = known.facts.colour(c)
    noun = with_look(seen.colour, c.name) if seen else c.name
    found = {}
    if len(things) > 1:
        found = {f"the {end} {noun}": thing for end, thing in _outermost(things)}
        found |= {f"the {noun} {IN_PLACE[place]}": thing for place, thing in _alone(things)}
        *_, second, first = sorted(things, key=lambda thing: thing.area)
        if first.area >= _LARGER * second.area:
            found[f"the largest {noun}"] = first
    for other in known.facts.counted:
        anchors = known.things.get(other.name, ())
        if other.exact and len(anchors) == 1 and not alike(other.name, c.name):
            for side, thing in _beside(things, anchors[0].box):
                found[f"the {noun} {SIDES[side]} the {other.name}"] = thing
    return found


def _outermost(things: Sequence[Thing]) -> Iterator[tuple[str, Thing]]:
    for end, axis, sign in _ENDS:
        first, second, *_ = sorted(things, key=lambda thing: sign * thing.box.middle[axis])
        if abs(second.box.middle[axis] - first.box.middle[axis]) >= _APART:
            yield end, first


def _alone(things: Sequence[Thing]) -> Iterator[tuple[int, Thing]]:
    """Places in which there is one of the things, and none of the others near."""
    for thing in things:
        place = sure_cell(thing.box)
        if place is not None and not any(_touches(o.box, place) for o in things if o is not thing):
            yield place, thing


def _touches(box: Box, place: int) -> bool:
    row, column = divmod(place, 3)
    x, y = box.middle
    return all(third / 3 - _AROUND < v < (third + 1) / 3 + _AROUND for v, third in ((x, column), (y, row)))


def _beside(things: Sequence[Thing], anchor: Box) -> Iterator[tuple[str, Thing]]:
    """Sides of another thing on which there is one of the things, and all others are surely not."""
    for side in SIDES:
        lies = [thing for thing in things if _gap(thing.box, anchor, side) > 0]
        may = [thing for thing in things if _lead(thing.box, anchor, side) > 0]
        if len(lies) == len(may) == 1:
            yield side, lies[0]


def _gap(box: Box, anchor: Box, side: str) -> float:
    """How far a whole box lies beyond the border of another one."""
    match side:
        case "left_of":
            return anchor.x1 - box.x2
        case "right_of":
            return box.x1 - anchor.x2
        case "above":
            return anchor.y1 - box.y2
        case _:
            return box.y1 - anchor.y2


def _lead(box: Box, anchor: Box, side: str) -> float:
    """How far the middle of a box lies beyond that of another one."""
    axis = 0 if side in ("left_of", "right_of") else 1
    ahead = box.middle[axis] - anchor.middle[axis]
    return ahead if side in ("right_of", "below") else -ahead


def _rounded(box: Box) -> list[float]:
    return [round(value, 5) for value in box]


def _written(known: Known, writes: BoxText, box: Box, seed: str) -> dict[str, str]:
    how = known.drawn(("", writes.how(known.size)), 1, f"how {seed}")[0]
    return {"box": writes.text(box, known.size), "how": how}
