"""Whether things have the colour that a text gives them."""

from __future__ import annotations

from mpgi_ray.rules.seen import Measured
from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Of

_CLOSE = {  # colours that people call by each other's names
    "white": {"grey", "beige", "pink"},
    "grey": {"white", "black", "brown", "blue", "beige", "green", "pink", "turquoise"},
    "black": {"grey", "brown", "blue", "green", "turquoise"},
    "brown": {"red", "orange", "beige", "grey", "black", "pink"},
    "orange": {"red", "brown", "yellow", "pink"},
    "red": {"orange", "brown", "pink"},
    "yellow": {"orange", "beige"},
    "beige": {"white", "yellow", "brown", "grey", "pink"},
    "blue": {"grey", "black", "purple", "turquoise"},
    "green": {"grey", "black", "turquoise"},
    "purple": {"blue", "red", "pink"},
}
_PLAIN = ("white", "grey", "black", "beige")  # also of shadows, ground and glare
_VIVID = ("red", "yellow", "orange", "purple")
_MUCH = 0.4  # of what stands out is of a plain colour, where nothing has a vivid one
_ENOUGH = 0.15  # of what stands out of a thing has a colour, where the thing may be called by it


def coloured(claim: Claim, of: Of, measured: Measured) -> Judged:
    """A claim on the colour of things.

    Contradicted where all that were measured have another one; where so many have another one that not enough
    are left; and where all show another one and nothing of this one.
    """
    names = {fact.name for fact in of.classes}
    found = [thing for thing in measured.things if thing.name in names]
    shades = [shade for shade in measured.shades if shade.name in names and shade.least >= _ENOUGH]
    other = [thing for thing in found if claim.word not in (thing.colour, *_CLOSE.get(thing.colour, ()))]
    if len(names) == 1 and (fact := _too_many(claim, of, sum(thing.agreeing for thing in other))):
        return Judged(claim, Verdict.CONTRADICTED, f"{claim.name}: {fact} {other[0].colour}")
    if claim.word in {thing.colour for thing in found}:
        return Judged(claim, Verdict.SUPPORTED)
    some = claim.some and (claim.amount is None or claim.amount[0] < (of.most or of.whole))
    clear = [t.colour for t in other if t.shared and (not some or t.measured == t.agreeing)]
    vivid = claim.word in _VIVID  # and nothing else is taken for it
    telling = [shade for shade in shades if shade.colour not in _PLAIN or (vivid and shade.least >= _MUCH)]
    if claim.word in {shade.colour for shade in telling}:
        return Judged(claim, Verdict.SUPPORTED)
    clear += [
        one.colour
        for one in telling
        if claim.word not in one.traces and claim.word not in _CLOSE.get(one.colour, ())
    ]
    if len(names) != 1 or not clear:
        return Judged(claim, Verdict.UNVERIFIABLE)
    return Judged(claim, Verdict.CONTRADICTED, f"{claim.name}: {clear[0]}")


def _too_many(claim: Claim, of: Of, other: int) -> int:
    """How many have another colour, if too few are left for the number that is claimed; else 0."""
    total = of.whole if of.most is None else of.most
    least = total if claim.every else claim.amount[0] if claim.amount else 0
    return other if other > 1 and least > 1 and least > total - other else 0
