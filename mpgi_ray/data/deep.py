"""Pictures of more than 8 bits a value: their 16-bit colours, and the stretch to 8 bits."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import numpy as np
from PIL import Image

from mpgi_ray.data.image_error import nothing_there, only

NO_DATA = 1e38  # float pictures state values as large as this, or the largest of all, where there are none
# Pillow's name for 16-bit colour in big, little, native order; A and a are alpha, X another band
_DEEP = re.compile(r"(RGB[AaX]?);16([BLN])")


def deep_modes(image: Image.Image) -> list[re.Match[str]]:
    """The raw modes of an opened, not yet loaded picture's tiles, where they are 16-bit colour."""
    tiles = getattr(image, "tile", [])
    raw = [tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0] for tile in tiles]
    return [match for mode in raw if (match := _DEEP.fullmatch(str(mode)))]


def colour_of(image: Image.Image, lower: Image.Image, modes: Sequence[re.Match[str]]) -> np.ndarray:
    """16-bit colour, which Pillow cuts to its upper bytes; the lower come by reading in the other order.

    Args:
        image: the picture, loaded.
        lower: the same one, opened and not yet loaded.
    """
    own = "L" if sys.byteorder == "little" else "B"
    for index, match in enumerate(modes):
        other = f"{match[1]};16{'B' if (own if match[2] == 'N' else match[2]) == 'L' else 'L'}"
        tile = lower.tile[index]  # type: ignore[attr-defined]
        args = other if isinstance(tile[3], str) else (other, *tile[3][1:])
        lower.tile[index] = tile._replace(args=args)  # type: ignore[attr-defined]
    upper = np.asarray(image).astype(np.uint16)
    return np.asarray(upper << 8 | np.asarray(lower), dtype=np.uint16)


def held(values: np.ndarray, known: np.ndarray | None = None, nodata: float | None = None) -> np.ndarray:
    """Which values count: those that are finite, below `NO_DATA` and not the nodata value, as ``values``.

    Args:
        values: (height, width) or (height, width, colours).
        known: (height, width), where values count; None is everywhere.
        nodata: of one band of a pixel, too, where the others hold values.
    """
    found: np.ndarray = np.abs(values) < NO_DATA
    if nodata is not None:
        found &= values != nodata
    if known is not None:
        found &= known if values.ndim == 2 else known[..., None]
    return found


def stretched(values: np.ndarray, held: np.ndarray) -> np.ndarray:
    """8-bit values, linear between the 2nd and the 98th percentile of those that are `held`.

    Raises:
        ImageError: none is, or all of them are the same.
    """
    seen = values[held]
    if not seen.size:
        raise nothing_there()
    if (lowest := seen.min()) == seen.max():
        raise only(lowest)
    low, high = np.percentile(seen, (2, 98))
    finite = np.abs(values) < NO_DATA
    scaled = (values.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-12))
    return np.asarray((np.clip(np.where(finite, scaled, 0), 0, 1) * 255).round(), dtype=np.uint8)
