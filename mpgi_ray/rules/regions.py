"""Clauses about what pixels show: areas, bands, patches and spots, with their colour, place and share."""

from __future__ import annotations

from mpgi_ray.rules.english import choose, enumerate_, number, sentence, with_article
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.measured import Measured, Region, Spots
from mpgi_ray.rules.phrases import IN_PLACE, share

_TEXTURES = {"smooth": "smooth", "rough": "textured"}
_FILLS = 0.35  # of the picture: a region that fills most of a half
_EXTREME = 0.8  # share of one colour in the whole picture above which the colour alone is telling


def noun(region: Region, *, texture: bool = False) -> str:
    """``a dark green area``, ``three light grey patches``, ``a smooth brown band``."""
    look = f"{_TEXTURES[region.texture]} {region.colour}" if texture and region.texture else region.colour
    if region.form != "patches":
        return with_article(f"{look} {'margin' if region.form == 'frame' else region.form}")
    return f"{_patches(region.patches)} {look} patches"


def place(region: Region | Spots) -> str:
    """``in the upper left``, ``in the left half``, ``all over the image``; empty without a clear place."""
    match region.place:
        case None:
            return ""
        case "everywhere":
            return "all over the image"
        case name if name in PLACES:
            return IN_PLACE[PLACES.index(name)]
        case half:
            return f"in the {half}"


def where(region: Region) -> str:
    """The place of a region, its way through the picture, or how much of it it covers."""
    if region.form == "frame":
        return "along the borders"
    if region.direction:
        start, end = region.direction.split(" to ")
        return f"from {start} to {end}"
    return place(region) or f"over {share_of_it(region.share)}"


def share_of_it(fraction: float) -> str:
    """``about a third``, ``most of it``: a share that stands without a noun."""
    words = share(fraction)
    return f"{words} of it" if words in ("most", "almost all") else words


def lies(region: Region, seed: str) -> str:
    """A clause on where a region lies: ``a dark green area fills most of the left half``."""
    subject, many = noun(region), region.form == "patches"
    if region.form == "frame":
        return f"{subject} surrounds the rest"
    if region.direction:
        start, end = region.direction.split(" to ")
        verb = choose(("crosses", "runs through"), seed, region.colour)
        return f"{subject} {verb} the image from the {start} to the {end}"
    half = region.place if region.place and region.place.endswith("half") else None
    if half and region.share >= _FILLS and not many:
        return f"{subject} fills most of the {half}"
    if region.place is None:
        return f"{subject} {'cover' if many else 'covers'} {share(region.share)} of the image"
    verb = choose((("lies", "is"), ("lie", "are"))[many], seed, region.colour)
    return f"{subject} {verb} {place(region)}"


def placed(measured: Measured) -> list[Region]:
    """The regions to tell the layout by: those with a clear place first, at most three."""
    clear = [r for r in measured.regions if r.place or r.direction or r.form == "frame"]
    return [*clear, *(r for r in measured.regions if r not in clear)][:3]


def spots(seen: Spots) -> str:
    """``a few small white spots``."""
    return (
        f"a single small {seen.colour} spot"
        if seen.amount == "one"
        else f"{seen.amount} small {seen.colour} spots"
    )


def stand_out(seen: Spots, told: int = 0) -> str:
    """A clause on spots: ``a few small white spots stand out on dark green ground in the lower right``.

    Args:
        told: 0 for the words of a perspective, 1 for those of an integrated text.
    """
    verb = "stands" if seen.amount == "one" else "stand"
    if told:
        return f"{place(seen) or 'here and there'}, {spots(seen)} {verb} out against {seen.ground}"
    return f"{spots(seen)} {verb} out on {seen.ground} ground {place(seen)}".strip()


def shares(measured: Measured) -> list[str]:
    """A sentence on how much of the picture has which colour and texture; none without regions."""
    said = [
        f"{share(r.share)}{{}} {_look(r)}" + (f" in {number(r.patches)} pieces" if 1 < r.patches <= 5 else "")
        for r in measured.regions[:3]
    ]
    return _listed(said, " of the picture is")


def ground(measured: Measured) -> list[str]:
    """The same with places, for an integrated text."""
    said = []
    for region in measured.regions:
        band = "in a band" if region.form == "band" else ""
        clear = where(region) if region.direction or region.place or region.form == "frame" else ""
        said.append(" ".join(x for x in (f"{share(region.share)}{{}}", _look(region), band, clear) if x))
    return _listed(said, " of the ground is")


def _listed(said: list[str], verb: str) -> list[str]:
    """One sentence, whose first item alone has the verb."""
    items = [text.format("" if i else verb) for i, text in enumerate(said)]
    return [sentence(enumerate_(items))] if items else []


def colours(measured: Measured) -> list[str]:
    """A sentence on the colours alone, without textures and places."""
    items = [f"{_adverb(region.share)} {region.colour}" for region in measured.regions[:3]]
    return [sentence(f"in colour the ground is {enumerate_(items)}")] if items else []


def _adverb(fraction: float) -> str:
    words = share(fraction)
    return "mostly" if words == "most" else words


def looks(measured: Measured) -> list[str]:
    """A sentence on colour, texture and form of the regions."""
    items = [noun(region, texture=True) for region in measured.regions[:4]]
    be = "is" if len(items) == 1 and measured.regions[0].form != "patches" else "are"
    return [sentence(f"on the ground there {be} {enumerate_(items)}")] if items else []


def whole(measured: Measured) -> list[str]:
    """The colour of the whole, where there is hardly any other."""
    if measured.colours and measured.colours[0][1] >= _EXTREME:
        return [f"Nearly all of it is {measured.colours[0][0]}."]
    return []


def _look(region: Region) -> str:
    return f"{region.colour} and {_TEXTURES[region.texture]}" if region.texture else region.colour


def _patches(count: int) -> str:
    return number(count) if count <= 5 else "several" if count <= 9 else "many"
