"""Whether things have the colour that a text gives them."""

from __future__ import annotations

from mpgi_ray.rules.seen import Measured
from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Of
from mpgi_ray.truth.lists import lists

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
_TWO = {  # colours of pictures, by those of things that they are between
    "reddish brown": ("red", "brown"),
    "dusty pink": ("pink", "brown"),
    "olive": ("green", "brown", "yellow"),
    "tan": ("beige", "brown", "yellow"),
}
_LEVELS = {"dark": ("black",), "light": ("white",)}
_WATERY = ("green", "blue", "turquoise")  # of dark water one is as good as another
_LARGE, _HARDLY = 0.2, 0.15  # of the picture that a surface covers; and of that, which comes near a colour
_MUCH = 0.4  # of what stands out is of a plain colour, where nothing has a vivid one
_ENOUGH = 0.15  # of what stands out of a thing has a colour, where the thing may be called by it


def coloured(claim: Claim, of: Of, measured: Measured) -> Judged:
    """A claim on the colour of things.

    Contradicted where all that were measured have another one; where so many have another one that not enough
    are left; where all show another one and nothing of this one; where nothing that is seen comes near it.
    """
    unseen = claim.word in measured.absent and claim.name not in lists()["thin"]
    names = {fact.name for fact in of.classes}
    lacking = dict(measured.lacking)
    unseen |= bool(names) and all(claim.word in lacking.get(name, ()) for name in names)
    watery = bool(of.covers) and claim.word in _WATERY
    if (unseen and not watery) or _is_elsewhere(claim.word, of, measured):
        return Judged(claim, Verdict.CONTRADICTED, f"nothing {claim.word} is to be seen")
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


def _is_elsewhere(colour: str | None, of: Of, measured: Measured) -> bool:
    """Whether a surface is so large that its colour would be seen, and hardly anything comes near it."""
    covered = sum(fact.fraction for fact in of.covers)
    shown = sum(part for name, part in measured.colours if colour in _called(name))
    return covered >= _LARGE and bool(measured.colours) and shown < _HARDLY * covered


def _called(tone: str) -> set[str]:
    """All that people may call a colour of a picture: of ``grey-green`` grey, green and what is close."""
    level, _, hue = tone.rpartition(" ") if tone.startswith(("dark ", "light ")) else ("", "", tone)
    plain = {*_TWO.get(hue, hue.split("-")), *_LEVELS.get(level, ())}
    return plain.union(*(_CLOSE.get(one, ()) for one in plain))


def _too_many(claim: Claim, of: Of, other: int) -> int:
    """How many have another colour, if too few are left for the number that is claimed; else 0."""
    total = of.whole if of.most is None else of.most
    least = total if claim.every else claim.amount[0] if claim.amount else 0
    return other if other > 1 and least > 1 and least > total - other else 0
