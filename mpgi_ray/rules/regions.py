"""Clauses about what pixels show: areas, bands, patches and spots, with their colour, place and share.

There are two ways to say each thing: perspectives use one, integrated texts the other.
"""

from __future__ import annotations

from mpgi_ray.rules.english import choose, enumerate_, number, sentence
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.measured import Measured, Region, Spots
from mpgi_ray.rules.phrases import IN_PLACE, share

_EXTREME = 0.8  # share of one colour in the whole picture above which the colour alone is telling


def noun(region: Region, *, texture: bool = False) -> str:
    """``a dark green area``, ``three light grey patches``, ``a smooth brown band``."""
    look = f"{region.texture} {region.colour}" if texture and region.texture else region.colour
    if region.form != "patches":
        word = "margin" if region.form == "frame" else region.form
        return f"{'an' if look[0] in 'aeiou' else 'a'} {look} {word}"
    return f"{_patches(region.patches)} {look} patches"


def place(region: Region | Spots) -> str:
    """``in the upper left``, ``in the left half``, ``all over the image``; empty without a clear place."""
    match region.place:
        case None:
            return ""
        case "everywhere":
            return "all over the image"
        case "middle":
            return "in the middle"
        case name if name in PLACES:
            return IN_PLACE[PLACES.index(name)]
        case half:
            return f"in the {half}"


def lies(region: Region, seed: str, told: int) -> str:
    """A clause on where a region lies.

    Args:
        told: 0 for the words of a perspective, 1 for those of an integrated text.
    """
    subject, many = noun(region), region.form == "patches"
    if region.form == "frame":
        frames = (f"{subject} surrounds the rest", f"{region.colour} lies all around, along the borders")
        return frames[told]
    if region.direction:
        verbs = ("crosses", "runs through") if told == 0 else ("leads through", "cuts across")
        start, end = (_end(name) for name in region.direction.split(" to "))
        return f"{subject} {choose(verbs, seed, region.colour)} the image from {start} to {end}"
    where = place(region)
    if not where:
        where = "in several places" if many else f"over {share(region.share)} of the image"
    if many:
        return (f"{subject} lie {where}", f"{subject} can be found {where}")[told]
    if region.place and region.place.endswith("half") and region.share >= 0.35:
        return (
            f"{subject} fills most of the {region.place}",
            f"the {region.place} is mostly {region.colour}",
        )[told]
    verb = choose(("lies", "is"), seed, region.colour) if told == 0 else "spreads"
    return f"{subject} {verb} {where}"


def stand_out(spots: Spots, told: int) -> str:
    """A clause on spots: ``a few small white spots stand out on dark green ground in the lower right``."""
    one = spots.amount == "one"
    subject = f"a single small {spots.colour} spot" if one else f"{spots.amount} small {spots.colour} spots"
    where = place(spots)
    if told:
        return f"{where or 'here and there'}, {subject} can be made out against {spots.ground}"
    verb = "stands" if one else "stand"
    return f"{subject} {verb} out on {spots.ground} ground {where}".strip()


def shares(measured: Measured, seed: str, told: int) -> list[str]:
    """Sentences on how much of the picture has which colour and texture."""
    said = []
    for region in measured.regions[:3]:
        look = f"{region.colour} and {region.texture}" if region.texture else region.colour
        part = share(region.share)
        pieces = f", in {number(region.patches)} pieces" if 1 < region.patches <= 5 else ""
        said.append(
            (f"{part} of the picture is {look}{pieces}", f"{look} ground makes up {part} of it{pieces}")[told]
        )
    return [sentence(enumerate_(said))] if said else []


def looks(measured: Measured, told: int) -> str | None:
    """One sentence on the colour, texture and form of the regions."""
    items = [noun(region, texture=True) for region in measured.regions[:4]]
    frames = ("its surfaces are {}", "as surfaces go, there are {}")
    return sentence(frames[told].format(enumerate_(items))) if items else None


def whole(measured: Measured) -> str | None:
    """The colour of the whole, where there is hardly any other."""
    if measured.colours and measured.colours[0][1] >= _EXTREME:
        return f"Nearly all of it is {measured.colours[0][0]}."
    return None


def _patches(count: int) -> str:
    return number(count) if count <= 5 else "several" if count <= 9 else "many"


def _end(name: str) -> str:
    return f"the {name}"
