"""Decoding pictures: one place that turns any source image into 8-bit RGB, or says why it cannot.

Plain pictures (8-bit grey or RGB in JPEG or PNG) travel through the program as the bytes they came in.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

MAX_PIXELS = 400_000_000  # a 20,000 × 20,000 scene; a decompression bomb is far above
CONVERSION_VERSION = 1  # part of the record of a converted picture: raise it when `_to_rgb` changes
SUFFIXES = ("jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "gif")

# Pillow's own limit is a process-wide warning; ours is checked from the header, before any pixel is decoded
Image.MAX_IMAGE_PIXELS = None


class ImageError(ValueError):
    """A picture that cannot be used; ``reason`` is a short code, the message one line for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: its encoded bytes and its 8-bit RGB pixels."""

    data: bytes
    pixels: Image.Image


def read_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header, without decoding.

    Raises:
        ImageError: no bytes, not an image, or too large.
    """
    return _open(data).size


def decode(data: bytes) -> Picture:
    """Decode to 8-bit RGB; see `to_plain` for the rules.

    Raises:
        ImageError: no bytes, not an image, too large, or cut off.
    """
    image = _open(data)
    try:
        image.load()
        return Picture(data, _to_rgb(image))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageError("broken_image", f"{image.format} picture cannot be decoded: {error}") from error


def to_plain(data: bytes) -> tuple[bytes, str, bool]:
    """Bytes that every reader shows alike: ``(bytes, "jpg" | "png", converted)``.

    Plain pictures come back untouched. Others become 8-bit RGB PNG: alpha is laid over black (no data is
    black in most products), palettes and CMYK are resolved, and more than 8 bits are stretched linearly
    from the 2nd to the 98th percentile over all bands.

    Raises:
        ImageError: as `decode`.
    """
    image = _open(data)
    if image.format in ("JPEG", "PNG") and image.mode in ("L", "RGB"):
        decode(data)  # a cut picture is found here, not by a trainer
        return data, "jpg" if image.format == "JPEG" else "png", False
    sink = io.BytesIO()
    decode(data).pixels.save(sink, "PNG")
    return sink.getvalue(), "png", True


def _open(data: bytes) -> Image.Image:
    if not data:
        raise ImageError("empty_image", "the picture has zero bytes")
    try:
        image = Image.open(io.BytesIO(data))
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError("not_an_image", f"no picture format known: starts with {data[:8]!r}") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            "too_many_pixels",
            f"{width}×{height} pixels, at most {MAX_PIXELS:,} are decoded: cut it into windows",
        )
    return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("RGB", "L", "CMYK", "YCbCr", "1", "LAB", "HSV"):
        return image.convert("RGB")
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_stretch(np.asarray(image))).convert("RGB")
    rgba = image.convert("RGBA")  # palette and alpha modes
    return Image.alpha_composite(Image.new("RGBA", rgba.size, (0, 0, 0, 255)), rgba).convert("RGB")


def _stretch(values: np.ndarray) -> np.ndarray:
    numbers = np.nan_to_num(values.astype(np.float64))
    if numbers.min() >= 0 and numbers.max() <= 255 and np.issubdtype(values.dtype, np.integer):
        return numbers.astype(np.uint8)
    low, high = np.percentile(numbers, (2, 98))
    scaled = (numbers - low) / max(high - low, 1e-12)
    return np.asarray((np.clip(scaled, 0, 1) * 255).round(), dtype=np.uint8)
