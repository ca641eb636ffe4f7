"""Names of colours: of every pixel of a picture, and of one thing with wide margins.

A pixel gets a name only in the middle of a colour's range; between grey and a colour lie compound names
(grey-green). Bounds are hue in degrees, luma and chroma from 0 to 1.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

COLOURS = (
    "black", "grey", "white", "red", "orange", "brown", "beige", "yellow", "olive", "green", "blue-green",
    "blue", "purple", "grey-brown", "grey-green", "grey-blue", "grey-purple",
)  # fmt: skip
# colour of a thing -> least and largest hue, saturation and value of HSV; between them no name is given
_THINGS = (
    ("red", (345, 372), (0.50, 1), (0.35, 1)),
    ("orange", (20, 36), (0.65, 1), (0.70, 1)),
    ("brown", (12, 36), (0.35, 0.75), (0.25, 0.58)),
    ("yellow", (43, 62), (0.50, 1), (0.65, 1)),
    ("beige", (24, 52), (0.16, 0.40), (0.66, 0.95)),
    ("green", (80, 165), (0.28, 1), (0.16, 0.85)),
    ("blue", (200, 248), (0.38, 1), (0.28, 1)),
    ("purple", (268, 318), (0.30, 1), (0.25, 1)),
    ("white", (0, 360), (0, 0.10), (0.84, 1)),
    ("grey", (0, 360), (0, 0.12), (0.34, 0.64)),
    ("black", (0, 360), (0, 0.30), (0, 0.19)),
)
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.uint8]
_BITS = 6  # of each channel that names are told by: tables of 64 × 64 × 64 colours instead of sums per pixel


def thing_colours(rgb: Bytes) -> dict[str, float]:
    """The share of each colour among the pixels of one thing; what lies between two names has none.

    Args:
        rgb: (pixels, 3).
    """
    counts = np.bincount(_thing_table()[_cells(rgb)], minlength=len(_THINGS) + 1)
    return {name: int(count) / len(rgb) for (name, *_), count in zip(_THINGS, counts, strict=False)}


def tones(rgb: Bytes) -> Ids:
    """The tone of each pixel, an index of `TONES`: the first with its name.

    Args:
        rgb: (…, 3).
    """
    return _tone_table()[_cells(rgb)]


def _cells(rgb: Bytes) -> npt.NDArray[np.int32]:
    """The place of each pixel in the tables."""
    high = (rgb >> (8 - _BITS)).astype(np.int32)
    cells: npt.NDArray[np.int32] = (high[..., 0] << 2 * _BITS) | (high[..., 1] << _BITS) | high[..., 2]
    return cells


def _all_colours() -> Floats:
    """The middle of each cell of the tables, (cells, 3), from 0 to 1."""
    steps = (np.arange(2**_BITS, dtype=np.float32) + 0.5) / 2**_BITS
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)


@cache
def _thing_table() -> Ids:
    hue, chroma, value = _hue_chroma_value(_all_colours())
    saturation = chroma / value
    named = [
        (((hue >= low) & (hue <= high)) | (hue + 360 <= high))
        & ((saturation >= least) & (saturation <= most) & (value >= dark) & (value <= light))
        for _, (low, high), (least, most), (dark, light) in _THINGS
    ]
    return np.select(named, range(len(_THINGS)), len(_THINGS)).astype(np.uint8)


@cache
def _tone_table() -> Ids:
    rgb = _all_colours()
    luma = luminance(rgb)
    levels = _names(luma, *_hue_chroma_value(rgb)) * 3 + (luma > 0.33) + (luma > 0.68)  # dark, plain, light
    return np.array([TONES.index(name) for name in TONES], dtype=np.uint8)[levels]


def luminance(rgb: Floats) -> Floats:
    """Luma of the pixels, 0 to 1."""
    luma: Floats = (rgb @ np.array([0.299, 0.587, 0.114], dtype=np.float32)).astype(np.float32)
    return luma


def plain(tone: str) -> str:
    """``dark green`` → ``green``."""
    return tone.removeprefix("dark ").removeprefix("light ")


def _tone(colour: str, level: int) -> str:
    if colour in ("black", "white", "beige", "brown" if level == 2 else ""):
        return colour
    return ("dark {}", "{}", "light {}")[level].format(colour)


TONES = tuple(_tone(colour, level) for colour in COLOURS for level in range(3))


def _hue_chroma_value(rgb: Floats) -> tuple[Floats, Floats, Floats]:
    """Hue in degrees, chroma and value of colours, (colours, 3)."""
    red, green, blue = rgb.T
    peak = rgb.max(axis=1)
    chroma = peak - rgb.min(axis=1)
    safe = np.maximum(chroma, 1e-6)
    sixths = np.where(
        peak == red,
        ((green - blue) / safe) % 6,
        np.where(peak == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return (60 * sixths).astype(np.float32), chroma, peak


def _names(luma: Floats, hue: Floats, chroma: Floats, peak: Floats) -> npt.NDArray[np.int16]:
    saturation = chroma / np.maximum(peak, 1e-6)
    warm, lawn = hue < 60, hue < 170  # below them, in degrees
    sand = warm & (luma > 0.6)
    greyish = np.select(
        [sand, warm | (hue >= 330), lawn, hue < 235],
        _ids("beige", "grey-brown", "grey-green", "grey-blue"),
        _id("grey-purple"),
    )
    strong = np.select(
        [
            (hue < 15) | (hue >= 335),
            hue < 45,
            hue < 65,
            hue < 165,
            hue < 195,
            (hue < 235) & (chroma > 0.1),
            hue < 235,
            chroma > 0.2,
        ],
        [
            np.where((chroma > 0.4) & (saturation > 0.55), *_ids("red", "brown")),
            np.where(
                (chroma > 0.5) & (luma > 0.5), _id("orange"), np.where(luma > 0.6, *_ids("beige", "brown"))
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
    named = np.select(
        [luma < 0.12, saturation < np.where(sand, 0.09, 0.12), saturation < 0.22],
        [_id("black"), grey, greyish],
        strong,
    )
    return named.astype(np.int16)


def _id(colour: str) -> int:
    return COLOURS.index(colour)


def _ids(*colours: str) -> list[int]:
    return [_id(colour) for colour in colours]
