"""GeoTIFFs: bands as colours, values as grey levels, and where on the earth the picture lies.

Read by window, never whole unless it is asked for whole, so that a picture may be larger than memory.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window as Part

from mpgi_ray.data.image import MAX_PIXELS
from mpgi_ray.data.image_error import ImageError, nothing_there, only
from mpgi_ray.ingest.geo_place import Bounds, bounds_of, date_of, gsd_of
from mpgi_ray.ingest.windows import Window

PERCENTILES = 2, 98  # of the values that are no nodata: what becomes black and white
_LOOK = 1024  # pixels of the longer side of the reduced picture that the percentiles are taken from
# a file without a place is told so in its row, or was meant
warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)
_PIECE = 16 << 20  # bytes
# holds the strips that a row of windows shares, of 20,000 pixels of 16 bits; GDAL takes a twentieth of memory
_CACHE_MB = 128
_RGB = ColorInterp.red, ColorInterp.green, ColorInterp.blue
_COMPLEX = "its values are complex: write their amplitude (DERIVED_SUBDATASET:AMPLITUDE:FILE of GDAL)"


class _Stretch(NamedTuple):
    """What becomes black and white, and how `GeoRaster.made` says it."""

    low: float
    high: float
    said: str


class GeoRaster:
    """A GeoTIFF on this machine.

    Args:
        bands: numbers of one or three bands, from 1; by default those that the file calls red, green and
            blue, its only one, or all three.
        values: what becomes black and white; by default `PERCENTILES` of the picture.
        kept: something that must live as long as this does.

    Raises:
        ImageError: it is not a GeoTIFF, or its bands are no colours; the message says how to convert.
    """

    def __init__(
        self,
        path: Path,
        bands: Sequence[int] = (),
        values: tuple[float, float] | None = None,
        kept: object = None,
    ) -> None:
        self._path, self._values, self._kept = path, values, kept
        with _told():
            file = rasterio.open(path, driver="GTiff")  # no other driver: some follow links
        self._file = file  # stays open: neighbouring windows share its blocks
        self.size = file.width, file.height
        self._bands = tuple(bands) or _colours(file)
        if beyond := [band for band in self._bands if not 1 <= band <= file.count]:
            raise ImageError("unknown_band", f"there is no band {beyond[0]}: it has {file.count}")
        kind = np.dtype(file.dtypes[self._bands[0] - 1])
        if kind.kind == "c":
            raise ImageError("no_colours", _COMPLEX)
        self._is_deep = kind != np.uint8
        self._palette = _palette(file, self._bands)
        self._inverted = file.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES"
        with _told():
            bounds = self.bounds((0, 0, *self.size))
            self.fields = {"bounds": bounds, "gsd": gsd_of(file)} if bounds else {}
        if date := date_of(file):
            self.fields["date"] = date

    @property
    def made(self) -> str:
        """Bands and stretch."""
        shown = ",".join(map(str, self._bands))
        return f"GeoTIFF, bands {shown}{self._stretch.said if self._is_deep else ''}"

    def bounds(self, window: Window) -> Bounds | None:
        return bounds_of(self._file, window)

    @cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    @property
    def content(self) -> bytes:
        return bytes.fromhex(self.digest)

    def whole(self) -> tuple[bytes, str]:
        width, height = self.size
        if width * height > MAX_PIXELS:
            detail = f"{width}×{height} pixels, at most {MAX_PIXELS:,} are decoded: cut it with --tile"
            raise ImageError("too_many_pixels", detail)
        return self.window((0, 0, width, height))

    def window(self, window: Window) -> tuple[bytes, str]:
        values, _, known = self._read(window=Part(*window))
        if not known.any():
            raise nothing_there()
        grey = self._stretched(values) if self._is_deep else values
        if self._inverted:
            grey = 255 - grey
        grey = self._palette[grey[0]] if self._palette is not None else np.moveaxis(grey, 0, -1)
        pixels = np.where(known[..., None], grey, 0).astype(np.uint8)
        sink = io.BytesIO()
        colour = np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
        Image.fromarray(colour).save(sink, "PNG")
        return sink.getvalue(), "png"

    def _read(self, **how: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Values of the bands, (bands, height, width), which of them are data, and which pixels show any,
        (height, width): those of which one band has data, and which neither alpha nor mask hides.
        """
        with _told():
            values = self._file.read(self._bands, **how)
            data = np.isfinite(values)
            for number, band in enumerate(self._bands):
                if (nodata := self._file.nodatavals[band - 1]) is not None:
                    data[number] &= values[number] != nodata
            known = data.any(axis=0)
            if self._alpha is not None:
                known &= self._file.read(self._alpha, **how) > 0
            if self._is_masked:
                known &= self._file.read_masks(self._bands[0], **how) > 0
        return values, data & known, known

    @cached_property
    def _alpha(self) -> int | None:
        """The band that says where there is a picture: of 0 and one other value, not of 0 alone."""
        if ColorInterp.alpha not in self._file.colorinterp:
            return None
        band = self._file.colorinterp.index(ColorInterp.alpha) + 1
        with _told():
            found = np.unique(self._file.read(band, out_shape=_reduced(self.size)))
        return band if len(set(found.tolist()) - {0}) == 1 else None

    @property
    def _is_masked(self) -> bool:
        """Whether a mask of its own says where there is a picture."""
        return bool(self._file.mask_flag_enums[self._bands[0] - 1] == [MaskFlags.per_dataset])

    @cached_property
    def _stretch(self) -> _Stretch:
        """Raises ImageError: the picture holds no data, or nothing but one value."""
        if self._values is not None:
            return _Stretch(*self._values, f", values {self._values[0]:g} to {self._values[1]:g}")
        values, data, _ = self._read(out_shape=_reduced(self.size))
        found = values[data]
        if found.size == 0:
            raise nothing_there()
        if found.dtype.kind in "iu" and found.min() >= 0 and found.max() <= 255:
            return _Stretch(0, 255, ", values 0 to 255")
        if found.min() == found.max():
            raise only(found.min())
        low, high = np.percentile(found, PERCENTILES)
        return _Stretch(low, high, ", percentiles 2 to 98")

    def _stretched(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        low, high, _ = self._stretch
        with np.errstate(invalid="ignore"):
            scaled = (values.astype(np.float64) - low) / max(high - low, 1e-12)
            return np.asarray((np.clip(np.nan_to_num(scaled), 0, 1) * 255).round(), dtype=np.uint8)


@contextmanager
def _told() -> Iterator[None]:
    """GDAL with a small cache. Raises ImageError where it cannot read."""
    try:
        with rasterio.Env(GDAL_CACHEMAX=_CACHE_MB):
            yield
    except rasterio.errors.RasterioError as error:
        # where the message of one says nothing, that of its cause does
        why = error.__cause__ or error
        raise ImageError("broken_image", f"GDAL cannot read it as a GeoTIFF: {why}") from error


def _reduced(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the reduced picture."""
    scale = min(1.0, _LOOK / max(size))
    return max(1, round(size[1] * scale)), max(1, round(size[0] * scale))


def _colours(file: Any) -> tuple[int, ...]:
    """The bands that are shown. CMYK and L*a*b* are not seen here: GDAL turns them into RGB.

    Raises:
        ImageError: the file does not say it.
    """
    kinds = file.colorinterp
    if all(kind in kinds for kind in _RGB):
        return tuple(kinds.index(kind) + 1 for kind in _RGB)
    others = [number for number, kind in enumerate(kinds, start=1) if kind != ColorInterp.alpha]
    if len(others) in (1, 3):
        return tuple(others)
    example = "4,3,2" if len(others) >= 4 else "1"
    detail = (
        f"it has {file.count} bands and does not say which are colours: name them with --bands, as {example}"
    )
    raise ImageError("no_colours", detail)


def _palette(file: Any, bands: Sequence[int]) -> npt.NDArray[np.uint8] | None:
    """Grey level to colour, (256, 3), of a picture of one band that has such a table."""
    if len(bands) != 1 or file.colorinterp[bands[0] - 1] != ColorInterp.palette:
        return None
    table = np.zeros((256, 3), np.uint8)
    for value, colour in file.colormap(bands[0]).items():
        if value < 256:
            table[value] = colour[:3]
    return table
