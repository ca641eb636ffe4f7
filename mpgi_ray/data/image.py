"""Decoding pictures: one place that turns any source image into 8-bit RGB, or says why it cannot.

Plain pictures (8-bit grey or RGB in JPEG or PNG) travel through the program as the bytes they came in.
"""

from __future__ import annotations

import io
import logging
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from mpgi_ray.data import tiff
from mpgi_ray.data.deep import NO_DATA as NO_DATA
from mpgi_ray.data.deep import colour_of, deep_modes, held, stretched
from mpgi_ray.data.image_error import ImageError as ImageError
from mpgi_ray.data.image_error import nothing_there
from mpgi_ray.data.jpeg import frame_size

MAX_PIXELS = 400_000_000  # a 20,000 × 20,000 scene; a decompression bomb is far larger
MAX_DEEP = 192_000_000  # values of more than 8 bits (pixels × colours): stretching one takes 15 to 20 bytes
CONVERSION_VERSION = 4  # part of the record of a converted picture: raise it when `_to_rgb` changes
SUFFIXES = ("jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "gif", "jp2")
# the formats that are opened, and no others: Pillow's EPS reader would start a PostScript interpreter
_FORMATS = {
    **{"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "WEBP": "webp"},
    **{"BMP": "bmp", "GIF": "gif", "JPEG2000": "jp2"},
}
_PLAIN = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png"}  # MPO: a JPEG with further pictures behind it
_JPEG: dict[str, Any] = {"format": "JPEG", "quality": 95, "subsampling": 0}
_ENCODING: dict[str, dict[str, Any]] = {"png": {"format": "PNG"}, "jpg": _JPEG}

# Pillow's own limit is a process-wide warning; ours is checked from the header, before any pixel is decoded
Image.MAX_IMAGE_PIXELS = None
# what Pillow tells of files that it cannot read is told by our rows, or passed over on purpose (bad EXIF)
logging.getLogger("PIL").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module=r"PIL\.")


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
        ImageError: no bytes, not an image, a TIFF of a kind that is not read, or too large.
    """
    size = frame_size(data)
    if size is None or size[0] * size[1] > MAX_PIXELS:
        return _readable(data).size
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
        ImageError: no bytes, not an image, too large, cut off, or without anything to see.
    """
    return _decoded(_readable(data), data)


def to_plain(data: bytes) -> tuple[bytes, str, bool]:
    """Bytes that every reader shows alike: ``(bytes, "jpg" | "png", converted)``.

    Plain pictures come back untouched. Others become 8-bit RGB PNG: alpha is laid over black (no data is
    black in most products), palettes and CMYK are resolved, and more than 8 bits are stretched linearly
    from the 2nd to the 98th percentile over all bands, unless no value of a grey picture passes 255.
    Values that are not finite, or of a size from `NO_DATA` on, become black, and so does what a TIFF hides by
    its nodata value or its alpha band; see `mpgi_ray.data.tiff`. A picture of which that is all, and one of
    more than 8 bits with a single value, is refused.

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
    image = _readable(data)
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
        if why := tiff.trouble(data):
            raise ImageError("tiff_layout", why) from error
        known = ", ".join(_FORMATS)
        why = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"
        raise ImageError(
            "not_an_image",
            f"not a picture, or cut off in its header{why}: starts with {data[:8]!r}, expected {known}",
        ) from error
    width, height = image.size
    deep = 3 if deep_modes(image) else image.mode.startswith(("I", "F"))  # colours of more than 8 bits
    if width * height > (most := MAX_DEEP // deep if deep else MAX_PIXELS):
        detail = f"{width}×{height} pixels ({image.mode}), at most {most:,} are decoded: cut it into windows"
        raise ImageError("too_many_pixels", detail)
    return image


def _readable(data: bytes) -> Image.Image:
    """As `open_image`; a TIFF that would be decoded wrongly is refused."""
    image = open_image(data)
    if image.format == "TIFF" and (why := tiff.misread(image, data)):
        raise ImageError("tiff_layout", why)
    return image


def _decoded(image: Image.Image, data: bytes) -> Picture:
    """An opened picture, decoded; ``data`` is all of it."""
    plain, modes = _plain(image), deep_modes(image)
    try:
        if image.format == "PNG":
            open_image(data).verify()  # decoding looks at no checksum: a hole would become wrong pixels
        image.load()
        pixels = _to_rgb(image, colour_of(image, open_image(data), modes) if modes else None)
    except (MemoryError, ImageError):
        raise
    except Exception as error:  # Pillow raises almost any exception for a damaged file
        raise ImageError("broken_image", f"{image.format} picture cannot be decoded: {error}") from error
    return Picture(data if plain else b"", pixels, plain or "png")


def _plain(image: Image.Image) -> str:
    """The suffix of an opened, not yet loaded picture that every reader shows alike; empty for others."""
    plain = image.mode in ("L", "RGB") and not deep_modes(image)
    return _PLAIN.get(str(image.format), "") if plain else ""


def _to_rgb(image: Image.Image, deep: np.ndarray | None) -> Image.Image:
    known = tiff.known(image, deep) if image.format == "TIFF" else None
    if known is not None and not known.any():
        raise nothing_there()
    pixels = _shown(image, deep, known)
    if known is None:
        return pixels
    black = Image.new("RGB", image.size)
    black.paste(pixels, mask=Image.fromarray(known))
    return black


def _shown(image: Image.Image, deep: np.ndarray | None, known: np.ndarray | None) -> Image.Image:
    if deep is not None:
        colour = Image.fromarray(_stretched(image, deep[..., :3], known))
        if image.mode == "RGBA" and image.format != "TIFF":
            return _over_black(Image.merge("RGBA", (*colour.split(), image.getchannel("A"))))
        return colour
    if image.mode == "RGB":
        return image
    if image.mode in ("L", "CMYK", "YCbCr", "1", "LAB", "HSV"):
        return image.convert("RGB")
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        seen = values if known is None else values[known]
        if np.issubdtype(seen.dtype, np.integer) and seen.min(initial=0) >= 0 and seen.max(initial=0) <= 255:
            return Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB")
        return Image.fromarray(_stretched(image, values, known)).convert("RGB")
    if image.format == "TIFF" and image.mode in ("RGBA", "LA"):
        return image.convert("RGB")  # its alpha is in `known`
    return _over_black(image.convert("RGBA"))  # palette and alpha modes


def _stretched(image: Image.Image, values: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """Raises ImageError: there is nothing, or but one value, to see."""
    return stretched(values, held(values, known, tiff.nodata(image) if image.format == "TIFF" else None))


def _over_black(rgba: Image.Image) -> Image.Image:
    black = Image.new("RGB", rgba.size)
    black.paste(rgba, mask=rgba)
    return black
