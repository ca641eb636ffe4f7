"""Whether things and surfaces lie in the part of a picture where a text says that they do."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.data.box import Box
from mpgi_ray.rules import lexicon
from mpgi_ray.rules.facts import CoverFact
from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Known, Of
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.places import Region

_LITTLE = 0.01  # a class that fills less of a part of the picture cannot be said to lie there
INNER_CELL = 0.8  # of a cell that lies in the part of the picture
_OPEN = 0.15  # what is marked as nothing in a part of the picture, in which a class may lie all the same
_FEW = 1 / 3  # of things spoken of as a whole: less lie elsewhere
_LARGEST = 0.5  # of the area of the largest box: others may be called the largest, too
_MOST_OF_CELL = 0.5  # of which a part of the picture is made up
_FILLED = 0.1  # of a part of the picture: what covers less does not fill it
_NEARER = {  # cells of the 3×3 grid that lie on a side, and those of which a half does
    "left_of": ((0, 3, 6), (1, 4, 7)),
    "right_of": ((2, 5, 8), (1, 4, 7)),
    "above": ((0, 1, 2), (3, 4, 5)),
    "below": ((6, 7, 8), (3, 4, 5)),
}
_FEW_COVERED = 1 / 5  # and of a surface


def lying(claim: Claim, of: Of, known: Known) -> Judged:
    """A claim that something lies in a part of the picture.

    Args:
        of: what goes by the claim's name.
    """
    region, covers = claim.region, of.covers or of.under
    if region is None or not (of.boxes or covers) or (of.told and not of.classes and not of.covers):
        return Judged(claim, Verdict.UNVERIFIABLE)
    shares = [fact.cells[cell] for fact in covers for cell in region.cells()]
    whole = [box for fact in of.classes if fact.total for box in fact.boxes]
    if claim.every and whole:
        outside = sum(not region.wider().touches(box) for box in whole)
        if outside > sum(fact.left_out for fact in of.classes):
            return Judged(claim, Verdict.CONTRADICTED, f"{outside} lie elsewhere")
    if claim.every and not whole and of.maybe and claim.name in lists()["mostly_so"]:
        outside = sum(not region.wider().touches(box) for fact in of.maybe for box in fact.boxes)
        if outside > len(of.boxes) / 2:  # every house, of buildings
            return Judged(claim, Verdict.CONTRADICTED, f"{outside} lie elsewhere")
    if (claim.most or claim.every) and (few := _few(of, region)):
        return Judged(claim, Verdict.CONTRADICTED, few)
    if claim.largest and not any(map(region.wider().touches, _largest(of))):
        return Judged(claim, Verdict.CONTRADICTED, f"the largest {claim.name} lies elsewhere")
    if region.side and not whole and (few := _few_on_side(of, region.side)):
        return Judged(claim, Verdict.CONTRADICTED, few)  # the sea to the left
    if claim.fills and covers and not of.boxes and (few := _does_not_fill(covers, region, known)):
        return Judged(claim, Verdict.CONTRADICTED, few)
    seen = any(share >= _LITTLE for share in shares)
    if seen and not of.boxes and (grounds := of.grounds):
        seen = any(region.wider().touches(box) for box in grounds)  # cells are large
    if seen or any(region.wider().touches(box) for box in of.boxes):
        clear = any(map(region.holds, of.boxes if of.within else whole))
        inner = [fact.cells[cell] for fact in of.covers for cell in region.cells(INNER_CELL)]
        clear |= any(share >= _LITTLE for share in inner)
        clear |= bool(of.covers) and any(share >= 0.1 for share in shares)
        return Judged(claim, Verdict.SUPPORTED if clear else Verdict.UNVERIFIABLE)
    kinds = any(claim.name in lexicon.hypernyms(fact.name) for fact in covers)  # others may lie there
    unmarked = kinds and any(known.unmarked(covers, cell) >= _OPEN for cell in region.cells())
    if unmarked or claim.name in lists()["vague"]:
        return Judged(claim, Verdict.UNVERIFIABLE)
    return Judged(claim, Verdict.CONTRADICTED, f"no {claim.name} lies there")


def _largest(of: Of) -> list[Box]:
    """The boxes that may be called the largest; boxes say little of what is long and narrow."""
    boxes = of.boxes or tuple(box for fact in of.covers for box in fact.boxes)
    most = max((box.area for box in boxes), default=0.0)
    return [box for box in boxes if box.area >= _LARGEST * most]


def _few(of: Of, region: Region) -> str:
    """What says that most of what is spoken of as a whole lies elsewhere; empty if nothing does."""
    whole = [box for fact in of.classes if fact.total for box in fact.boxes]
    there = sum(region.wider().touches(box) for box in whole)
    if whole:
        return f"{there} of {len(whole)} lie there" if there < _FEW * len(whole) else ""
    shares = [sum(fact.cells[cell] for fact in of.covers) for cell in range(9)]
    share = sum(shares[cell] for cell in region.cells())
    if not sum(shares):
        return ""
    return f"{share / sum(shares):.0%} lies there" if share < _FEW_COVERED * sum(shares) else ""


def _does_not_fill(covers: Sequence[CoverFact], region: Region, known: Known) -> str:
    """What says that surfaces cover next to nothing of a part of the picture; empty if nothing does."""
    cells = region.cells(_MOST_OF_CELL)
    if not cells or any(known.unmarked(covers, cell) >= _OPEN for cell in cells):
        return ""
    share = sum(fact.cells[cell] for fact in covers for cell in cells) / len(cells)
    return f"{share:.0%} of it is covered" if share < _FILLED else ""


def _few_on_side(of: Of, side: str) -> str:
    """What says that most of a surface lies in the other half of the picture; empty if nothing does."""
    shares = [sum(fact.cells[cell] for fact in of.covers) for cell in range(9)]
    all_of, half_of = _NEARER[side]
    share = sum(shares[cell] for cell in all_of) + sum(shares[cell] for cell in half_of) / 2
    return f"{share / sum(shares):.0%} lies there" if share < _FEW_COVERED * sum(shares) else ""


def inside(of: Of, region: Region) -> tuple[float, float | None]:
    """How many lie in a part of the picture, at least and at most."""
    whole = [box for fact in of.classes for box in fact.boxes]
    outside = Region(region.box, not region.rim)
    clear = sum(region.holds(box) and not outside.touches(box) for box in whole)
    left_out = sum(fact.left_out for fact in of.classes)
    touching = float(sum(region.wider().touches(box) for box in of.boxes))
    return float(max(0, clear - left_out)), touching if of.most is not None else None
