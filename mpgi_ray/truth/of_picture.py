"""Whether words that name a part name one of the picture, and not of a thing in it."""

from __future__ import annotations

from mpgi_ray.truth.line import Line
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_OTHER_SIDES = ("upper", "lower", "left", "right", "northern", "southern", "eastern", "western")


def is_of_picture(line: Line, at: int) -> bool:
    """``at the edge of the lot`` is no part of the picture, and ``on the right bank`` neither."""
    if "from" in (line.text(at).split()[0], *(line.text(at - n).split(" ")[0] for n in (1, 2))):
        return False  # what runs from the top to the bottom lies at neither
    if line.text(at - 1).endswith(("'s", "’s")):
        return False  # the apron's western margin
    nearer = at > 1 and line.text(at - 1) in ("closer", "nearer", "further", "farther")
    beside = line.text(at).startswith("to the") and any(
        part.kind is Kind.RELATION for part in line.parts[:at]
    )  # three to the left of the bridge and one to the right
    if nearer or beside or _is_direction(line, at):
        return False
    if line.text(at + 1) == "of":
        rest = list(line.parts[at + 2 : at + 7])
        if is_of_site(line, at):
            return True
        end = next((n for n, part in enumerate(rest) if part.kind is Kind.MARK), len(rest))
        return any(part.kind is Kind.PICTURE for part in rest[:end])  # of this busy harbour scene
    first = next((part.kind for part in line.parts if part.kind in (Kind.THING, Kind.PICTURE)), None)
    if "its" in line.text(at).split(" ") and first is not Kind.PICTURE:
        return False  # the left side of a road
    if line.text(at + 1) in ("and", "or") and line.text(at + 2) in _OTHER_SIDES:
        return False  # on the upper and lower arms
    if (
        line.text(at - 1) in ("their", "each", "either")
        or line.kind(at + 1) is Kind.GROUP
        or line.text(at + 1) in ("one", "ones")
    ):
        return False  # on its right, in the upper row
    return (
        line.kind(at + 1) not in (Kind.THING, Kind.COLOUR) and line.text(at + 1) not in lists()["have_sides"]
    )


def is_of_site(line: Line, at: int) -> bool:
    """``the left side of the yard``."""
    after = [line.text(at + n) for n in (1, 2, 3, 4)]
    return (
        after[0] == "of"
        and after[1] in ("the", "this", "a")
        and not {*lists()["sites"]}.isdisjoint(after[2:])
    )


def _is_direction(line: Line, at: int) -> bool:
    """What points, leads or throws its shadow to the right need not lie there."""
    if line.text(at).split(" ")[0] not in ("to", "toward", "towards", "into", "across"):
        return False
    first = next((n for n in range(at - 1, -1, -1) if line.turns(n)), 0)
    return any(line.text(n) in lists()["pointing"] for n in range(first, at))
