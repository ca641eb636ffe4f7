"""From a mask picture to the class of each pixel, and to the cover of each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from mpgi_ray.data.cover import Mask, covers
from mpgi_ray.data.image import ImageError, open_image
from mpgi_ray.data.sample import Cover
from mpgi_ray.ingest.orientation import turned_values
from mpgi_ray.ingest.source import MaskClass
from mpgi_ray.ingest.windows import Window

_UNKNOWN = 255


@dataclass(frozen=True)
class ClassMask:
    """The class of every pixel.

    Attributes:
        index: (height, width), the positions in ``names``.
        names: labels; empty for what is left out.
    """

    index: Mask
    names: tuple[str, ...]

    def turned(self, orientation: int) -> ClassMask:
        """The mask of a picture that was turned by its EXIF orientation."""
        return replace(self, index=turned_values(self.index, orientation))

    def cover(self, window: Window | None = None) -> dict[str, Cover]:
        """The cover of each class that occurs, in all of it or in a window of at least 3 × 3 pixels."""
        x, y, width, height = window or (0, 0, self.index.shape[1], self.index.shape[0])
        part = self.index[y : y + height, x : x + width]
        return {label: found for label, found in covers(part, self.names).items() if label}


def read_mask(
    data: bytes, size: tuple[int, int], classes: Mapping[str, tuple[str | None, MaskClass]]
) -> ClassMask:
    """The class of every pixel of a mask.

    Args:
        data: the mask as a picture: an index mask (any mode of one band; of a palette picture the indices)
            or a colour mask.
        size: width and height of the picture that it belongs to.
        classes: label in the files to its label in the shards (None: left out) and its value or colour.

    Raises:
        ImageError: ``bad_mask``, with what is wrong; or the mask cannot be decoded.
    """
    if not classes:
        raise ImageError(
            "bad_mask", "the mask's classes are not known: list them under `mask:` in the source's YAML file"
        )
    values = values_of(data, size, in_colour=any(isinstance(v, tuple) for _, v in classes.values()))
    names = list(dict.fromkeys(new or "" for new, _ in classes.values()))  # "": left out
    index = np.full(values.shape, _UNKNOWN, dtype=np.uint8)
    for new, value in classes.values():
        index[values == _code(value)] = names.index(new or "")
    unknown = values[index == _UNKNOWN]
    if unknown.size:
        first = _shown(int(unknown[0]), classes)
        raise ImageError(
            "bad_mask",
            f"{unknown.size:,} of {values.size:,} pixels belong to no class, the first has {first}: "
            f"add it under `mask:` in the source's YAML file",
        )
    return ClassMask(index, tuple(names))


def values_of(data: bytes, size: tuple[int, int], *, in_colour: bool | None) -> npt.NDArray[np.int64]:
    """A mask's values, (height, width); of colours red, green and blue in one number, black being 0.

    Args:
        size: width and height of the picture that it belongs to.
        in_colour: whether colours count, or the values of one band; None leaves it to the file.

    Raises:
        ImageError: it cannot be decoded, or is of another size or kind.
    """
    image = _opened(data)
    in_colour = image.mode in ("RGB", "RGBA") if in_colour is None else in_colour
    if image.size != size:
        raise ImageError(
            "size_mismatch",
            f"the mask has {image.width}×{image.height} pixels, the picture {size[0]}×{size[1]}",
        )
    if min(size) < 3:
        raise ImageError("bad_mask", "a mask needs at least 3×3 pixels for the cells of its grid")
    try:
        stored = np.asarray(image.convert("RGB") if in_colour else image)
    except Exception as error:  # Pillow raises almost any exception on a damaged file
        raise ImageError("bad_mask", f"the mask cannot be decoded: {error}") from error
    if np.issubdtype(stored.dtype, np.floating) and (broken := stored[np.mod(stored, 1) != 0]).size:
        raise ImageError("bad_mask", f"expected whole numbers for classes, found {broken[0]:g} in the mask")
    pixels = stored.astype(np.int64)
    if in_colour:
        return np.asarray(pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2], dtype=np.int64)
    if pixels.ndim != 2:
        raise ImageError("bad_mask", f"expected an index mask of one band, found {image.mode}")
    return pixels


def _opened(data: bytes) -> Image.Image:
    try:
        return open_image(data)
    except ImageError as error:
        if error.reason != "tiff_layout":
            raise
        convert = "`gdal_translate -of PNG -b 1 -ot Byte IN.tif OUT.png`"
        detail = f"a TIFF of a kind that is not read as a mask: write its classes as bytes, {convert}"
        raise ImageError("bad_mask", detail) from error


def _code(value: MaskClass) -> int:
    return value if isinstance(value, int) else value[0] << 16 | value[1] << 8 | value[2]


def _shown(code: int, classes: Mapping[str, tuple[str | None, MaskClass]]) -> str:
    if any(isinstance(value, tuple) for _, value in classes.values()):
        return f"the colour ({code >> 16}, {code >> 8 & 255}, {code & 255})"
    return f"the value {code}"
