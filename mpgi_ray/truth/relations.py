"""Whether things and surfaces lie to each other as a text says.

Of a thing its middle counts, of a surface all of it: a house is north of a road if its middle is north of the
whole of some part of the road, and it is not if its middle is south of every part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from mpgi_ray.data.box import Box
from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Of

_OF_SOME = ("near", "beside", "on", "afloat")  # what need not be so of as many as are told
_ASIDE = 0.05  # of the picture: middles that lie nearer are on no side of each other
_BORDER = 0.02  # of the picture: nor is a middle that is nearer to a surface
_TWICE = 2.5  # times the area: boxes of things that do not lie straight are larger
_PAIRS = 10_000  # at most, that are looked at
_FARTHER = 1.5  # times as far away, and a little more, is not nearer
_APART = 0.45  # of the picture: things with such a gap are not near
_NOT_BESIDE = 0.3  # of the picture: nor are two with such a gap side by side
_NOT_NEXT_TO = 0.3  # of the picture: nor is one next to another
_ON = 0.15  # of the picture: a house that lies so near may be said to be on a road or a lake
_BETWEEN = 0.03  # of the picture, by which one may say that more lies between two things


@dataclass(frozen=True)
class Place:
    """Where a thing, or a part of a surface, lies; in shares of the picture."""

    box: Box
    is_surface: bool = False

    @property
    def core(self) -> Box:
        """What must lie on a side of another one: the middle of a thing, all of a surface."""
        x, y = self.box.middle
        return self.box if self.is_surface else Box(x, y, x, y)


def _near(a: Place, b: Place) -> bool | None:
    gap = _gap(a.box, b.box)
    return True if gap < 0.1 else (False if gap > _APART else None)


def _beside(a: Place, b: Place) -> bool | None:
    gap = _gap(a.box, b.box)
    return True if gap < 0.1 else (False if gap > _NOT_NEXT_TO else None)


def _gap(a: Box, b: Box) -> float:
    (x1, y1, x2, y2), (u1, v1, u2, v2) = a, b
    return max(x1 - u2, u1 - x2, y1 - v2, v1 - y2, 0.0)


def are_apart(of: Of) -> bool:
    """Whether the first two things that go by a name are too far apart to be side by side."""
    return _gap(*of.boxes[:2]) > _NOT_BESIDE


def _before(a: Place, b: Place, axis: int) -> bool | None:
    """Whether the first one lies left of the second, or above it; None if they are too near to say."""
    least = _BORDER if a.is_surface or b.is_surface else _ASIDE
    one, other = a.core, b.core
    if other[axis] - one[axis + 2] >= least:
        return True
    return False if one[axis] - other[axis + 2] >= least else None


def _on(a: Place, b: Place) -> bool | None:
    if a.is_surface or not b.is_surface:
        return None
    (x1, y1, x2, y2), middle = b.box, a.core
    if _meet(middle, b.box):
        return True
    return None if _meet(a.box, Box(x1 - _ON, y1 - _ON, x2 + _ON, y2 + _ON)) else False


def _afloat(a: Place, b: Place) -> bool | None:
    if a.is_surface or not b.is_surface:
        return None
    x1, y1, x2, y2 = b.box
    if _meet(a.core, b.box):
        return True
    return None if _meet(a.box, Box(x1 - _BORDER, y1 - _BORDER, x2 + _BORDER, y2 + _BORDER)) else False


def _larger(a: Place, b: Place) -> bool | None:
    if a.is_surface or b.is_surface:
        return None
    return True if a.box.area > 1.5 * b.box.area else (False if 1.5 * a.box.area < b.box.area else None)


def _longer(a: Place, b: Place) -> bool | None:
    if a.is_surface or b.is_surface:
        return None
    one, other = (max(p.box.x2 - p.box.x1, p.box.y2 - p.box.y1) for p in (a, b))
    return True if one > 1.2 * other else (False if 1.2 * one < other else None)


def _not(holds: bool | None) -> bool | None:
    return None if holds is None else not holds


def _is_twice(a: Place, b: Place) -> bool:
    """Whether one thing is so much larger than another one that nobody would call them alike."""
    one, other = sorted((a.box.area, b.box.area))
    return not (a.is_surface or b.is_surface) and other > _TWICE * one


def _both(
    one: Callable[[Place, Place], bool | None], other: Callable[[Place, Place], bool | None]
) -> Callable[[Place, Place], bool | None]:
    """North and west of."""

    def holds(a: Place, b: Place) -> bool | None:
        found = {one(a, b), other(a, b)}
        return False if False in found else (None if None in found else True)

    return holds


# None where one could say both
HOLDS: dict[str, Callable[[Place, Place], bool | None]] = {
    "near": _near,
    "beside": _beside,
    "left_of": lambda a, b: _before(a, b, 0),
    "right_of": lambda a, b: _before(b, a, 0),
    "above": lambda a, b: _before(a, b, 1),
    "below": lambda a, b: _before(b, a, 1),
    "on": _on,
    "afloat": _afloat,
    "elsewhere": lambda a, b: None,  # what the picture alone does not tell
    "larger": _larger,
    "longer": _longer,
    "smaller": lambda a, b: _larger(b, a),
    "shorter": lambda a, b: _longer(b, a),
    "no_larger": lambda a, b: _not(_larger(a, b)),
    "alike": lambda a, b: False if _is_twice(a, b) else None,
}


HOLDS |= {
    f"{down}_{across}": _both(HOLDS[down], HOLDS[f"{across}_of"])
    for down in ("above", "below")
    for across in ("left", "right")
}


def nearer(claim: Claim, of: Of, other: Of, third: Of) -> Judged:
    """A claim that something is nearer to one thing than to another."""
    ones, near, far = places(of), places(other), places(third)
    if not ones or not near or not far:
        return Judged(claim, Verdict.UNVERIFIABLE)

    def gap(a: Place, others: Sequence[Place]) -> float:
        return min(_gap(a.box, b.box) for b in others)

    if all(gap(a, near) > _FARTHER * gap(a, far) + _ASIDE for a in ones):
        return Judged(claim, Verdict.CONTRADICTED, f"{claim.third} is nearer")
    holds = all(gap(a, near) < gap(a, far) for a in ones)
    return Judged(claim, Verdict.SUPPORTED if holds else Verdict.UNVERIFIABLE)


def related(claim: Claim, of: Of, other: Of) -> Judged:
    """A claim on how things lie to each other, or on their sizes.

    Args:
        of, other: what goes by the claim's two names.
    """
    ones, others = places(of), places(other)
    if not ones or not others:
        return Judged(claim, Verdict.UNVERIFIABLE)
    holds = HOLDS[claim.word or ""]
    if of.classes and (claim.every or (claim.amount and claim.word not in _OF_SOME)):
        whole = [Place(box) for fact in of.classes if fact.total for box in fact.boxes]
        apart = sum(all(holds(a, b) is False for b in others) for a in whole)
        left_out = sum(fact.left_out for fact in of.classes)
        few = of.most is not None and claim.amount is not None and len(of.boxes) - apart < claim.amount[0]
        if few or (claim.every and apart > left_out):
            return Judged(claim, Verdict.CONTRADICTED, f"{apart} do not")
    if claim.of_all and others and all(any(holds(a, b) is False for b in others) for a in ones):
        return Judged(claim, Verdict.CONTRADICTED, f"no {claim.name} lies so to all {claim.other}")
    found = {holds(a, b) for a, b in islice(product(ones, others), _PAIRS)}
    if True in found:
        return Judged(claim, Verdict.SUPPORTED)
    if found == {False}:
        return Judged(claim, Verdict.CONTRADICTED, f"no {claim.name} lies so to any {claim.other}")
    return Judged(claim, Verdict.UNVERIFIABLE)


def may_lie_beside(claim: Claim, of: Of, other: Of) -> bool:
    """Whether as many as are claimed may lie on that side of another thing, and not of the picture."""
    if claim.region is None or not claim.region.side:
        return False
    holds, others = HOLDS[claim.region.side], places(other)
    least = claim.amount[0] if claim.amount else 1
    return sum(any(holds(a, b) is not False for b in others) for a in places(of)) >= max(1, least)


def places(of: Of) -> Sequence[Place]:
    """Where all of it lies; empty if that is not known."""
    if of.middle and not of.boxes:
        return [Place(box, is_surface=True) for box in of.middle]
    if of.boxes and (of.classes or not of.told):
        return [Place(box) for box in of.boxes]
    return [Place(box, is_surface=True) for box in of.grounds]


def between(claim: Claim, of: Of, first: Of, second: Of) -> Judged:
    """A claim that something lies between two others.

    Args:
        of, first, second: what goes by the claim's three names.
    """
    ones, pairs = places(of), list(islice(product(places(first), places(second)), _PAIRS))
    if not ones or not pairs:
        return Judged(claim, Verdict.UNVERIFIABLE)
    if any(_meet(one.core, hull) for one in ones for hull in _hulls(pairs, 0)):
        return Judged(claim, Verdict.SUPPORTED)
    if not any(_meet(one.core, hull) for one in ones for hull in _hulls(pairs, _BETWEEN)):
        return Judged(claim, Verdict.CONTRADICTED, f"no {claim.name} lies there")
    return Judged(claim, Verdict.UNVERIFIABLE)


def _hulls(pairs: Sequence[tuple[Place, Place]], wider: float) -> Iterator[Box]:
    for a, b in pairs:
        (x1, y1, x2, y2), (u1, v1, u2, v2) = a.box, b.box
        low, high = (min(x1, u1) - wider, min(y1, v1) - wider), (max(x2, u2) + wider, max(y2, v2) + wider)
        yield Box(*low, *high)


def _meet(a: Box, b: Box) -> bool:
    return a.x1 <= b.x2 and b.x1 <= a.x2 and a.y1 <= b.y2 and b.y1 <= a.y2
