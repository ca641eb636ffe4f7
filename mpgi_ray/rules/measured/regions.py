"""Regions of a picture by colour and texture, and small spots that stand out: all on a thumbnail."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from mpgi_ray.rules.measured import Region, Spots
from mpgi_ray.rules.measured.colours import COLOURS, TONES, Bytes, Floats, Ids, luminance, plain, tones
from mpgi_ray.rules.measured.places import Mask, direction_of, is_frame, place_of

SIZE = 96  # of the thumbnail, on which spots are looked for; regions are seen at half of it
_LEAST = 0.05  # of the picture that a region has
_PATCH = 0.01  # of the picture that a part must have to be seen as one
_SMOOTH, _ROUGH = 0.018, 0.05  # mean contrast of neighbouring spots in luma
_PURE = 0.75  # of a region's pixels that have its colour, or its place is not told
_ALIKE = 0.1  # least distance in RGB, of 0 to 1.7, of the means of two tones that are told apart
_STANDS_OUT = 0.2  # in luma, against the mean of what lies around
_GROUND = 0.25  # of the picture that has the colour on which spots are said to lie
_PLAIN = np.array([COLOURS.index(plain(tone)) for tone in TONES])  # the plain colour of each tone
_CORNERS = np.ones((3, 3))  # parts that touch at their corners are connected


def thumbnail(picture: Image.Image) -> Bytes:
    """The picture as (`SIZE`, `SIZE`, 3)."""
    return np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BOX, reducing_gap=2.0))


def halved(rgb: Bytes) -> Bytes:
    """A thumbnail at half its size."""
    return np.asarray(Image.fromarray(rgb).reduce(2))


def find_regions(rgb: Bytes, raw: Ids) -> tuple[Region, ...]:
    """At most five regions, largest first.

    Args:
        rgb: the halved thumbnail.
        raw: its tones.
    """
    scaled: Floats = rgb.astype(np.float32) / np.float32(255)
    smoothed = np.asarray(Image.fromarray(raw).filter(ImageFilter.ModeFilter(5)))
    same = _alike(smoothed, scaled)
    labels, names = same[smoothed], _PLAIN[same[raw]]
    contrast = _contrast(luminance(scaled))
    counts = np.bincount(labels.ravel())
    regions = [
        _region(labels == tone, names == _PLAIN[tone], TONES[tone], contrast)
        for tone in np.flatnonzero(counts >= _LEAST * labels.size).tolist()
    ]
    return tuple(sorted(regions, key=lambda region: (-region.share, region.colour))[:5])


def colour_shares(ids: Ids) -> tuple[tuple[str, float], ...]:
    """The share of each plain colour name, largest first."""
    shares: dict[str, float] = {}
    for tone, count in zip(*np.unique(ids, return_counts=True), strict=True):
        name = plain(TONES[int(tone)])
        shares[name] = shares.get(name, 0.0) + float(count) / ids.size
    return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _alike(labels: Ids, rgb: Floats) -> Ids:
    """For each tone the one to name it by: where the pixels of two tones hardly differ, the more frequent.

    The border between two names often runs through the shades of one even area.
    """
    flat = labels.ravel()
    counts = np.bincount(flat, minlength=len(TONES))
    sums = np.stack([np.bincount(flat, rgb[..., c].ravel(), len(TONES)) for c in range(3)], axis=1)
    means = sums / np.maximum(counts, 1)[:, None]
    same = np.arange(len(TONES), dtype=np.uint8)
    kept: list[int] = []
    for tone in np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)].tolist():
        away = np.linalg.norm(means[kept] - means[tone], axis=1)
        if kept and away.min() < _ALIKE:
            same[tone] = kept[int(away.argmin())]
        else:
            kept.append(tone)
    return same


def _contrast(luma: Floats) -> Floats:
    """Mean absolute difference of each spot to its right and lower neighbour."""
    across = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    down = np.abs(np.diff(luma, axis=0, append=luma[-1:]))
    contrast: Floats = (across + down) / 2
    return contrast


def _region(mask: Mask, named: Mask, colour: str, contrast: Floats) -> Region:
    parts, _ = ndimage.label(mask, _CORNERS)
    sizes = np.bincount(parts.ravel())[1:]
    large = sizes >= _PATCH * mask.size
    main = parts == 1 + int(sizes.argmax())
    whole = bool(main.sum() >= 0.75 * mask.sum())
    roughness = float(contrast[mask].mean())
    texture = "smooth" if roughness <= _SMOOTH else "rough" if roughness >= _ROUGH else None
    direction = direction_of(main) if whole else None
    purity = float(named[mask].mean())
    place, inside = place_of(mask) if purity >= _PURE else (None, 0.0)
    if is_frame(mask):
        form, place, inside = "frame", None, 0.0
    elif direction is not None:
        form, place, inside = "band", None, 0.0
    else:
        form = "area" if whole or large.sum() < 2 else "patches"
    return Region(
        colour=colour,
        texture=texture,
        share=float((mask & named).mean()),
        form=form,
        place=place,
        direction=direction,
        patches=int(large.sum()) if form == "patches" else 1,
        purity=purity,
        inside=inside,
    )


def find_spots(rgb: Bytes) -> tuple[Spots, ...]:
    """Bright and dark spots, the more numerous first; each kind only if its colour and ground are clear.

    Args:
        rgb: the thumbnail.
    """
    luma = luminance((rgb / 255).astype(np.float32))
    apart = luma - ndimage.uniform_filter(luma, 17)
    named = tones(rgb)
    found = [_spots(apart * sign >= _STANDS_OUT, named) for sign in (1, -1)]
    return tuple(sorted((s for s in found if s), key=lambda s: -s.found))


def _spots(mask: Mask, named: Ids) -> Spots | None:
    parts, number = ndimage.label(mask)
    sizes = np.bincount(parts.ravel(), minlength=number + 1)
    fits = (sizes >= 4) & (sizes <= 60)
    fits[0] = False
    count = int(fits.sum())
    amount = _amount(count)
    if amount is None:
        return None
    chosen = fits[parts]
    near, far = (ndimage.maximum_filter(chosen, size) for size in (5, 11))
    colour, ground = _usual(named[chosen]), _usual(named[far & ~near])
    if colour is None or ground is None or _PLAIN[colour] == _PLAIN[ground]:
        return None
    shares = np.bincount(_PLAIN[named].ravel(), minlength=len(COLOURS)) / named.size
    if shares[_PLAIN[ground]] < max(_GROUND, shares[_PLAIN[colour]]):  # else the ground is what stands out
        return None
    return Spots(TONES[colour], TONES[ground], amount, place_of(chosen)[0], count)


def _amount(count: int) -> str | None:
    if count == 1:
        return "one"
    return "a few" if 2 <= count <= 5 else "many" if count > 9 else None


def _usual(named: Ids) -> int | None:
    """The tone that at least half of the pixels have."""
    counts = np.bincount(named, minlength=1)
    return int(counts.argmax()) if counts.max() >= max(1, 0.5 * counts.sum()) else None
