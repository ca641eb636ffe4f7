"""The light of pixels: luma, Lab, and pictures without the cast that haze or a camera gives them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# from linear sRGB to X, Y, Z in units of the white point
_XYZ = np.array(
    [[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1094, 0.8729]], dtype=np.float32
)
Floats = npt.NDArray[np.float32]
_EVEN = 0.96  # blue against the mean of red and green in a picture that has no cast
_LEAST_BLUE = 0.9  # that is left of the blue of a dull pixel
_DULL, _VIVID = 0.25, 0.4  # saturation: a vivid pixel is blue by itself
_GREY, _WHITE = 0.6, 0.95  # luma: haze lights what is dark, and white stays white


def luminance(rgb: Floats) -> Floats:
    """Luma of the pixels, 0 to 1."""
    luma: Floats = (rgb @ np.array([0.299, 0.587, 0.114], dtype=np.float32)).astype(np.float32)
    return luma


def to_lab(rgb: Floats) -> Floats:
    """CIE Lab of sRGB pixels under D65, (…, 3): distances are about those that people see (CIE 15:2004)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _XYZ.T
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    lab: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)
    return lab


def balanced(rgb: Floats) -> Floats:
    """The pixels without the blue that haze or a camera adds to a whole picture, which the eye does not see.

    Sand in such a picture is grey by its numbers, and lawn is grey-blue. Vivid colours and white stay.

    Args:
        rgb: (…, 3), from 0 to 1.
    """
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    peak = np.maximum(np.maximum(red, green), blue)
    saturation = 1 - np.minimum(np.minimum(red, green), blue) / np.maximum(peak, 1e-6)
    dull = np.clip((_VIVID - saturation) / (_VIVID - _DULL), 0, 1)
    less = 1 - min(1.0, max(_LEAST_BLUE, _EVEN / _cast(rgb, dull > 0.5)))
    less *= dull * np.clip((_WHITE - luminance(rgb)) / (_WHITE - _GREY), 0, 1)
    even: Floats = np.stack([red, green, blue * (1 - less)], axis=-1).astype(np.float32)
    return even


def _cast(rgb: Floats, where: npt.NDArray[np.bool_]) -> float:
    """Blue of the pixels against the mean of their red and green."""
    if not where.any():
        return 1.0
    red, green, blue = rgb[where].mean(axis=0, dtype=np.float64).tolist()
    return float(max(2 * blue, 1e-6) / max(red + green, 1e-6))
