"""Clauses about what pixels show: areas, bands, patches and spots, with their colour, place and share."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.rules.english import choose, enumerate_, number, sentence, with_article
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.phrases import IN_PLACE, share
from mpgi_ray.rules.seen import Measured, Region, Spots

_TEXTURES = {"smooth": "smooth", "rough": "textured"}
_FILLS = 0.35  # of the picture: a region that fills most of a half
_MAIN = 0.18  # of the picture: below it a share is "a little" beside others


def noun(region: Region) -> str:
    """``a dark green area``, ``three light grey patches``, ``a brown band``."""
    if region.form != "patches":
        return with_article(f"{region.colour} {'margin' if region.form == 'frame' else region.form}")
    amount = number(region.patches) if region.patches <= 3 else "several" if region.patches <= 9 else "many"
    return f"{amount} {region.colour} patches"


def place(region: Region | Spots) -> str:
    """``in the upper left``, ``in the left half``, ``spread over the image``; empty without a clear place."""
    match region.place:
        case None:
            return ""
        case "everywhere":
            return "spread over the image"
        case name if name in PLACES:
            return IN_PLACE[PLACES.index(name)]
        case half:
            return f"in the {half}"


def _way(region: Region) -> str:
    """Where a region is as an afterthought; empty for what covers most of the picture anyway."""
    if region.form == "frame":
        return "along the borders"
    if region.direction:
        start, end = region.direction.split(" to ")
        return f"in a band from {start} to {end}"
    return "" if region.place == "everywhere" and region.form != "patches" else place(region)


def item(region: Region) -> str:
    """A region as an item of a list: ``a green area in the left half``, ``about a third of it beige``."""
    if region.direction:
        return f"{noun(region)} {_way(region).removeprefix('in a band ')}"
    way = _way(region)
    return f"{noun(region)} {way}" if way else f"{_share(region)} of it {region.colour}"


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
    if not _way(region):
        return f"{region.colour} covers {_share(region)} of the image"
    verb = choose((("lies", "is"), ("lie", "are"))[many], seed, region.colour)
    return f"{subject} {verb} {place(region)}"


def placed(measured: Measured) -> list[Region]:
    """The regions to tell the layout by: those with a clear place first, at most three."""
    clear = [r for r in measured.regions if _way(r)]
    return [*clear, *(r for r in measured.regions if r not in clear)][:3]


def spots(seen: Spots) -> str:
    """``a few small white spots``."""
    one = seen.amount == "one"
    return f"a single small {seen.colour} spot" if one else f"{seen.amount} small {seen.colour} spots"


def stand_out(seen: Spots, told: int = 0) -> str:
    """A clause on spots: ``a few small white spots stand out on dark green ground in the lower right``.

    Args:
        told: 0 for the words of a perspective, 1 for those of an integrated text.
    """
    verb = "stands" if seen.amount == "one" else "stand"
    if told:
        where = place(seen)
        return f"{f'{where}, ' if where else ''}{spots(seen)} {verb} out against the {seen.ground} ground"
    return f"{spots(seen)} {verb} out on {seen.ground} ground {place(seen)}".strip()


def shares(measured: Measured) -> list[str]:
    """A sentence on how much of the picture has which colour, and how the largest part looks."""
    return _listed(measured.regions[:4], " of the picture is", texture=True)


def ground(measured: Measured) -> list[str]:
    """The same with places, for an integrated text."""
    return _listed(measured.regions, " of the view is", texture=True, ways=True)


def colours(measured: Measured) -> list[str]:
    """A sentence on the colours alone."""
    return _listed(measured.regions[:3], " of what is seen is")


def _listed(regions: Sequence[Region], verb: str, *, texture: bool = False, ways: bool = False) -> list[str]:
    """One sentence; its first item alone has the verb, and small parts come as "a little"."""
    main = [r for r in regions if r.share >= _MAIN] or list(regions[:1])
    small = [r for r in regions if r not in main]
    said = [
        f"{_share(r)}{verb if not i else ''} {_look(r, texture=texture and not i, way=ways)}"
        for i, r in enumerate(main)
    ]
    little = enumerate_([_look(r, way=ways) for r in small])
    tail = f", with a little {little}" if little else ""
    return [sentence(enumerate_(said) + tail)] if said else []


def _share(region: Region) -> str:
    """Its share in words; almost all only where hardly anything else shows between."""
    return share(min(region.share, 0.94) if region.purity < 0.85 else region.share)


def _look(region: Region, *, texture: bool = False, way: bool = False) -> str:
    look = f"{region.colour} and {_TEXTURES[region.texture]}" if texture and region.texture else region.colour
    return f"{look} {_way(region)}".strip() if way else look


def looks(measured: Measured) -> list[str]:
    """A sentence on colour, form and texture of the regions."""
    items = [noun(region) for region in measured.regions[:4]]
    if not items:
        return []
    texture = measured.regions[0].texture
    be = "is" if measured.regions[0].form != "patches" else "are"
    tail = f"; the largest part looks {_TEXTURES[texture]}" if texture and len(items) > 1 else ""
    return [sentence(f"in it there {be} {enumerate_(items)}{tail}")]
