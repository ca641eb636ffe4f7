"""Whether things are arranged as a text says."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from mpgi_ray.data.box import Box
from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Of
from mpgi_ray.truth.relations import are_apart

_WIDE = 0.3  # of the length of what is no row, by the deviations of the middles
_ACROSS = 2.5  # times as far across as along: the row does not run that way
_SEVERAL_ROWS = {"single": ("grid", "rows")}  # what one row is not; one of a direction is no grid
_APART_PATTERNS = {
    frozenset(("row", "scattered")),
    frozenset(("cluster", "scattered")),
    frozenset(("grid", "scattered")),
    frozenset(("row", "disorder")),
    frozenset(("rows", "disorder")),
    frozenset(("grid", "disorder")),
    frozenset(("ring", "row")),
    frozenset(("ring", "rows")),
    frozenset(("ring", "grid")),
}


def arranged(claim: Claim, of: Of) -> Judged:
    """A claim that things stand in a row, in a ring, one above the other …"""
    found = {(a.pattern.value, a.direction or "") for fact in of.classes if (a := fact.arrangement)}
    direction, _, pattern = (claim.word or "").rpartition(" ")
    if any(pattern == told and direction in ("", "single", along) for told, along in found):
        return Judged(claim, Verdict.SUPPORTED)
    if pattern == "beside" and claim.amount == (2, 2) and of.most == len(of.boxes) == 2 and are_apart(of):
        return Judged(claim, Verdict.CONTRADICTED, f"the two {claim.name} are far from each other")
    if claim.amount and claim.amount[1] is not None and claim.amount[1] < of.whole:
        return Judged(claim, Verdict.UNVERIFIABLE)  # others need not stand so
    whole = of.most == of.whole == len(of.boxes)
    if whole and (is_so := otherwise(direction, pattern, of.boxes)):
        return Judged(claim, Verdict.CONTRADICTED, f"{claim.name}: {is_so}")
    if len(found) == 1:
        told, along = found.pop()
        several = told in _SEVERAL_ROWS.get(direction, ("grid",) if direction else ())
        if several or (pattern == told == "row" and along) or frozenset((pattern, told)) in _APART_PATTERNS:
            return Judged(claim, Verdict.CONTRADICTED, f"{claim.name}: {f'{along} {told}'.strip()}")
    return Judged(claim, Verdict.UNVERIFIABLE)


def otherwise(direction: str, pattern: str, boxes: Sequence[Box]) -> str:
    """How things lie that are said to stand in a row or above each other, and do not; else empty.

    Args:
        direction: ``single``, ``vertical`` or so; empty if none is told.
        pattern: ``row`` or ``stacked``; of others nothing is known.
        boxes: of all of them, in shares of the image.
    """
    if len(boxes) < 2 or pattern not in ("row", "stacked"):
        return ""
    x, y = ([box.middle[axis] for box in boxes] for axis in (0, 1))
    wide, high = max(x) - min(x), max(y) - min(y)
    if (direction == "vertical" or pattern == "stacked") and wide > _ACROSS * high:
        return "beside each other"
    if direction == "horizontal" and high > _ACROSS * wide:
        return "one above the other"
    if pattern == "row" and direction and len(boxes) > 3 and _width(x, y) > _WIDE:
        return "in no row"
    return ""


def _width(x: Sequence[float], y: Sequence[float]) -> float:
    """The deviation of points across their main direction, as a share of that along it."""
    n = len(x)
    dx, dy = [v - sum(x) / n for v in x], [v - sum(y) / n for v in y]
    xx, yy, xy = (sum(a * b for a, b in zip(p, q, strict=True)) for p, q in ((dx, dx), (dy, dy), (dx, dy)))
    spread = sqrt((xx - yy) ** 2 + 4 * xy * xy)
    longest = xx + yy + spread
    return sqrt(max(0.0, xx + yy - spread) / longest) if longest else 0.0
