"""Sentences on the colours of a picture: how much of it has which, which dominate, what stands out."""

from __future__ import annotations

from itertools import groupby

from mpgi_ray.rules.english import choose, enumerate_, sentence
from mpgi_ray.rules.regions import (
    NEARLY_ALL,
    around,
    besides,
    colour,
    colours,
    is_unclear,
    located,
    merged,
    noun,
    share_of,
    stand_out,
)
from mpgi_ray.rules.seen import Measured

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
_TRACE = 0.05  # of the picture that has a colour without being a region of it


def shares(measured: Measured, whole: str) -> list[str]:
    """A sentence on how much of the picture has which colour: ``About half of the view is green.``

    Args:
        whole: what the shares are of: ``the picture``.
    """
    seen = merged(measured)
    main = [region for region in seen if region.share >= _MAIN]
    said_of = sum(_FRACTIONS[share_of(region)] for region in main)  # by their words
    if any(map(is_unclear, main)) or not _LEAST_SAID <= said_of <= _MOST_SAID:
        return _mix(measured, whole)
    traces = _traces(measured) if len(seen) == 1 else []
    if len(seen) == 1 and (main[0].share >= NEARLY_ALL or not traces):
        return [sentence(f"{share_of(main[0])} of {whole} is {colour(main[0])}")]
    little = enumerate_(besides(colours(seen), colours(main)) or traces)
    tail = f", with some {little}" if little and said_of < _FULL else ""
    said: list[str] = []
    for part, alike in groupby(main, key=share_of):
        names, of = [colour(region, main) for region in alike], f" of {whole}" if not said else ""
        if len(names) == 1:
            verb = " is" if not said or " each make up " in said[0] else ""
            said.append(f"{part}{of}{verb} {names[0]}")
        else:
            said.append(f"{enumerate_(names)} each make up {part}{of}")
    listed = enumerate_(said) if len(said) == len(main) else "; ".join(said)
    return [sentence(f"{listed}{tail}")]


def _mix(measured: Measured, whole: str) -> list[str]:
    """A sentence on the colours of a picture of which nobody could say how much each covers."""
    seen = merged(measured)
    for count in range(1, len(seen) + 1):
        if sum(region.share for region in seen[:count]) >= _MOSTLY:
            main, others = colours(seen[:count]), colours(seen)
            some = besides(others, main) or (_traces(measured) if count == 1 else [])
            tail = f", with some {enumerate_(some)}" if some else ""
            return [sentence(f"{whole} is mostly {enumerate_(main)}{tail}")]
    first = colours(seen[:1])
    names = enumerate_([*first, *besides(colours(seen[:3]), first), "other colours"])
    return [sentence(f"{whole} mixes {names}")] if seen else []


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


def looks(measured: Measured, seed: str) -> list[str]:
    """A sentence on which colours dominate, which are only some, and which forms stand out."""
    seen = merged(measured)
    if not seen:
        return []
    forms = [region for region in seen if region.form in ("band", "frame")]
    areas = [region for region in seen if region not in forms]
    main = [region for region in areas if region.share >= _MAIN]
    if not main or sum(region.share for region in main) < _MOSTLY:
        names, listed = colours(areas), enumerate_([noun(region, seen) for region in forms])
        if not names:
            return [sentence(f"{listed} {'is' if len(forms) == 1 else 'are'} seen")]
        told = (
            f"the main colour is {names[0]}"
            if len(names) == 1
            else f"the main colours are {enumerate_(names)}"
        )
        return [sentence(f"{told}, with {listed}" if listed else told)]
    first = list(dict.fromkeys(colour(region, seen) for region in main))
    some = besides([colour(region, seen) for region in areas], first)
    some = some or (_traces(measured) if len(seen) == 1 else [])
    if len(seen) == 1 and seen[0].share >= NEARLY_ALL and not some:
        whole = ("{} surfaces fill nearly the whole image", "the surface is {} nearly everywhere")
        return [sentence(choose(whole, seed, "one colour").format(enumerate_(first)))]
    further = [f"some {enumerate_(some)}"] if some else []
    further += [noun(region, seen) for region in forms]
    listed = ", and ".join(further) if len(some) > 1 else enumerate_(further)
    frames = ("{} surfaces dominate the image", "the surfaces are mostly {}", "most of the surfaces look {}")
    told = choose(frames, seed, "surfaces").format(enumerate_(first))
    return [sentence(f"{told}, with {listed}" if listed else told)]


def _traces(measured: Measured) -> list[str]:
    """The colours that are mixed into the only region."""
    mixed = [
        name for name, part in measured.colours if part >= _TRACE and name not in measured.regions[0].colour
    ]
    return mixed[:3]
