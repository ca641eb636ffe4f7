"""Clauses about what pixels show: areas, bands, patches and spots, with their colour, place and share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from mpgi_ray.rules.english import choose, enumerate_, sentence, with_article
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.phrases import IN_PLACE
from mpgi_ray.rules.seen import Measured, Region, Spots, bare
from mpgi_ray.rules.surfaces import share

NEARLY_ALL = 0.9  # of the picture that has the only colour that it is of
_FILLS = 0.35  # of the picture: a region that fills most of a half
_MOST_OF_REST = 0.6  # of what lies around the placed regions that must have the colour it is mostly of
_UNCLEAR = 0.15  # of the picture that has the colour or one beside it outside the region
_SHARED = 0.7  # of a region's pixels that have its colour where its share is told


def noun(region: Region, beside: Sequence[Region] = ()) -> str:
    """``a dark green area``, ``light grey parts``, ``a brown band``.

    Parts are not counted: where one ends and the next begins, people and pixels differ.

    Args:
        beside: the other regions that the sentence names.
    """
    kinds = {"patches": "parts", "frame": "margin"}
    named = f"{colour(region, beside)} {kinds.get(region.form, region.form)}"
    return named if region.form == "patches" else with_article(named)


def colour(region: Region, beside: Iterable[Region] = ()) -> str:
    """Its colour; "darker" only beside a region that it is darker than."""
    base = bare(region.colour)
    return region.colour if any(other.colour == base for other in beside) else base


def colours(regions: Iterable[Region], beside: Sequence[Region] = ()) -> list[str]:
    """The colours of regions that one sentence names, each once.

    Args:
        beside: as for `noun`.
    """
    named = list(regions)
    return list(dict.fromkeys(colour(region, [*named, *beside]) for region in named))


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
    if region.form == "band" and region.place:
        return f"along the {region.place} edge"
    if region.direction:
        start, end = region.direction.split(" to ")
        return f"from {start} to {end}"
    return "" if region.place == "everywhere" else place(region)


def found(measured: Measured) -> list[str]:
    """A sentence on the regions with a clear place, and on spots.

    ``There is a green area at the top.``: a sentence of its own, as a brown band may be the river itself.
    """
    told = placed(measured)[:2]
    items = _items(told)
    items += [(spots(one), place(one)) for one in measured.spots[:1]]
    be = "is" if items and not items[0][0].endswith("s") else "are"
    return [sentence(f"there {be} {_listed(items)}")] if items else tending(measured)[:1]


def outlined(forms: Sequence[Region], beside: Sequence[Region], *, placed: bool) -> list[str]:
    """``a brown band along the left edge``: bands and frames in a list.

    Args:
        beside: as for `noun`.
        placed: whether it says where they are.
    """
    return [f"{noun(one, beside)} {_way(one) if placed else ''}".strip() for one in forms]


def _items(told: Sequence[Region]) -> list[tuple[str, str]]:
    return [(noun(region, told), _way(region)) for region in told]


def _listed(items: Sequence[tuple[str, str]]) -> str:
    """What lies where, one place for neighbours that share it."""
    alike = [
        (where, [what for what, _ in group]) for where, group in groupby(items, key=lambda item: item[1])
    ]
    return enumerate_([f"{enumerate_(what)} {where}".strip() for where, what in alike])


def lies(region: Region, seed: str, beside: Sequence[Region] = ()) -> str:
    """A clause on where a region lies: ``a dark green area fills most of the left half``.

    Args:
        beside: as for `noun`.
    """
    subject, many = noun(region, beside), region.form == "patches"
    if region.form == "frame":
        return f"{subject} surrounds the rest"
    if region.direction:
        start, end = region.direction.split(" to ")
        verb = choose(("crosses", "runs through"), seed, region.colour)
        return f"{subject} {verb} the image from the {start} to the {end}"
    if region.form == "band":
        return f"{subject} {choose(('lies', 'runs'), seed, region.colour)} {_way(region)}"
    half = region.place if region.place and region.place.endswith("half") else None
    if half and region.share >= _FILLS and not many:
        return f"{subject} fills most of the {half}"
    if (where := _spread(region)) and not _way(region):
        return _ground(region, beside) if where == "everywhere" else _tends(region, where, beside)
    if not _way(region):
        covers = f"{subject} cover" if many else f"{colour(region, beside)} covers"
        return f"{covers} {share_of(region)} of the image"
    verb = choose((("lies", "is"), ("lie", "are"))[many], seed, region.colour)
    return f"{subject} {verb} {place(region)}"


def _tends(region: Region, where: str, beside: Sequence[Region] = ()) -> str:
    """``green areas lie mainly in the top half``."""
    if region.form == "area":
        return f"{noun(region, beside)} lies mainly {_towards(where)}"
    return f"{colour(region, beside)} areas lie mainly {_towards(where)}"


def _towards(tendency: str) -> str:
    return "around the centre" if tendency == "central part" else f"in the {tendency}"


def _ground(region: Region, beside: Sequence[Region] = ()) -> str:
    """``grey areas lie in all parts of the image and cover about half of it``."""
    name = colour(region, beside)
    if region.share >= NEARLY_ALL:
        return f"{name} extends over the whole image"
    covers = "" if is_unclear(region) else f" and cover {share_of(region)} of it"
    return f"{name} areas lie in all parts of the image{covers}"


def tending(measured: Measured) -> list[str]:
    """Sentences on the parts that hold most of what has no clear place; the largest of those that lie alike.

    Not on a shade of a colour that is elsewhere, too: nobody would tell them apart.
    """
    found = measured.regions[:4]
    elsewhere = Counter(hue for hue, _ in {(hue_of(one.colour), _way(one) or _spread(one)) for one in found})
    free = [one for one in found if not _way(one) and elsewhere[hue_of(one.colour)] == 1]
    seen = [(where, one) for one in free if (where := _spread(one))]
    wheres = dict.fromkeys(where for where, _ in seen if where != "everywhere")
    told = [(next(one for there, one in seen if there == where), where) for where in wheres]
    return [sentence(_tends(largest, where)) for largest, where in told]


def hue_of(name: str) -> str:
    """``dark green`` and ``lighter green`` → ``green``."""
    return bare(name).removeprefix("dark ").removeprefix("light ")


def _spread(region: Region) -> str | None:
    return region.place or region.tendency


def placed(measured: Measured) -> list[Region]:
    """The regions with a clear place, at most three."""
    return [region for region in measured.regions if _way(region)][:3]


def each(measured: Measured, seed: str) -> list[str]:
    """A sentence on each of the largest regions; one for those of a colour that have no clear place."""
    told: list[Region] = []
    for region in (largest := measured.regions[:4]):
        named = colour(region, largest)
        alike = (n for n, one in enumerate(told) if named == colour(one, largest) and not _way(one))
        at = None if _way(region) else next(alike, None)
        if at is None:
            told.append(region)
        else:
            tendency = region.tendency if told[at].tendency == region.tendency else "everywhere"
            both = told[at].share + region.share
            told[at] = replace(told[at], share=both, form="patches", tendency=tendency)
    return [sentence(lies(region, seed, told)) for region in told]


def located(measured: Measured, seed: str) -> list[str]:
    """Sentences on where regions lie, at most three; none where nothing is known of that."""
    seen = placed(measured)
    return [*(sentence(lies(region, seed, seen)) for region in seen), *tending(measured)][:3]


def around(measured: Measured) -> list[str]:
    """A sentence on what lies around the regions whose places are told, if it is mostly of one colour."""
    told = placed(measured)
    told += [
        one for one in measured.regions[:4] if one not in told and _spread(one) not in (None, "everywhere")
    ]
    rest, largest = 1 - sum(region.share for region in told), measured.regions[0]
    if (
        not told
        or bare(largest.colour) in {bare(one.colour) for one in told}
        or rest < _FILLS
        or largest.share < _MOST_OF_REST * rest
    ):
        return []
    return [sentence(f"the rest of the image is mostly {colour(largest)}")]


def spots(seen: Spots) -> str:
    """``a few small white spots``."""
    one = seen.amount == "one"
    return f"a single small {seen.colour} spot" if one else f"{seen.amount} small {seen.colour} spots"


def stand_out(seen: Spots, *, retold: bool = False) -> str:
    """A clause on spots: ``a few small white spots stand out on dark green ground in the lower right``.

    Args:
        retold: whether in the words of an integrated text.
    """
    verb = "stands" if seen.amount == "one" else "stand"
    if retold:
        where = place(seen)
        return f"{f'{where}, ' if where else ''}{spots(seen)} {verb} out against the {seen.ground} ground"
    return f"{spots(seen)} {verb} out on {seen.ground} ground {place(seen)}".strip()


def share_of(region: Region) -> str:
    """Its share in words; almost all only where hardly anything else shows between."""
    return share(min(region.share, 0.94) if region.purity < 0.85 else region.share)


def is_unclear(region: Region) -> bool:
    """Whether nobody sees where it ends: so much else has its colour, or it has so little of it itself."""
    return region.elsewhere > _UNCLEAR or region.purity < _SHARED
