"""Clauses about what pixels show: areas, bands, patches and spots, with their colour, place and share."""

from __future__ import annotations

from itertools import groupby

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
    """Where a region is as an afterthought; empty for what has no clear place or lies everywhere."""
    if region.form == "frame":
        return "along the borders"
    if region.direction:
        start, end = region.direction.split(" to ")
        return f"in a band from {start} to {end}"
    return "" if region.place == "everywhere" else place(region)


def item(region: Region) -> str:
    """A region with a clear place as an item of a list: ``a green area in the left half``."""
    return f"{noun(region)} {_way(region).removeprefix('in a band ')}"


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
        covers = f"{subject} cover" if many else f"{region.colour} covers"
        return f"{covers} {_share(region)} of the image"
    verb = choose((("lies", "is"), ("lie", "are"))[many], seed, region.colour)
    return f"{subject} {verb} {place(region)}"


def placed(measured: Measured) -> list[Region]:
    """The regions with a clear place, at most three."""
    return [region for region in measured.regions if _way(region)][:3]


def told(measured: Measured) -> list[Region]:
    """The regions to tell the layout by: those with a clear place, or the largest two."""
    return placed(measured) or list(measured.regions[:2])


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


def shares(measured: Measured, whole: str, *, texture: bool = False) -> list[str]:
    """A sentence on how much of the picture has which colour: ``About half of the view is green.``

    Args:
        whole: what the shares are of: ``the picture``.
        texture: whether it tells how the largest part looks, too.
    """
    main = [region for region in measured.regions[:4] if region.share >= _MAIN]
    if not main:
        seen = [region.colour for region in measured.regions[:3]]
        parts = "parts of {} are" if len(seen) > 1 else "a part of {} is"
        return [sentence(f"{parts.format(whole)} {enumerate_(seen)}")] if seen else []
    little = enumerate_([region.colour for region in measured.regions[:4] if region not in main])
    tail = f", with a little {little}" if little else ""
    look = _TEXTURES[main[0].texture] if texture and main[0].texture else ""
    said: list[str] = []
    for part, alike in groupby(main, key=_share):
        names, of = [region.colour for region in alike], f" of {whole}" if not said else ""
        if len(names) == 1:
            verb = " is" if not said or " each make up " in said[0] else ""
            said.append(f"{part}{of}{verb} {names[0]}")
        else:
            said.append(f"{enumerate_(names)} each make up {part}{of}")
    if look and len(main) == 1 and not tail:
        return [sentence(f"{said[0]} and {look}")]
    listed = enumerate_(said) if len(said) == len(main) else "; ".join(said)
    return [sentence(f"{listed}{tail}{f'; the largest part looks {look}' if look else ''}")]


def _share(region: Region) -> str:
    """Its share in words; almost all only where hardly anything else shows between."""
    return share(min(region.share, 0.94) if region.purity < 0.85 else region.share)


def looks(measured: Measured) -> list[str]:
    """A sentence on colour, form and texture of the regions."""
    items = [noun(region) for region in measured.regions[:4]]
    if not items:
        return []
    texture = measured.regions[0].texture
    be = "is" if measured.regions[0].form != "patches" else "are"
    tail = f"; the largest part looks {_TEXTURES[texture]}" if texture and len(items) > 1 else ""
    return [sentence(f"there {be} {enumerate_(items)} in the image{tail}")]
