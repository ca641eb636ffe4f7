"""Decoding pictures: one place that turns any source image into 8-bit RGB, or says why it cannot.

Plain pictures (8-bit grey or RGB in JPEG or PNG) travel through the program as the bytes they came in.
"""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from mpgi_ray.data.jpeg import frame_size

MAX_PIXELS = 400_000_000  # a 20,000 × 20,000 scene; a decompression bomb is far larger
MAX_DEEP = 192_000_000  # values of more than 8 bits (pixels × colours): stretching one takes 15 to 20 bytes
NO_DATA = 1e38  # float pictures state values as large as this, or the largest of all, where there are none
CONVERSION_VERSION = 2  # part of the record of a converted picture: raise it when `_to_rgb` changes
SUFFIXES = ("jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "gif", "jp2")
# the formats that are opened, and no others: Pillow's EPS reader would start a PostScript interpreter
_FORMATS = {
    **{"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "WEBP": "webp"},
    **{"BMP": "bmp", "GIF": "gif", "JPEG2000": "jp2"},
}
_PLAIN = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png"}  # MPO: a JPEG with further pictures behind it
_JPEG: dict[str, Any] = {"format": "JPEG", "quality": 95, "subsampling": 0}
_ENCODING: dict[str, dict[str, Any]] = {"png": {"format": "PNG"}, "jpg": _JPEG}
_DEEP = re.compile(r"(RGBA?);16([BLN])")  # Pillow's name for 16-bit colour in big, little, native order

# Pillow's own limit is a process-wide warning; ours is checked from the header, before any pixel is decoded
Image.MAX_IMAGE_PIXELS = None


class ImageError(ValueError):
    """A picture that cannot be used; ``reason`` is a short code, the message one line for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: its 8-bit RGB pixels, and bytes that every reader shows like them.

    Attributes:
        data: the plain bytes that it was decoded from; empty if there are none.
        suffix: the format of these bytes, or the one to make some in: ``jpg`` or ``png``.
    """

    data: bytes
    pixels: Image.Image
    suffix: str = "png"

    def encoded(self) -> bytes:
        """The bytes that it came in, or else new ones: PNG, or JPEG of quality 95."""
        if self.data:
            return self.data
        sink = io.BytesIO()
        self.pixels.save(sink, **_ENCODING[self.suffix])
        return sink.getvalue()


def read_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header, without decoding.

    Raises:
        ImageError: no bytes, not an image, or too large.
    """
    size = frame_size(data)
    if size is None or size[0] * size[1] > MAX_PIXELS:
        return open_image(data).size
    return size


def real_suffix(data: bytes) -> str:
    """The suffix of the format that the bytes are in, whatever their file is called.

    Raises:
        ImageError: as `read_size`.
    """
    return (_FORMATS | _PLAIN)[str(open_image(data).format)]


def decode(data: bytes) -> Picture:
    """Decode to 8-bit RGB, the first page or frame; see `to_plain` for the rules.

    16-bit colour is decoded twice: Pillow has no mode for it, and gives one byte of each value at a time.

    Raises:
        ImageError: no bytes, not an image, too large, or cut off.
    """
    return _decoded(open_image(data), data)


def to_plain(data: bytes) -> tuple[bytes, str, bool]:
    """Bytes that every reader shows alike: ``(bytes, "jpg" | "png", converted)``.

    Plain pictures come back untouched. Others become 8-bit RGB PNG: alpha is laid over black (no data is
    black in most products), palettes and CMYK are resolved, and more than 8 bits are stretched linearly
    from the 2nd to the 98th percentile over all bands, unless no value of a grey picture passes 255.
    Values that are not finite, or of a size from `NO_DATA` on, become black.

    Raises:
        ImageError: as `decode`.
    """
    picture = decode(data)  # a plain picture is decoded, too: a truncated one is found here, not by a trainer
    return picture.encoded(), picture.suffix, not picture.data


def to_view(data: bytes, max_pixels: int) -> Picture | None:
    """The picture as a model gets it: 8-bit RGB of at most about ``max_pixels`` pixels.

    A larger one is scaled down to sides that are multiples of 28, the patch grid of many models. The source
    is decoded once (16-bit colour twice, see `decode`); who sends the result `encoded` has it decoded again.

    Returns:
        None if it is plain and small enough: its reader decodes its bytes as they are.

    Raises:
        ImageError: as `decode`.
    """
    image = open_image(data)
    if _plain(image) and image.width * image.height <= max_pixels:
        return None
    pixels = _decoded(image, data).pixels
    width, height = pixels.size
    scale = min(1.0, math.sqrt(max_pixels / (width * height)))
    if scale < 1.0:
        size = max(28, int(width * scale) // 28 * 28), max(28, int(height * scale) // 28 * 28)
        pixels = pixels.resize(size, Image.Resampling.LANCZOS)
    else:
        pixels = pixels.copy()  # a copy without the file's reader, so that it can be pickled
    pixels.info.clear()  # the file's metadata (orientation, colour profile) does not apply to these pixels
    return Picture(b"", pixels, "jpg" if scale < 1.0 else "png")


def open_image(data: bytes) -> Image.Image:
    """The picture with its header read and its pixels not yet decoded.

    Raises:
        ImageError: as `read_size`.
    """
    if not data:
        raise ImageError("empty_image", "the picture has zero bytes")
    try:
        image = Image.open(io.BytesIO(data), formats=tuple(_FORMATS))
    except MemoryError:
        raise
    except Exception as error:  # as in `_decoded`
        known = ", ".join(_FORMATS)
        why = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"
        raise ImageError(
            "not_an_image",
            f"not a picture, or cut off in its header{why}: starts with {data[:8]!r}, expected {known}",
        ) from error
    width, height = image.size
    deep = 3 if _deep_modes(image) else image.mode.startswith(("I", "F"))  # colours of more than 8 bits
    if width * height > (most := MAX_DEEP // deep if deep else MAX_PIXELS):
        detail = f"{width}×{height} pixels ({image.mode}), at most {most:,} are decoded: cut it into windows"
        raise ImageError("too_many_pixels", detail)
    return image


def _decoded(image: Image.Image, data: bytes) -> Picture:
    """An opened picture, decoded; ``data`` is all of it."""
    plain, modes = _plain(image), _deep_modes(image)
    try:
        if image.format == "PNG":
            open_image(data).verify()  # decoding looks at no checksum: a hole would become wrong pixels
        image.load()
        pixels = _to_rgb(image, _deep_colour(image, modes, data) if modes else None)
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises almost any exception for a damaged file
        raise ImageError("broken_image", f"{image.format} picture cannot be decoded: {error}") from error
    return Picture(data if plain else b"", pixels, plain or "png")


def _plain(image: Image.Image) -> str:
    """The suffix of an opened, not yet loaded picture that every reader shows alike; empty for others."""
    plain = image.mode in ("L", "RGB") and not _deep_modes(image)
    return _PLAIN.get(str(image.format), "") if plain else ""


def _to_rgb(image: Image.Image, deep: np.ndarray | None) -> Image.Image:
    if deep is not None:
        colour = Image.fromarray(_stretch(deep[..., :3]))
        if image.mode == "RGBA":
            return _over_black(Image.merge("RGBA", (*colour.split(), image.getchannel("A"))))
        return colour
    if image.mode == "RGB":
        return image
    if image.mode in ("L", "CMYK", "YCbCr", "1", "LAB", "HSV"):
        return image.convert("RGB")
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        if np.issubdtype(values.dtype, np.integer) and values.min() >= 0 and values.max() <= 255:
            return Image.fromarray(values.astype(np.uint8)).convert("RGB")
        return Image.fromarray(_stretch(values)).convert("RGB")
    return _over_black(image.convert("RGBA"))  # palette and alpha modes


def _over_black(rgba: Image.Image) -> Image.Image:
    black = Image.new("RGB", rgba.size)
    black.paste(rgba, mask=rgba)
    return black


def _deep_modes(image: Image.Image) -> list[re.Match[str]]:
    """The raw modes of an opened, not yet loaded picture's tiles, where they are 16-bit colour."""
    tiles = getattr(image, "tile", [])
    raw = [tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0] for tile in tiles]
    return [match for mode in raw if (match := _DEEP.fullmatch(str(mode)))]


def _deep_colour(image: Image.Image, modes: Sequence[re.Match[str]], data: bytes) -> np.ndarray:
    """16-bit colour, which Pillow cuts to its upper bytes; the lower come by reading in the other order."""
    own = "L" if sys.byteorder == "little" else "B"
    lower = open_image(data)
    for index, match in enumerate(modes):
        other = f"{match[1]};16{'B' if (own if match[2] == 'N' else match[2]) == 'L' else 'L'}"
        tile = lower.tile[index]  # type: ignore[attr-defined]
        args = other if isinstance(tile[3], str) else (other, *tile[3][1:])
        lower.tile[index] = tile._replace(args=args)  # type: ignore[attr-defined]
    upper = np.asarray(image).astype(np.uint16)
    return np.asarray(upper << 8 | np.asarray(lower), dtype=np.uint16)


def _stretch(values: np.ndarray) -> np.ndarray:
    """8-bit values, linear between the 2nd and the 98th percentile of the finite ones below `NO_DATA`."""
    finite = np.abs(values) < NO_DATA
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(values[finite], (2, 98))
    scaled = (values.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-12))
    return np.asarray((np.clip(np.where(finite, scaled, 0), 0, 1) * 255).round(), dtype=np.uint8)
