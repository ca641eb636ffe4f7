"""The light of pixels: luma and Lab."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# from linear sRGB to X, Y, Z in units of the white point
_XYZ = np.array(
    [[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1094, 0.8729]], dtype=np.float32
)
Floats = npt.NDArray[np.float32]


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
