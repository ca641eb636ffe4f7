"""The 64-bit perceptual hash of a picture, and those of its mirror images and quarter turns.

The hash is that of the ImageHash library (``phash``, hash size 8, factor 4), bit for bit: the picture in grey
is reduced to 32 × 32 pixels, and each bit says whether one of the 8 × 8 lowest frequencies of its cosine
transform is above their median (Zauner, "Implementation and benchmarking of perceptual image hash
functions", 2010).

The eight symmetries of a picture are numbered: 4 stands for its transpose, to which 2 adds a flip from top to
bottom and 1 one from left to right. A flip changes the sign of every second frequency, so four hashes come
from one transform. A transpose needs a second one: Pillow reduces rows first and rounds, so that the reduced
transpose is not the transpose of the reduced picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dct

SIDE = 32  # of the reduced picture: hash size × factor
_LOW = 8
# names of the symmetries, in the order of their numbers; turns are named as Pillow's, against the clock
SYMMETRIES = (
    *("same", "flip_left_right", "flip_top_bottom", "rotate_180"),
    *("transpose", "rotate_270", "rotate_90", "transverse"),
)
_SIGNS = np.array([1, -1] * (_LOW // 2))


def turned(pictures: NDArray[Any], symmetry: int) -> NDArray[Any]:
    """Arrays of shape (…, height, width) in one of the eight symmetries; a view of the same values."""
    result = np.swapaxes(pictures, -1, -2) if symmetry & 4 else pictures
    result = result[..., ::-1, :] if symmetry & 2 else result
    return result[..., ::-1] if symmetry & 1 else result


def is_mirrored(symmetry: int) -> bool:
    """Whether a symmetry is a mirror image, and no turn."""
    return bool(symmetry.bit_count() % 2)


def reduced(picture: Image.Image) -> NDArray[np.uint8]:
    """The picture in grey, as 32 × 32 pixels."""
    return np.asarray(picture.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def phashes(picture: Image.Image) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """The hashes of a picture in its eight symmetries, by number, and the reduced picture.

    The first bit of a hash is its highest one, so that ``f"{hash:016x}"`` is ImageHash's text.
    """
    grey = picture.convert("L")
    upright = reduced(grey)
    low = _lowest(upright), _lowest(reduced(grey.transpose(Image.Transpose.TRANSPOSE)))
    all_eight = np.stack([_flipped(low[number // 4], number) for number in range(len(SYMMETRIES))])
    above = all_eight > np.median(all_eight, axis=(1, 2), keepdims=True)
    packed = np.packbits(above.reshape(len(SYMMETRIES), -1), axis=1)
    return packed.view(">u8").ravel().astype(np.uint64), upright


def _lowest(small: NDArray[np.uint8]) -> NDArray[np.float64]:
    frequencies: NDArray[np.float64] = dct(dct(small.astype(float), axis=0), axis=1)[:_LOW, :_LOW]
    return frequencies


def _flipped(low: NDArray[np.float64], symmetry: int) -> NDArray[np.float64]:
    low = low * _SIGNS[:, None] if symmetry & 2 else low
    return low * _SIGNS if symmetry & 1 else low
