"""Names of colours: of every pixel of a picture, and of one thing with wide margins.

A pixel gets a name only in the middle of a colour's range; between grey and a colour lie compound names
(grey-green). Bounds are hue in degrees, luma and chroma from 0 to 1.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from mpgi_ray.rules.measured.light import Floats, luminance

COLOURS = (
    "black", "grey", "white", "red", "orange", "brown", "beige", "yellow", "olive", "green", "blue-green",
    "blue", "purple", "grey-brown", "grey-green", "grey-blue", "grey-purple", "tan", "reddish brown",
    "pinkish beige",
)  # fmt: skip
# colour of a thing -> least and largest hue, saturation and value of HSV; between them no name is given
_THINGS = (
    ("red", (345, 372), (0.50, 1), (0.35, 1)),
    ("orange", (20, 36), (0.65, 1), (0.70, 1)),
    ("brown", (12, 36), (0.35, 0.75), (0.25, 0.58)),
    ("yellow", (43, 62), (0.50, 1), (0.65, 1)),
    ("beige", (24, 52), (0.16, 0.32), (0.66, 0.95)),
    ("green", (80, 165), (0.28, 1), (0.16, 0.85)),
    ("blue", (200, 248), (0.38, 1), (0.34, 1)),
    ("purple", (268, 318), (0.30, 1), (0.25, 1)),
    ("white", (0, 360), (0, 0.10), (0.84, 1)),
    ("grey", (0, 360), (0, 0.12), (0.34, 0.64)),
    ("black", (0, 360), (0, 0.30), (0, 0.19)),
)
THING_COLOURS = tuple(name for name, *_ in _THINGS)
Ids = npt.NDArray[np.int16]


def thing_colours(rgb: Floats) -> npt.NDArray[np.bool_]:
    """Which pixels have which colour of `THING_COLOURS`, (colours, pixels); between two names they have none.

    Args:
        rgb: (pixels, 3), from 0 to 1.
    """
    red, green, blue = rgb[:, 0], rgb[:, 1], rgb[:, 2]
    value = rgb.max(axis=1)
    chroma = value - rgb.min(axis=1)
    hue, saturation = _hue(red, green, blue, value, chroma), chroma / np.maximum(value, 1e-6)
    named = np.empty((len(_THINGS), len(rgb)), dtype=bool)
    for i, (_, (low, high), (least, most), (dark, light)) in enumerate(_THINGS):
        named[i] = ((hue >= low) & (hue <= high)) | (hue + 360 <= high)
        named[i] &= (saturation >= least) & (saturation <= most) & (value >= dark) & (value <= light)
    return named


def tones(rgb: Floats) -> Ids:
    """The tone of each pixel, an index of `TONES`.

    Args:
        rgb: (…, 3), from 0 to 1.
    """
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = luminance(rgb)
    peak = np.maximum(np.maximum(red, green), blue)  # plane by plane: reducing an axis of 3 is slow
    chroma = peak - np.minimum(np.minimum(red, green), blue)
    named = _names(luma, _hue(red, green, blue, peak, chroma), chroma, peak)
    levels: Ids = (named * 3 + (luma > 0.33) + (luma > 0.68)).astype(np.int16)  # dark, plain, light
    return levels


def plain(tone: str) -> str:
    """``dark green`` → ``green``."""
    return tone.removeprefix("dark ").removeprefix("light ")


# pixels of a colour's neighbours belong to an area that has it: bounds run through what is one to the eye
_BESIDE = {
    "green": ("grey-green", "olive"),
    "grey-green": ("green", "olive"),
    "olive": ("green", "grey-green"),
    "blue": ("grey-blue", "blue-green"),
    "grey-blue": ("blue",),
    "blue-green": ("blue", "green", "grey-green"),
    "beige": ("tan", "grey-brown", "pinkish beige"),
    "pinkish beige": ("beige", "tan", "reddish brown", "grey-brown"),
    "tan": ("beige", "orange", "brown", "pinkish beige"),
    "orange": ("tan",),
    "brown": ("reddish brown", "grey-brown", "tan", "beige"),
    "grey-brown": ("brown", "beige", "reddish brown"),
    "reddish brown": ("brown", "red", "grey-brown", "pinkish beige"),
    "red": ("reddish brown",),
    "purple": ("grey-purple",),
    "grey-purple": ("purple",),
}


@cache
def alike(tone: str) -> npt.NDArray[np.bool_]:
    """Which of `TONES` are the same colour or one beside it, dark or light; ``alike(tone)[ids]`` of pixels.

    Beside what is dark lie dark grey and black.
    """
    colours = (plain(tone), *_BESIDE.get(plain(tone), ()))
    dim = ("dark grey", "black") if tone.startswith("dark ") else ()
    return np.array([plain(other) in colours or other in dim for other in TONES])


@cache
def near(tone: str) -> npt.NDArray[np.bool_]:
    """As `alike`, with what half of an area so called may be: grey beside the greyish, all that is pale."""
    pale = ("white", "light grey", "beige")
    wider = pale if tone in pale else ()
    wider = ("dark grey", "grey", "light grey") if plain(tone).startswith("grey-") else wider
    found: npt.NDArray[np.bool_] = alike(tone) | np.array([other in wider for other in TONES])
    return found


def _tone(colour: str, level: int) -> str:
    if colour in (
        "black",
        "white",
        "beige",
        "tan",
        "pinkish beige",
        *(("brown", "reddish brown") if level == 2 else ()),
    ):
        return colour
    return ("dark {}", "{}", "light {}")[level].format(colour)


TONES = tuple(_tone(colour, level) for colour in COLOURS for level in range(3))


def _hue(red: Floats, green: Floats, blue: Floats, peak: Floats, chroma: Floats) -> Floats:
    safe = np.maximum(chroma, 1e-6)
    sixths = np.where(
        peak == red,
        ((green - blue) / safe) % 6,
        np.where(peak == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    degrees: Floats = (60 * sixths).astype(np.float32)
    return degrees


def _names(luma: Floats, hue: Floats, chroma: Floats, peak: Floats) -> Ids:
    saturation = chroma / np.maximum(peak, 1e-6)
    warm, lawn, dark = hue < 60, hue < 185, luma < 0.33  # hues in degrees
    pale = luma > 0.6
    pinkish = pale & ((hue < 24) | (hue >= 335)) & (saturation >= 0.16)
    sand = pale & (hue < 70)
    greyish = _first(
        [pinkish, sand, warm | (hue >= 330), lawn | (dark & (hue < 205)), hue < 250],
        _ids("pinkish beige", "beige", "grey-brown", "grey-green", "grey-blue"),
        _id("grey-purple"),
    )
    strong = _first(
        [
            pinkish & (saturation < 0.38),
            (hue < 15) | (hue >= 335),
            hue < 45,
            hue < 65,
            hue < np.where(luma < 0.38, 180, 165),  # what grows and is dark is seldom called blue
            hue < np.where(luma < 0.33, 205, 195),  # a dark teal is hardly blue
            (hue < 250) & (chroma > 0.1) & (saturation > 0.35),
            hue < 250,
            chroma > 0.2,
        ],
        [
            _id("pinkish beige"),
            _first(
                [(chroma > 0.33) & ((saturation > 0.5) | (luma > 0.55)), luma > 0.6],
                _ids("red", "beige"),
                _id("reddish brown"),
            ),
            _first(
                [
                    (luma > 0.5) & ((chroma > 0.5) | ((saturation > 0.45) & (chroma > 0.4) & (hue < 26))),
                    (luma > 0.5) & (saturation > np.where(luma < 0.62, 0.28, 0.4)),
                    luma > 0.52,
                ],
                _ids("orange", "tan", "beige"),
                _id("brown"),
            ),
            np.where(luma > 0.6, np.where(chroma > 0.4, *_ids("yellow", "beige")), _id("olive")),
            _id("green"),
            _id("blue-green"),
            _id("blue"),
            _id("grey-blue"),
            _id("purple"),
        ],
        _id("grey-purple"),
    )
    grey = np.where(luma > 0.85, *_ids("white", "grey"))
    # shade is lit by the sky: its blue says nothing of what lies there
    shade = (
        dark
        & (chroma < _first([(hue < 205) & (luma > 0.2), hue < 205, hue < 260], [0.035, 0.045, 0.12], 0.09))
        & (hue >= 165)
    )
    green = ~warm & lawn  # what grows is often dull
    # of what is dark already a little brown is seen; of pale stone that is hardly yellow none
    rosy = (hue < 30) | (hue >= 340)  # a trace of red is seen sooner than one of yellow
    grey_warm = np.where(dark, saturation < 0.17, chroma < _first([pale, rosy], [0.075, 0.055], 0.068))
    stone = ~dark & ~warm & (hue < 95) & (chroma < np.where(hue < 80, 0.07, 0.06))
    named = _first(
        [
            (luma < 0.045)  # also of deep water
            | (
                (luma < 0.12)
                & np.where(green & (hue >= 80), saturation < 0.12, (saturation < 0.4) | (chroma < 0.06))
            ),
            shade,
            stone
            | np.where(
                warm | (hue >= 330),
                grey_warm,
                saturation < _first([green & (hue < 140), green], [0.09, 0.1], 0.12),
            ),
            saturation < _first([green & (luma > 0.75), dark & (hue < 205), green], [0.15, 0.3, 0.19], 0.22),
        ],
        [_id("black"), _id("grey"), grey, greyish],
        strong,
    )
    return named.astype(np.int16)


def _first(conditions: list[npt.NDArray[np.bool_]], choices: list[Any], otherwise: Any) -> npt.NDArray[Any]:
    """As `numpy.select`, whose checks take longer than the choice itself where pixels are few."""
    chosen = np.asarray(otherwise)
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        chosen = np.where(condition, choice, chosen)
    return chosen


def _id(colour: str) -> int:
    return COLOURS.index(colour)


def _ids(*colours: str) -> list[int]:
    return [_id(colour) for colour in colours]
