"""Whether two things lie to each other as a text says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, product

from mpgi_ray.data.box import Box
from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Of

_ASIDE = 0.05  # of the picture: middles that lie nearer are on no side of each other
_PAIRS = 10_000  # at most, that are looked at
_APART = 0.45  # of the picture: things with such a gap are not near


def _gap(a: Box, b: Box) -> float:
    return max(a.x1 - b.x2, b.x1 - a.x2, a.y1 - b.y2, b.y1 - a.y2, 0.0)


def _beyond(first: float, second: float) -> bool | None:
    """Whether the second is larger; None if they are too near to say."""
    return None if abs(second - first) < _ASIDE else second > first


# in shares of the picture; None where one could say both
HOLDS: dict[str, Callable[[Box, Box], bool | None]] = {
    "near": lambda a, b: True if _gap(a, b) < 0.1 else (False if _gap(a, b) > _APART else None),
    "left_of": lambda a, b: _beyond(a.middle[0], b.middle[0]),
    "right_of": lambda a, b: _beyond(b.middle[0], a.middle[0]),
    "above": lambda a, b: _beyond(a.middle[1], b.middle[1]),
    "below": lambda a, b: _beyond(b.middle[1], a.middle[1]),
    "elsewhere": lambda a, b: None,  # what the picture alone does not tell
    "larger": lambda a, b: True if a.area > 1.5 * b.area else (False if 1.5 * a.area < b.area else None),
    "smaller": lambda a, b: True if b.area > 1.5 * a.area else (False if 1.5 * b.area < a.area else None),
}


def related(claim: Claim, of: Of, other: Of) -> Judged:
    """A claim on how things lie to each other, or on their sizes.

    Args:
        of, other: what goes by the claim's two names.
    """
    if not (of.classes and of.boxes and other.classes and other.boxes):
        return Judged(claim, Verdict.UNVERIFIABLE)
    holds = HOLDS[claim.word or ""]
    if claim.every:
        whole = [box for fact in of.classes if fact.total for box in fact.boxes]
        apart = sum(all(holds(a, b) is False for b in other.boxes) for a in whole)
        if apart > sum(fact.left_out for fact in of.classes):
            return Judged(claim, Verdict.CONTRADICTED, f"{apart} do not")
    found = {holds(a, b) for a, b in islice(product(of.boxes, other.boxes), _PAIRS)}
    if True in found:
        return Judged(claim, Verdict.SUPPORTED)
    if found == {False}:
        return Judged(claim, Verdict.CONTRADICTED, f"no {claim.name} lies so to any {claim.other}")
    return Judged(claim, Verdict.UNVERIFIABLE)


def outnumbered(claim: Claim, of: Of, other: Of, told: str) -> Judged:
    """A claim that there are more, or fewer, of one thing than of another.

    Args:
        told: how many of each there are, for people.
    """
    more, less = (of, other) if claim.word == "more" else (other, of)
    if more.most is None or less.most is None:
        return Judged(claim, Verdict.UNVERIFIABLE)
    if more.most <= less.whole:
        return Judged(claim, Verdict.CONTRADICTED, told)
    return Judged(claim, Verdict.SUPPORTED if more.whole > less.most else Verdict.UNVERIFIABLE)
