"""TIFF files beyond plain pictures: which are not read and how to convert them, and where they hold nothing.

Pillow reads many of them wrongly in silence: of bands that are stored apart the first one alone, signed bytes
as unsigned ones. These are refused with the line that converts them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANES = 258, 259, 262, 277, 284
_WIDTH, _HEIGHT, _FORMAT, _NODATA = 256, 257, 339, 42113
_KIND, _MASK_PAGE = 254, 4  # of a page
_TAGS = (_KIND, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANES, _FORMAT)
_GREY, _RAW, _APART = (0, 1), 1, 2
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_COMPLEX = (5, 6)
_KINDS = {_UNSIGNED: "unsigned integers", _SIGNED: "signed integers", _FLOAT: "floats"}
_BYTES = {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}  # a TIFF begins so; + is that of more than 4 GB
_MASK = 0.9  # of an alpha band's values that hide or show a pixel wholly


def trouble(data: bytes) -> str:
    """Why a file that Pillow refuses is not read, and how to convert it; empty if it is not a whole TIFF."""
    if data[:4] not in _BYTES:
        return ""
    tags = next(_pages(data), {})
    if not all(tags.get(tag) for tag in (_WIDTH, _HEIGHT, _BITS)):
        return ""
    plain = tags.get(_SAMPLES, 1) == 1 and _bits(tags) <= 8
    return _trouble(tags) or ("" if plain else _line(tags, ""))


def misread(image: Image.Image, data: bytes) -> str:
    """Why a TIFF that Pillow opens would be decoded wrongly, and how to convert it; empty if it is not."""
    if why := _trouble(image.tag_v2):  # type: ignore[attr-defined]
        return why
    if any(page.get(_KIND) == _MASK_PAGE for page in islice(_pages(data), 1, None)):
        return _masked(image.tag_v2)  # type: ignore[attr-defined]
    return ""


def _pages(data: bytes) -> Iterator[Mapping[int, Any]]:
    """The tags of each picture in a TIFF, as far as they can be read."""
    file = io.BytesIO(data)
    try:
        tags = ImageFileDirectory_v2(file.read(16 if _is_big(data) else 8))
        seen = set[int]()
        while tags.next and tags.next not in seen:
            seen.add(tags.next)
            file.seek(tags.next)
            tags.load(file)
            yield {tag: tags[tag] for tag in _TAGS if tag in tags}
    except Exception:  # Pillow raises almost any exception for a damaged file
        return


def _is_big(data: bytes) -> bool:
    """Whether it is a TIFF of the kind for more than 4 GB."""
    return b"+" in data[2:4]


def known(image: Image.Image, deep: np.ndarray | None) -> np.ndarray | None:
    """Which pixels of a TIFF hold a picture, (height, width); None if all do.

    No picture is where all bands have the nodata value, and where the alpha band is 0. A fourth band that is
    called alpha and holds values of many kinds is another band, as near infrared.

    Args:
        image: the picture, loaded.
        deep: its values, if they are 16-bit colours.
    """
    if image.mode not in ("L", "LA", "RGB", "RGBA", "F") and not image.mode.startswith("I"):
        return None
    values = np.asarray(image) if deep is None else deep
    values = values[..., None] if values.ndim == 2 else values
    seen = np.ones(values.shape[:2], dtype=bool)
    if image.mode in ("LA", "RGBA"):
        values, alpha = values[..., :-1], values[..., -1]
        if _is_alpha(alpha):
            seen = alpha > 0
    if (none := nodata(image)) is not None:
        seen &= ~(values == none).all(axis=2)
    return None if seen.all() else seen


def nodata(image: Image.Image) -> float | None:
    """The value that GDAL keeps in the file for where there is none."""
    try:
        return float(str(image.tag_v2[_NODATA]).strip("\0 "))  # type: ignore[attr-defined]
    except (KeyError, ValueError):
        return None


def _is_alpha(band: np.ndarray) -> bool:
    """A band of zeros alone hides nothing: it was left empty."""
    most = band.max()
    return bool(most > 0 and ((band == 0) | (band == most)).mean() >= _MASK)


def _trouble(tags: Mapping[int, Any]) -> str:
    samples, kind, bits = tags.get(_SAMPLES, 1), _kind(tags), _bits(tags)
    if kind in _COMPLEX:
        return (
            "a TIFF of complex values, which is read after `gdal_translate -of PNG -ot Byte -scale "
            "DERIVED_SUBDATASET:AMPLITUDE:IN.tif OUT.png`"
        )
    if samples > 2 and tags.get(_PHOTOMETRIC) in _GREY:
        return _line(tags, " that does not say which are red, green and blue")
    planes = tags.get(_PLANES) == _APART
    if planes and ((bits > 8 and samples > 1) or (bits == 16 and tags.get(_COMPRESSION) == _RAW)):
        return _line(tags, " in planes of their own")
    return _line(tags, "") if kind == _SIGNED and bits == 8 else ""


def _line(tags: Mapping[int, Any], what: str) -> str:
    """The message, with the commands that read or convert such a file."""
    samples, kind, bits = tags.get(_SAMPLES, 1), _kind(tags), _bits(tags)
    named = tags.get(_PHOTOMETRIC) not in _GREY
    example = {1: "", 3: ""}.get(samples, "1,2,3" if named else {2: "1", 4: "3,2,1"}.get(samples, "4,3,2"))
    option = f" --bands {example}" if example and not named else ""
    bands = "".join(f" -b {band}" for band in example.split(",") if band)
    scale = "" if (bits, kind) == (8, _UNSIGNED) else " -ot Byte -scale"
    return (
        f"a TIFF of {samples} band{'s' * (samples > 1)} of {bits}-bit {_KINDS.get(kind, 'values')}{what}: it "
        f"is read by `mpgi ingest geotiff FOLDER{option} --unplaced`, or by every command after "
        f"`gdal_translate -of PNG{bands}{scale} IN.tif OUT.png`"
    )


def _masked(tags: Mapping[int, Any]) -> str:
    bands = " -b 1 -b 2 -b 3" if tags.get(_SAMPLES, 1) > 2 else " -b 1"
    scale = "" if _bits(tags) == 8 else " -ot Byte -scale"
    return (
        "a TIFF with a mask of its own, which hides a part: it is read by `mpgi ingest geotiff FOLDER "
        f"--unplaced`, or by every command after "
        f"`gdal_translate -of PNG{bands} -b mask{scale} IN.tif OUT.png`"
    )


def _kind(tags: Mapping[int, Any]) -> int:
    return int(_first(tags.get(_FORMAT, _UNSIGNED)))


def _bits(tags: Mapping[int, Any]) -> int:
    return int(_first(tags.get(_BITS, 1)))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value
