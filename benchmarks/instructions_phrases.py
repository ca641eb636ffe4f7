"""What ``the leftmost red car`` or ``the car to the left of the bus`` names, by boxes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from planted_known import Known, Rectangle, Thing
from planted_words import CELLS, COLOUR

_ENDS = {"leftmost": (0, 1), "rightmost": (0, -1), "uppermost": (1, 1), "lowermost": (1, -1)}
_PLACE = re.compile(rf" (?:in|on|at) the ({'|'.join(CELLS)})$")
_SIDE = re.compile(r" (?:to the (left|right) of|(above|below)) the (.+)$")
_NEAR = 0.02  # of the picture around a cell: what lies there may be taken for a thing of the cell


def named_by(
    phrase: str, known: Known, label: str, things: Mapping[str, Sequence[Thing]]
) -> list[Thing] | None:
    """The things that a phrase may name; None if it cannot be read.

    Args:
        label: of the class that it names.
        things: by class, each once.
    """
    own = things[label]
    if label not in known.exhaustive:
        return list(own)  # there may be others
    text, meant = phrase.removeprefix("the "), list(own)
    if match := _SIDE.search(text):
        side = match[1] or match[2]
        other = next((one for one, nouns in known.names.items() if match[3] in nouns), None)
        if other is None or other not in known.exhaustive or len(things[other]) != 1:
            return None
        meant = [thing for thing in own if _on_side(thing, things[other][0], side)]
    elif match := _PLACE.search(text):
        meant = [thing for thing in own if _inside(thing.middle, match[1])]
    text = text[: match.start()] if match else text
    first, _, rest = text.partition(" ")
    if first in _ENDS:
        axis, sign = _ENDS[first]
        best = min(sign * thing.middle[axis] for thing in own)
        meant, text = [thing for thing in own if sign * thing.middle[axis] <= best + _NEAR], rest
    elif first == "largest":
        best = max(thing.covered for thing in own)
        meant, text = [thing for thing in own if thing.covered >= best / 1.2], rest
    looks = re.match(rf"({COLOUR}) ", text)
    if looks:
        if label not in known.colours:
            return None
        if known.colours[label] != looks[1]:
            return []
        text = text[looks.end() :]
    return meant if text == known.names[label][0] else None


def _on_side(thing: Thing, other: Thing, side: str) -> bool:
    """Whether somebody may say so of the thing: by its middle."""
    (x, y), (u, v) = thing.middle, other.middle
    return {"left": x < u, "right": x > u, "above": y < v, "below": y > v}[side]


def _inside(middle: tuple[float, float], cell: str) -> bool:
    row, column = divmod(CELLS.index(cell), 3)
    near: Rectangle = (column / 3 - _NEAR, row / 3 - _NEAR, (column + 1) / 3 + _NEAR, (row + 1) / 3 + _NEAR)
    return near[0] < middle[0] < near[2] and near[1] < middle[1] < near[3]
