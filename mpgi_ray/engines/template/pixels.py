"""What can be measured in a picture without knowing what it shows: colours, brightness, texture, and where.

Everything is measured on a 48×48 thumbnail, so it costs a millisecond. A colour gets a name only in the
middle of its range; between grey and a colour lie compound names (grey-green).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIZE = 48
_SMOOTH = 0.022  # local contrast below which a spot has no visible structure
COLOURS = (
    "black", "grey", "white", "red", "orange", "brown", "beige", "yellow", "olive", "green", "blue-green",
    "blue", "purple", "grey-brown", "grey-green", "grey-blue", "grey-purple",
)  # fmt: skip
REGIONS = ("left", "right", "top", "bottom", "centre", "border")
_Plane = npt.NDArray[np.float32]
_Names = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Look:
    """Measurements of one picture. All values lie between 0 and 1.

    Attributes:
        colours: share of each named colour, largest first.
        tones: the same with "light" and "dark" before the name.
        brightness: mean luma.
        contrast: standard deviation of the luma.
        saturation: mean of (max - min) over the RGB channels.
        texture: mean contrast between neighbouring spots.
        smooth: share of spots without visible structure.
        unevenness: standard deviation of the mean luma over a 3×3 grid.
        region_brightness: mean luma of each of `REGIONS`; the centre is the middle half both ways.
        region_colour: the most frequent colour of each region and its share there.
        lightest, darkest: the tone of the lightest and of the darkest tenth, None if mixed.
    """

    colours: tuple[tuple[str, float], ...]
    tones: tuple[tuple[str, float], ...]
    brightness: float
    contrast: float
    saturation: float
    texture: float
    smooth: float
    unevenness: float
    region_brightness: dict[str, float]
    region_colour: dict[str, tuple[str, float]]
    lightest: str | None
    darkest: str | None


def measure(image: Image.Image) -> Look:
    """Measure an RGB picture of any size."""
    thumbnail = image.resize((_SIZE, _SIZE), Image.Resampling.BOX, reducing_gap=2.0)
    rgb = np.asarray(thumbnail, dtype=np.float32) / 255
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = (0.299 * red + 0.587 * green + 0.114 * blue).astype(np.float32)
    hue = np.asarray(thumbnail.convert("HSV"), dtype=np.float32)[..., 0] * (360 / 255)
    peak = np.maximum(np.maximum(red, green), blue)  # plane by plane: reducing an axis of 3 is slow
    chroma: _Plane = peak - np.minimum(np.minimum(red, green), blue)
    names = _name_colours(luma, hue, chroma, peak)
    tones = names * 3 + (luma > 0.33) + (luma > 0.68)  # dark, plain, light
    local = _local_contrast(luma)
    grid = luma.reshape(3, _SIZE // 3, 3, _SIZE // 3).mean(axis=(1, 3))
    order = np.argsort(luma, axis=None)
    tenth = order.size // 10
    return Look(
        colours=_shares(names, COLOURS),
        tones=_shares(tones, _TONES),
        brightness=float(luma.mean()),
        contrast=float(luma.std()),
        saturation=float(chroma.mean()),
        texture=float(local.mean()),
        smooth=float((local < _SMOOTH).mean()),
        unevenness=float(grid.std()),
        region_brightness={region: float(_cut(luma, region).mean()) for region in REGIONS},
        region_colour={region: _shares(_cut(names, region), COLOURS)[0] for region in REGIONS},
        lightest=_common(tones.ravel()[order[-tenth:]]),
        darkest=_common(tones.ravel()[order[:tenth]]),
    )


def _tone(colour: str, level: int) -> str:
    if colour in ("black", "white", "beige", "brown" if level == 2 else ""):
        return colour
    return ("dark {}", "{}", "light {}")[level].format(colour)


_TONES = tuple(_tone(colour, level) for colour in COLOURS for level in range(3))


def _name_colours(luma: _Plane, hue: _Plane, chroma: _Plane, peak: _Plane) -> _Names:
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
    plain = np.where(luma > 0.85, *_ids("white", "grey"))
    named = np.select(
        [luma < 0.12, saturation < np.where(sand, 0.09, 0.12), saturation < 0.22],
        [_id("black"), plain, greyish],
        strong,
    )
    return named.astype(np.int8)


def _id(colour: str) -> int:
    return COLOURS.index(colour)


def _ids(*colours: str) -> list[int]:
    return [_id(colour) for colour in colours]


def _local_contrast(luma: _Plane) -> _Plane:
    """Mean absolute difference of each spot to its right and lower neighbour."""
    across = np.abs(np.diff(luma, axis=1))[:-1]
    down = np.abs(np.diff(luma, axis=0))[:, :-1]
    contrast: _Plane = ((across + down) / 2).astype(np.float32)
    return contrast


def _cut(plane: npt.NDArray[np.generic], region: str) -> npt.NDArray[np.generic]:
    half, quarter = _SIZE // 2, _SIZE // 4
    if region == "border":
        inside = np.zeros((_SIZE, _SIZE), dtype=bool)
        inside[quarter:-quarter, quarter:-quarter] = True
        border: npt.NDArray[np.generic] = plane[~inside]
        return border
    middle = slice(quarter, -quarter)
    windows = {
        "left": (slice(None), slice(half)),
        "right": (slice(None), slice(half, None)),
        "top": (slice(half), slice(None)),
        "bottom": (slice(half, None), slice(None)),
        "centre": (middle, middle),
    }
    return plane[windows[region]]


def _shares(ids: npt.NDArray[np.generic], names: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    counts = np.bincount(ids.ravel(), minlength=len(names))
    shares: dict[str, float] = {}
    for i in np.flatnonzero(counts):
        shares[names[i]] = shares.get(names[i], 0.0) + float(counts[i]) / ids.size
    return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def _common(tones: npt.NDArray[np.generic]) -> str | None:
    name, share = _shares(tones, _TONES)[0]
    return name if share >= 0.7 else None
