"""Relations between objects, stated only where nobody would dispute them.

"Near" holds for the two objects it names, so incomplete labels cannot make it wrong. "Larger", "left of"
and "above" speak of all objects of a class, so they are found only between classes whose number is exact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, permutations

from mpgi_ray.data.sample import Object
from mpgi_ray.rules import geometry

NEAR = 0.25  # largest gap between two boxes, in units of the smaller one's longer side
LARGER = 4.0  # least ratio of the smallest area of one class to the largest of the other
ASIDE = 0.25  # least distance between two middles, in image widths or heights
AT_MOST = {"near": 1, "larger": 1, "left_of": 2, "above": 2}  # sentences per kind
_FEW = 3  # of many things of a class one is always near something


class Kind(StrEnum):
    """``subject`` is near, larger than, left of, above ``object``."""

    NEAR = "near"
    LARGER = "larger"
    LEFT_OF = "left_of"
    ABOVE = "above"


@dataclass(frozen=True)
class Relation:
    """``near``: one of each class; ``larger``: all of a class; the others: the only one of its class.

    Attributes:
        subject, object: class names.
        single: whether there is only one subject, and only one object.
    """

    kind: Kind
    subject: str
    object: str
    single: tuple[bool, bool] = (True, True)


def find_relations(
    objects: Mapping[str, Sequence[Object]], exact: Collection[str], width: int, height: int
) -> tuple[Relation, ...]:
    """The relations between classes, in a fixed order.

    Args:
        objects: by class name; those that texts speak of.
        exact: the names whose objects are all there are.
        width, height: of the image in pixels.
    """
    names = sorted(name for name, members in objects.items() if members)
    if len(names) < 2:
        return ()
    areas = {name: [geometry.area(o) for o in objects[name]] for name in names}
    by_size = sorted(names, key=lambda name: (max(areas[name]), name))
    found = [
        Relation(Kind.NEAR, a, b)
        for a, b in combinations(by_size, 2)
        if max(len(objects[a]), len(objects[b])) <= _FEW
        and not _same_kind(a, b)
        and _any_near(objects[a], objects[b])
    ]
    for a, b in permutations([name for name in names if name in exact], 2):
        if min(areas[a]) >= LARGER * max(areas[b]) and all(o.visible > 0.9 for o in objects[b]):
            found.append(Relation(Kind.LARGER, a, b, (len(areas[a]) == 1, len(areas[b]) == 1)))
        if len(areas[a]) == len(areas[b]) == 1:
            found += _aside(a, objects[a][0], b, objects[b][0], width, height)
    return tuple(r for kind in Kind for r in [r for r in found if r.kind is kind][: AT_MOST[kind]])


def _same_kind(a: str, b: str) -> bool:
    """Whether one name is the other with an adjective: a large vehicle near a vehicle says nothing."""
    return f" {a}".endswith(f" {b}") or f" {b}".endswith(f" {a}")


def _any_near(a: Sequence[Object], b: Sequence[Object]) -> bool:
    return any(_near(x, y) for x in a for y in b)


def _near(a: Object, b: Object) -> bool:
    if any(
        geometry.area(o) < o.box.area / 2 for o in (a, b)
    ):  # a long diagonal thing is not where its box is
        return False
    reach = min(max(o.box.x2 - o.box.x1, o.box.y2 - o.box.y1) for o in (a, b))
    return geometry.gap(a.box, b.box) <= NEAR * reach


def _aside(a: str, left: Object, b: str, right: Object, width: int, height: int) -> list[Relation]:
    (x1, y1), (x2, y2) = left.box.middle, right.box.middle
    across, down = x2 - x1, y2 - y1
    found = []
    if left.box.x2 < right.box.x1 and across >= ASIDE * width and abs(down) <= across / 2:
        found.append(Relation(Kind.LEFT_OF, a, b))
    if left.box.y2 < right.box.y1 and down >= ASIDE * height and abs(across) <= down / 2:
        found.append(Relation(Kind.ABOVE, a, b))
    return found
