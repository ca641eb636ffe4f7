"""Clauses about what pixels show: areas, bands, patches and spots, with their colour, place and share."""

from __future__ import annotations

from itertools import groupby

from mpgi_ray.rules.english import choose, enumerate_, sentence, with_article
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.phrases import IN_PLACE
from mpgi_ray.rules.seen import Measured, Region, Spots
from mpgi_ray.rules.surfaces import share

_TEXTURES = {"smooth": "smooth", "rough": "textured"}
_FILLS = 0.35  # of the picture: a region that fills most of a half
_MAIN = 0.18  # of the picture: below it a share is "a little" beside others
_MOSTLY = 0.55  # of the picture that has one of the colours that it is mostly of
_TRACE = 0.05  # of the picture that has a colour without being a region of it
_UNCLEAR = 0.15  # of the picture that has the colour or one beside it outside the region


def noun(region: Region) -> str:
    """``a dark green area``, ``light grey parts``, ``a brown band``.

    Parts are not counted: where one ends and the next begins, people and pixels differ.
    """
    bare = _bare_noun(region)
    return bare if region.form == "patches" else with_article(bare)


def _bare_noun(region: Region) -> str:
    kinds = {"patches": "parts", "frame": "margin"}
    return f"{region.colour} {kinds.get(region.form, region.form)}"


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


def found(measured: Measured, *, spots_too: bool) -> list[str]:
    """A sentence on the regions with a clear place, and on spots.

    ``There is a green area at the top.``: a sentence of its own, as a brown band may be the river itself.
    """
    items = [(noun(region), _way(region).removeprefix("in a band ")) for region in placed(measured)[:2]]
    items += [(spots(one), place(one)) for one in measured.spots[:1]] if spots_too else []
    alike = [
        (where, [what for what, _ in group]) for where, group in groupby(items, key=lambda item: item[1])
    ]
    listed = enumerate_([f"{enumerate_(what)} {where}".strip() for where, what in alike])
    be = "is" if items and not items[0][0].endswith("s") else "are"
    return [sentence(f"there {be} {listed}")] if listed else []


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


def laid_out(measured: Measured, seed: str) -> list[str]:
    """Sentences on where regions lie: on those with a clear place, or on the colours of the largest two."""
    told = placed(measured) or [region for region in measured.regions[:2] if not _is_unclear(region)]
    return [sentence(lies(region, seed)) for region in told] or shares(measured, "the area on view")


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
    unclear = any(map(_is_unclear, measured.regions[:4]))
    if unclear and sum(region.share for region in measured.regions[:3]) >= _MOSTLY:
        names = [region.colour for region in measured.regions[:3]]
        return [sentence(f"{whole} is mostly {enumerate_(names)}")]
    if unclear or not main:
        seen = [region.colour for region in measured.regions[:3]]
        parts = "parts of {} are" if len(seen) > 1 else "a part of {} is"
        return [sentence(f"{parts.format(whole)} {enumerate_(seen)}")] if seen else []
    little = enumerate_([region.colour for region in measured.regions[:4] if region not in main])
    filled = {"about half": 3, "about a third": 2, "about two thirds": 4}  # sixths
    is_full = sum(filled.get(_share(region), 0) for region in main) >= 6
    tail = f", with a little {little}" if little and not is_full else ""
    look = _look(main[0]) if texture else ""
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
    told = [sentence(f"{listed}{tail}")]
    return [*told, _looking(main[0], look)] if look else told


def _share(region: Region) -> str:
    """Its share in words; almost all only where hardly anything else shows between."""
    return share(min(region.share, 0.94) if region.purity < 0.85 else region.share)


def _is_unclear(region: Region) -> bool:
    """Whether so much else has its colour or one beside it that nobody sees where it ends."""
    return region.elsewhere > _UNCLEAR


def _look(region: Region) -> str:
    """How it looks, if it is of one colour nearly everywhere."""
    return _TEXTURES[region.texture] if region.texture and region.purity >= 0.8 else ""


def _looking(region: Region, look: str) -> str:
    verb = "look" if region.form == "patches" else "looks"
    return sentence(f"the {_bare_noun(region)} {verb} {look}")


def looks(measured: Measured) -> list[str]:
    """A sentence on colour, form and texture of the regions."""
    items = [noun(region) for region in measured.regions[:4]]
    if not items:
        return []
    largest = measured.regions[0]
    be, look = "is" if largest.form != "patches" else "are", _look(largest)
    told = [sentence(f"there {be} {enumerate_(items)} in the image")]
    told += [_looking(largest, look)] if look else []
    return told if len(items) > 1 else told + _traces(measured)


def _traces(measured: Measured) -> list[str]:
    """A sentence on the colours that are mixed into the only region."""
    mixed = [
        name for name, part in measured.colours if part >= _TRACE and name not in measured.regions[0].colour
    ]
    return [sentence(f"there is also some {enumerate_(mixed)}")] if mixed else []
