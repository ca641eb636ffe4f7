"""Small spots that stand out of a picture: roofs, crowns, boats, puddles; on a thumbnail."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy  # its parts are imported when they are first used, so only by processes that measure

from mpgi_ray.rules.measured.colours import TONES, plain, tones
from mpgi_ray.rules.measured.light import Floats, luminance, to_lab
from mpgi_ray.rules.measured.places import place_of
from mpgi_ray.rules.seen import Spots

_STANDS_OUT, _ALONE = 0.24, 0.36  # in luma, against the mean of what lies around; of a single spot
_FAINT, _FEW = 0.14, 8  # in luma: of spots that stand out less; most of them where some are told as few
_SAME, _COMMON = 12.0, 0.05  # in Lab; of the picture that looks as spots do: with more, none stands out


def find_spots(rgb: Floats) -> tuple[Spots, ...]:
    """Bright and dark spots, the more numerous first; each kind only if its colour and ground are clear.

    A white spot beside a broad white band of surf does not stand out, nor does one shrub of many.

    Args:
        rgb: the thumbnail.
    """
    luma = luminance(rgb)
    apart = luma - scipy.ndimage.uniform_filter(luma, 17)
    found = [_spots(apart * sign, rgb) for sign in (1, -1)] if _is_few(np.abs(apart)) else []
    return tuple(sorted((s for s in found if s), key=lambda s: -s.found))


def _is_few(apart: Floats) -> bool:
    """Whether hardly more spots are there than may be told as few; faint and tiny ones count, too."""
    parts, _ = scipy.ndimage.label(apart >= _FAINT)
    sizes = np.bincount(parts.ravel())[1:]
    return bool(((sizes >= 2) & (sizes <= 60)).sum() <= _FEW)


def _spots(apart: Floats, rgb: Floats) -> Spots | None:
    parts, number = scipy.ndimage.label(apart >= _STANDS_OUT)
    sizes = np.bincount(parts.ravel(), minlength=number + 1)
    kept = np.flatnonzero((sizes >= 4) & (sizes <= 60))
    kept = kept[kept > 0]
    amount = _amount(len(kept))
    chosen = np.isin(parts, kept)
    if amount is None or (amount == "one" and (apart[chosen].max() < _ALONE or sizes[1:].max() > 60)):
        return None
    colour, clear = _usual(tones(rgb[chosen]))
    wider, next_to = (scipy.ndimage.binary_dilation(chosen, iterations=n) for n in (5, 2))
    around = wider & ~next_to
    ground, ground_clear = _usual(tones(rgb[around]))
    # a grey one is mostly a white or a coloured thing that is smaller than a pixel
    if not clear or not ground_clear or plain(colour) in (plain(ground), "grey"):
        return None
    lab = to_lab(rgb)
    same = np.sqrt(((lab - lab[chosen].mean(axis=0)) ** 2).sum(axis=2)) <= _SAME
    if (same & ~next_to).mean() >= _COMMON:
        return None
    return Spots(colour, ground, amount, place_of(chosen)[0], len(kept))


def _amount(count: int) -> str | None:
    if count == 1:
        return "one"
    return "a few" if 3 <= count <= 5 else None  # of many, nobody sees a kind


def _usual(names: npt.NDArray[np.int16]) -> tuple[str, bool]:
    """The most frequent tone, and whether it is clearly so."""
    if not len(names):
        return "", False
    found, counts = np.unique(names, return_counts=True)
    return TONES[int(found[counts.argmax()])], bool(counts.max() >= 0.6 * counts.sum())
