"""Regions of a picture by colour and texture, and small spots that stand out: all on a thumbnail."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from mpgi_ray.rules.measured import Region, Spots
from mpgi_ray.rules.measured.colours import TONES, Floats, Ids, luminance, plain, tones
from mpgi_ray.rules.measured.places import Mask, direction_of, is_frame, place_of

SIZE = 96  # of the thumbnail, on which spots are looked for; regions are seen at half of it
_LEAST = 0.05  # of the picture that a region has
_PATCH = 0.01  # of the picture that a part must have to be seen as one
_SMOOTH, _ROUGH = 0.018, 0.05  # mean contrast of neighbouring spots in luma
_STANDS_OUT = 0.2  # in luma, against the mean of what lies around


def thumbnail(picture: Image.Image) -> Floats:
    """The picture as (`SIZE`, `SIZE`, 3), 0 to 1."""
    small = picture.resize((SIZE, SIZE), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def halved(rgb: Floats) -> Floats:
    """A thumbnail at half its size."""
    small: Floats = rgb.reshape(SIZE // 2, 2, SIZE // 2, 2, 3).mean(axis=(1, 3))
    return small


def find_regions(rgb: Floats, raw: Ids) -> tuple[Region, ...]:
    """At most five regions, largest first.

    Args:
        rgb: the halved thumbnail.
        raw: its tones.
    """
    labels = _smoothed(raw)
    contrast = _contrast(luminance(rgb))
    found, counts = np.unique(labels, return_counts=True)
    regions = [
        _region(labels == tone, raw == tone, TONES[int(tone)], contrast)
        for tone, count in zip(found, counts, strict=True)
        if count >= _LEAST * labels.size
    ]
    return tuple(sorted(regions, key=lambda region: (-region.share, region.colour))[:5])


def colour_shares(ids: Ids) -> tuple[tuple[str, float], ...]:
    """The share of each plain colour name, largest first."""
    shares: dict[str, float] = {}
    for tone, count in zip(*np.unique(ids, return_counts=True), strict=True):
        name = plain(TONES[int(tone)])
        shares[name] = shares.get(name, 0.0) + float(count) / ids.size
    return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _smoothed(labels: Ids) -> Ids:
    """Each pixel's most frequent tone among its 5 × 5 neighbours; equal names of two tones count as one."""
    names = np.array([TONES.index(name) for name in TONES], dtype=np.int16)[labels]
    found = np.unique(names)
    votes = np.stack([ndimage.uniform_filter((names == tone).astype(np.float32), 5) for tone in found])
    smoothed: Ids = found[votes.argmax(axis=0)]
    return smoothed


def _contrast(luma: Floats) -> Floats:
    """Mean absolute difference of each spot to its right and lower neighbour."""
    across = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    down = np.abs(np.diff(luma, axis=0, append=luma[-1:]))
    contrast: Floats = (across + down) / 2
    return contrast


def _region(mask: Mask, raw: Mask, colour: str, contrast: Floats) -> Region:
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())[1:]
    large = sizes >= _PATCH * mask.size
    main = parts == 1 + int(sizes.argmax())
    whole = bool(main.sum() >= 0.75 * mask.sum())
    roughness = float(contrast[mask].mean())
    texture = "smooth" if roughness <= _SMOOTH else "rough" if roughness >= _ROUGH else None
    direction = direction_of(main) if whole else None
    place, inside = place_of(mask)
    if is_frame(mask):
        form, place, inside = "frame", None, 0.0
    elif direction is not None:
        form, place, inside = "band", None, 0.0
    else:
        form = "area" if whole or large.sum() < 2 else "patches"
    return Region(
        colour=colour,
        texture=texture,
        share=float(mask.mean()),
        form=form,
        place=place,
        direction=direction,
        patches=int(large.sum()) if form == "patches" else 1,
        purity=float(raw[mask].mean()),
        inside=inside,
    )


def find_spots(rgb: Floats) -> tuple[Spots, ...]:
    """Bright and dark spots, the more numerous first; each kind only if its colour and ground are clear.

    Args:
        rgb: the thumbnail.
    """
    luma = luminance(rgb)
    apart = luma - ndimage.uniform_filter(luma, 17)
    found = [_spots(apart * sign >= _STANDS_OUT, rgb) for sign in (1, -1)]
    return tuple(sorted((s for s in found if s), key=lambda s: -s.found))


def _spots(mask: Mask, rgb: Floats) -> Spots | None:
    parts, number = ndimage.label(mask)
    sizes = np.bincount(parts.ravel(), minlength=number + 1)
    kept = np.flatnonzero((sizes >= 4) & (sizes <= 60))
    kept = kept[kept > 0]
    amount = _amount(len(kept))
    if amount is None:
        return None
    chosen = np.isin(parts, kept)
    colour, clear = _usual(tones(rgb[chosen]))
    around = ndimage.binary_dilation(chosen, iterations=5) & ~ndimage.binary_dilation(chosen, iterations=2)
    ground, ground_clear = _usual(tones(rgb[around]))
    if not clear or not ground_clear or plain(colour) == plain(ground):
        return None
    return Spots(colour, ground, amount, place_of(chosen)[0], len(kept))


def _amount(count: int) -> str | None:
    if count == 1:
        return "one"
    return "a few" if 2 <= count <= 5 else "many" if count > 9 else None


def _usual(names: npt.NDArray[np.int16]) -> tuple[str, bool]:
    """The most frequent tone, and whether it is clearly so."""
    if not len(names):
        return "", False
    found, counts = np.unique(names, return_counts=True)
    return TONES[int(found[counts.argmax()])], bool(counts.max() >= 0.5 * counts.sum())
