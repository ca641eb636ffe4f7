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
_MANY = 3  # colours that a picture is mostly of at most; of main ones there may be another
_MAIN = 0.18  # of the picture: below it a colour is "some" beside others
_MOSTLY = 0.55  # of the picture that has one of the colours that it is mostly of
_LISTED = 0.1  # of the picture: a main colour where none or few have more
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
_PLAIN = ("grey", "white", "black", "grey-brown", "grey-green", "grey-blue", "grey-purple", "dusty pink")
# of the picture that has a colour which is missed where it is not named
_MISSED, _MISSED_PLAIN = 0.05, 0.08
_GREYISH = ("grey", "grey-blue", "grey-green", "grey-purple")  # of which nobody tells more than two apart
_FAMILIES = (  # some of one is no news beside another
    ("green", "olive"),
    ("brown", "reddish brown"),
    ("tan", "beige"),
    _GREYISH,
)


def shares(measured: Measured, whole: str) -> list[str]:
    """A sentence on how much of the picture has which colour: ``About half of the view is green.``

    Args:
        whole: what the shares are of: ``the picture``.
    """
    seen = _merged(measured)
    main = [region for region in seen if region.share >= _MAIN]
    said_of = sum(_FRACTIONS[share_of(region)] for region in main)  # by their words
    names, palette = colours(main), measured.colours
    untold = [name for name, part in palette if part >= _MAIN and hue_of(name) not in map(hue_of, names)]
    if untold or any(map(is_unclear, main)) or not _LEAST_SAID <= said_of <= _MOST_SAID:
        return _mix(measured, whole)
    little = _besides(palette, names)
    tail = f", with some {enumerate_(little)}" if little and said_of < _FULL else ""
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
    if not measured.regions:
        return []
    main, some, mostly = _main(measured.colours)
    tail = f", with some {enumerate_(some)}" if some else ""
    if mostly:
        return [sentence(f"{whole} is mostly {enumerate_(main)}{tail}")]
    be = "colour of {} is" if len(main) == 1 else "colours of {} are"
    return [sentence(f"the main {be.format(whole)} {enumerate_(main)}{tail}")]


def _main(palette: Sequence[tuple[str, float]]) -> tuple[list[str], list[str], bool]:
    """The main colours, those of which there is some, and whether the picture is mostly of the first.

    Args:
        palette: colours with their shares, largest first.
    """
    greys = [name for name, _ in palette if hue_of(name) in _GREYISH][2:]
    apart = [(name, part) for name, part in palette if name not in greys]
    large = [(name, part) for name, part in apart if part >= _MAIN][:_MANY]
    mostly = sum(part for _, part in large) >= _MOSTLY
    if not mostly:  # a colour that few others outweigh is as much a main one as these
        large = [(name, part) for name, part in apart if part >= _LISTED][: _MANY + 1] or apart[:1]
    main = [name for name, _ in large]
    return main, _besides(palette, main) if mostly or len(main) < _MANY else [], mostly


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
    if not measured.regions:
        return []
    forms = [region for region in _merged(measured) if region.form in ("band", "frame")]
    formed = {name for region in forms for name, part in measured.colours if _is_most(region, name, part)}
    main, some, mostly = _main([one for one in measured.colours if one[0] not in formed])
    if not main:
        be = "is" if len(forms) == 1 else "are"
        return [sentence(f"there {be} {enumerate_(outlined(forms, measured.regions, placed=placed))}")]
    only = measured.regions[0]
    if len(measured.regions) == 1 and min(only.share, only.purity) >= NEARLY_ALL and not some:
        whole = ("{} surfaces fill nearly the whole image", "the surface is {} nearly everywhere")
        return [sentence(choose(whole, seed, "one colour").format(enumerate_(main)))]
    further = [f"some {enumerate_(some)}"] if some else []
    further += outlined(forms, measured.regions, placed=placed)
    listed = ", and ".join(further) if len(some) > 1 else enumerate_(further)
    if mostly:
        frames = ("{} surfaces dominate the image", "the surfaces are mostly {}")
        told = choose(frames, seed, "surfaces").format(enumerate_(main))
    else:
        told = f"the main colour{' is' if len(main) == 1 else 's are'} {enumerate_(main)}"
    return [sentence(f"{told}, with {listed}" if listed else told)]


def _besides(palette: Iterable[tuple[str, float]], main: Sequence[str]) -> list[str]:
    """The colours beside the main ones that nobody would leave out, at most two.

    Of strong colours less is missed; of a single main colour its traces are told.
    """
    told = {hue_of(name) for name in main}
    found: list[str] = []
    kindred: list[str] = []
    for name, part in palette:
        hue = hue_of(name)
        missed = _MISSED_PLAIN if hue in _PLAIN and len(main) > 1 else _MISSED
        if part < missed or hue in told:
            continue
        kin = next((family for family in _FAMILIES if hue in family), ())
        (found if told.isdisjoint(kin) else kindred).append(name)
        told.add(hue)
    return found[:2] or (kindred[:1] if len(main) < _MANY else [])


def _is_most(region: Region, colour: str, part: float) -> bool:
    """Whether a region has most of a colour, of which the picture has so much."""
    return hue_of(region.colour) == hue_of(colour) and 2 * region.share >= part


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
