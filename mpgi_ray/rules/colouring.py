"""Sentences on the colours of a picture: how much of it has which, which dominate, what stands out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from mpgi_ray.rules.english import choose, enumerate_, sentence
from mpgi_ray.rules.regions import (
    NEARLY_ALL,
    around,
    colour,
    colours,
    hue_of,
    is_unclear,
    located,
    outlined,
    share_of,
    stand_out,
)
from mpgi_ray.rules.seen import Measured, Region, bare

_AREAS = {"area", "patches"}  # forms of what is no band and no frame
_OUTWEIGHS = 3.0  # times as much: then its shade is that of both
_MANY = 3  # colours that a picture is mostly of at most
_MAIN = 0.18  # of the picture: below it a colour is "some" beside others
_MOSTLY = 0.55  # of the picture that has one of the colours that it is mostly of
_FRACTIONS = {  # of the words for shares
    "about a quarter": 1 / 4,
    "about a third": 1 / 3,
    "about half": 1 / 2,
    "about two thirds": 2 / 3,
    "most": 3 / 4,
    "almost all": 1.0,
}
# of all that is said with a share: with less nothing is the main colour, with more nobody would believe it
_LEAST_SAID, _FULL, _MOST_SAID = 0.45, 0.99, 1.1
_STRONG = (
    ("green", "olive"),
    ("brown", "tan", "orange", "beige"),
    ("red",),
    ("blue",),
    ("purple",),
    ("yellow",),
)
_PLAIN = ("grey", "white", "black")
# of the picture that has a colour which is missed where it is not named
_MISSED, _MISSED_PLAIN = 0.1, 0.2
_TRACE = 0.05  # of the picture that has a colour without being a region of it


def shares(measured: Measured, whole: str) -> list[str]:
    """A sentence on how much of the picture has which colour: ``About half of the view is green.``

    Args:
        whole: what the shares are of: ``the picture``.
    """
    seen = _merged(measured)
    main = [region for region in seen if region.share >= _MAIN]
    said_of = sum(_FRACTIONS[share_of(region)] for region in main)  # by their words
    if any(map(is_unclear, main)) or not _LEAST_SAID <= said_of <= _MOST_SAID:
        return _mix(measured, whole)
    traces = _traces(measured) if len(seen) == 1 else []
    if len(seen) == 1 and (main[0].share >= NEARLY_ALL or not traces):
        return [sentence(f"{share_of(main[0])} of {whole} is {colour(main[0])}")]
    others = [*_unsaid(measured, colours(main)), *colours(seen)]
    little = enumerate_(_besides(others, colours(main)) or traces)
    tail = f", with some {little}" if little and said_of < _FULL else ""
    said: list[str] = []
    for part, alike in groupby(main, key=share_of):
        names, of = [colour(region, main) for region in alike], f" of {whole}" if not said else ""
        if len(names) == 1:
            said.append(f"{part}{of} is {names[0]}")
        else:
            said.append(f"{enumerate_(names)} each make up {part}{of}")
    listed = enumerate_(said, serial=True) if len(said) == len(main) else "; ".join(said)
    return [sentence(f"{listed}{tail}")]


def _mix(measured: Measured, whole: str) -> list[str]:
    """A sentence on the colours of a picture of which nobody could say how much each covers."""
    seen = _merged(measured)
    for count in range(1, min(len(seen), _MANY) + 1):
        if sum(region.share for region in seen[:count]) >= _MOSTLY:
            main, others = colours(seen[:count]), colours(seen)
            some = _besides([*_unsaid(measured, main), *others], main)
            some = some or (_traces(measured) if count == 1 else [])
            tail = f", with some {enumerate_(some)}" if some else ""
            return [sentence(f"{whole} is mostly {enumerate_(main)}{tail}")]
    if not seen:
        return []
    told = [region for region in seen[:_MANY] if region.share >= _MISSED] or seen[:1]
    names = [*(first := colours(told)), *_unsaid(measured, first)]
    said_of = sum(region.share for region in told) + sum(
        dict(measured.colours).get(n, 0) for n in names[len(first) :]
    )
    if len(names) > 1 and said_of >= _MOSTLY:
        return [sentence(f"{whole} is a mix of {enumerate_(names)}")]
    less = [region.colour for region in told[1:] if region.share < _MAIN]
    main = [name for name in names if name not in less]
    some = _besides(less or _traces(measured) if len(main) == 1 else less, main)
    be = "colour of {} is" if len(main) == 1 else "colours of {} are"
    tail = f", with some {enumerate_(some)}" if some else ""
    return [sentence(f"the main {be.format(whole)} {enumerate_(main)}{tail}")]


def overview(measured: Measured) -> list[str]:
    """Sentences on the whole picture: its main colours, and what stands out.

    Not where they lie, for things may be there, too, and be mostly elsewhere; see `perspectives.layout`.
    """
    return [*shares(measured, "the picture"), *(sentence(stand_out(one)) for one in measured.spots[:1])]


def laid_out(measured: Measured, seed: str) -> list[str]:
    """Sentences on where regions lie; if nothing is known of that, on how much has which colour."""
    if told := located(measured, seed):
        return [*told, *around(measured)]
    return shares(measured, "the area")


def looks(measured: Measured, seed: str, *, placed: bool = True) -> list[str]:
    """A sentence on which colours dominate, which are only some, and which forms stand out.

    Args:
        placed: whether it says where the forms are.
    """
    seen = _merged(measured)
    if not seen:
        return []
    forms = [region for region in seen if region.form in ("band", "frame")]
    areas = [region for region in seen if region not in forms]
    main = [region for region in areas if region.share >= _MAIN]
    if not main or sum(region.share for region in main) < _MOSTLY:
        large = [region for region in areas if region.share >= _MISSED] or areas
        names = [name for name in colours(large) if name not in colours(forms)]
        listed = enumerate_(outlined(forms, seen, placed=placed))
        if not names:
            return [sentence(f"there {'is' if len(forms) == 1 else 'are'} {listed}")]
        names = [*names[:_MANY], *_unsaid(measured, [*names, *colours(forms)])]
        some = [] if forms else _besides([*colours(areas), *_traces(measured)], names)
        told = (
            f"the main colour is {names[0]}"
            if len(names) == 1
            else f"the main colours are {enumerate_(names)}"
        )
        listed = listed or (f"some {enumerate_(some)}" if some else "")
        return [sentence(f"{told}, with {listed}" if listed else told)]
    first = list(dict.fromkeys(colour(region, seen) for region in main))
    seen_so = [*first, *colours(forms, seen)]
    some = _besides([*_unsaid(measured, seen_so), *(colour(region, seen) for region in areas)], first)
    some = [name for name in some if name not in seen_so]
    some = some or (_traces(measured) if len(seen) == 1 else [])
    if len(seen) == 1 and seen[0].share >= NEARLY_ALL and seen[0].purity >= NEARLY_ALL and not some:
        whole = ("{} surfaces fill nearly the whole image", "the surface is {} nearly everywhere")
        return [sentence(choose(whole, seed, "one colour").format(enumerate_(first)))]
    further = [f"some {enumerate_(some)}"] if some else []
    further += outlined(forms, seen, placed=placed)
    listed = ", and ".join(further) if len(some) > 1 else enumerate_(further)
    frames = ("{} surfaces dominate the image", "the surfaces are mostly {}")
    told = choose(frames, seed, "surfaces").format(enumerate_(first))
    return [sentence(f"{told}, with {listed}" if listed else told)]


def _besides(names: Iterable[str], main: Sequence[str]) -> list[str]:
    """The colours beside the main ones, without shades of what is named; one if nothing else is there."""
    others = [name for name in dict.fromkeys(names) if name not in main]
    told = {hue_of(name) for name in main}
    apart = {hue_of(name): name for name in reversed(others) if hue_of(name) not in told}
    told_apart = [name for name in others if name in apart.values()] or others[:1]
    greyish = sum("grey-" in name for name in main)  # two such names are as many as anybody tells apart
    for name in [name for name in told_apart if "grey-" in name][max(0, 2 - greyish) :]:
        told_apart.remove(name)
    return told_apart[:2]


def _merged(measured: Measured) -> list[Region]:
    """The largest regions, a dark and a plain one of a colour as one: nobody tells their shares apart."""
    found: list[Region] = []
    for region in measured.regions[:4]:
        alike = (n for n, one in enumerate(found) if _is_one(one, region, measured.regions[:4]))
        if (n := next(alike, None)) is None:
            found.append(region)
        else:
            share, elsewhere = found[n].share + region.share, min(found[n].elsewhere, region.elsewhere)
            purity = min(found[n].purity, region.purity)
            first = bare(found[n].colour)
            kept = found[n].share >= _OUTWEIGHS * region.share or bare(region.colour) == first
            name = first if kept else hue_of(first)
            found[n] = replace(found[n], colour=name, share=share, elsewhere=elsewhere, purity=purity)
    return sorted(found, key=lambda region: -region.share)


def _is_one(one: Region, other: Region, seen: Sequence[Region]) -> bool:
    """Whether two areas have one colour; not where it has a light and a dark shade, which all tell apart."""
    hue = hue_of(one.colour)
    shades = {bare(region.colour) for region in seen if hue_of(region.colour) == hue}
    apart = {f"dark {hue}", f"light {hue}"} <= shades and bare(one.colour) != bare(other.colour)
    return hue == hue_of(other.colour) and not apart and {one.form, other.form} <= _AREAS


def _unsaid(measured: Measured, named: list[str]) -> list[str]:
    """Colours that nobody would leave out, though no region has them: of strong ones less is missed."""
    found = []
    for family, missed in [
        *((one, _MISSED) for one in _STRONG),
        *(((one,), _MISSED_PLAIN) for one in _PLAIN),
    ]:
        shares = {name: part for name, part in measured.colours if name in family}
        told = any(name.endswith(family) for name in named)
        if not told and sum(shares.values()) >= missed:
            found.append(max(shares, key=lambda name: shares[name]))
    return found


def _traces(measured: Measured) -> list[str]:
    """The colours that are mixed into the only region."""
    mixed = [
        name for name, part in measured.colours if part >= _TRACE and name not in measured.regions[0].colour
    ]
    return mixed[:3]
