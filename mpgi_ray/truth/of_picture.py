"""Whether words that name a part name one of the picture, and not of a thing in it."""

from __future__ import annotations

from mpgi_ray.truth.line import PARTS, Line
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.places import MIDDLE

_PICTURES = ("scene", "image", "picture", "view", "photo", "photograph")
_OTHER_SIDES = ("upper", "lower", "left", "right", "northern", "southern", "eastern", "western")


def is_of_picture(line: Line, at: int) -> bool:
    """``at the edge of the lot`` is no part of the picture, and ``on the right bank`` neither."""
    near = () if line.text(at - 1) == "," else (1, 2)
    if "from" in (line.text(at).split()[0], *(line.text(at - n).split(" ")[0] for n in near)):
        return False  # what runs from the top to the bottom lies at neither
    if line.kind(at - 1) is Kind.DENIAL and line.text(at - 1).endswith(" of"):
        return False
    if line.text(at - 1) == "of" and line.text(at - 2) in ("clear", "free", "out", "short"):
        return False  # kept clear of the upper half
    if line.text(at - 1).endswith(("'s", "’s")) and line.kind(at - 1) is not Kind.PICTURE:
        return False  # the apron's western margin
    if line.text(at - 1) == "and" and _is_between(line, at - 1):
        return False  # between the road and the left edge
    nearer = at > 1 and line.text(at - 1) in ("closer", "nearer", "further", "farther")
    if line.text(at - 1) == "than" or is_nearer(line, at):
        return line.text(at - 1) != "than"
    beside = (line.text(at).startswith("to the") or line.parts[at].value.side) and any(
        part.kind is Kind.RELATION for part in line.parts[:at]
    )  # three to the left of the bridge and one to the right
    if nearer or beside or is_direction(line, at):
        return False
    if line.text(at + 1) == "of":
        rest = list(line.parts[at + 2 : at + 9])
        if is_of_site(line, at):
            return True
        if _is_arm(line, at) or is_of_way(line, at):
            return True
        ends = (
            n for n, part in enumerate(rest) if part.kind is Kind.MARK and not _is_listing(line, at + 2 + n)
        )
        end = next(ends, len(rest))
        return any(part.kind is Kind.PICTURE for part in rest[:end])  # of this busy harbour scene
    named = next((part.kind for part in line.parts if part.kind in (Kind.THING, Kind.PICTURE)), None)
    if {"its", "their"} & {*line.text(at).split(" ")} and named is not Kind.PICTURE:
        return bool(line.parts[at].value.rim) and is_of_scene(line, at)  # not the left side of a road
    if line.text(at).endswith((" upper", " lower")):
        return False  # four in the upper row, two in the lower
    if line.text(at + 1) in ("and", "or") and line.text(at + 2) in _OTHER_SIDES:
        return False  # on the upper and lower arms
    stands = line.text(at + 1) in ("stand", "stands") and line.text(at + 2) != "of"  # no stand of trees
    if (
        line.text(at - 1) in ("their", "each", "either")
        or (line.kind(at + 1) is Kind.GROUP and not stands)
        or (line.text(at + 1) in ("one", "ones") and line.kind(at + 1) is not Kind.STOP)
    ):
        return False  # on its right, in the upper row
    if line.text(at) in ("in the left", "in the right") and any(_is_of_group(line, n) for n in range(at)):
        return False  # four in the left column, two in the right
    return (
        line.kind(at + 1) not in (Kind.THING, Kind.COLOUR) and line.text(at + 1) not in lists()["have_sides"]
    )


def _is_of_group(line: Line, at: int) -> bool:
    after = line.kind(at + 1) is Kind.GROUP or line.text(at + 1) in lists()["have_sides"]
    return line.kind(at) is Kind.PLACE and after


def _is_between(line: Line, end: int) -> bool:
    first = (n for n in range(end, -1, -1) if line.ends_clause(n) or line.text(n) == "between")
    return line.noun_at(end - 1) is not None and line.text(next(first, 0)) == "between"


def is_nearer(line: Line, at: int) -> bool:
    """``closer to the top than to the bottom``, and not ``nearer to the top than the other shed``."""
    after = line.kind(at + 2) is Kind.PLACE or line.text(at + 3) in PARTS
    return line.text(at - 1) in ("closer", "nearer") and line.text(at + 1) == "than" and after


def _is_listing(line: Line, at: int) -> bool:
    """The comma in ``of this pale, sandy area``."""
    return line.text(at) == "," and line.kind(at + 1) in (Kind.WORD, Kind.COLOUR)


def is_of_site(line: Line, at: int) -> bool:
    """``the left side of the yard``."""
    after = [line.text(at + n) for n in range(1, 7)]
    if after[0] != "of" or after[1] not in ("the", "this", "a", "an"):
        return False
    sites = [n for n in range(2, 6) if after[n] in lists()["sites"]]
    ends = (n for n in range(2, 6) if line.kind(at + 1 + n) in (Kind.STOP, Kind.MARK))
    stops = [n for n in ends if not _is_listing(line, at + 1 + n)]
    if not sites or (stops and stops[0] < sites[0]):
        return False
    behind = range(at + 2 + sites[0], at + 5 + sites[0])  # of this airfield scene
    return not any(line.kind(n) is Kind.PICTURE or line.text(n) in _PICTURES for n in behind)


def is_of_scene(line: Line, at: int) -> bool:
    """``a car park with three vans near its edges``: the scene is spoken of, of which the picture is."""
    first = next((n for n in range(at) if line.kind(n) is Kind.THING or line.text(n) in lists()["sites"]), at)
    return line.text(first) in lists()["sites"] and line.text(first + 1) == "with" and first <= 3


def is_of_some(line: Line, at: int) -> bool:
    """``in the middle of a forest``, which may lie anywhere."""
    middle = line.parts[at].value == MIDDLE
    return middle and is_of_site(line, at) and line.text(at + 2) in ("a", "an")


def _is_arm(line: Line, at: int) -> bool:
    """``the northern arm of the roundabout``."""
    return line.text(at).rpartition(" ")[2] in ("arm", "approach", "branch") and (
        line.text(at + 3) in ("roundabout", "circle", "junction", "crossing", "crossroads", "intersection")
    )


def is_of_way(line: Line, at: int) -> bool:
    """``the right end of the road``: of what need not cross the whole picture."""
    ways = {line.text(at + n) for n in (3, 4)} & {*lists()["ways"]}
    return line.text(at).endswith(" end") and line.text(at + 2) in ("the", "this", "a") and bool(ways)


def is_direction(line: Line, at: int) -> bool:
    """What points, leads or throws its shadow to the right need not lie there."""
    if line.text(at).split(" ")[0] not in ("to", "toward", "towards", "into"):
        return False
    first = next((n for n in range(at - 1, -1, -1) if line.turns(n)), 0)
    return any(line.text(n) in lists()["pointing"] for n in range(first, at))
