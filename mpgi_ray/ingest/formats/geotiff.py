"""GeoTIFFs: pictures of any number of bands and any type of values, with their place on the earth."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mpgi_ray.data.image import ImageError
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.ingest.geo_raster import GeoRaster
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.outline import numbers
from mpgi_ray.ingest.raster import Raster

_SUFFIXES = (".tif", ".tiff", ".TIF", ".TIFF")
_PIECE = 16 << 20  # bytes


def geotiff(
    images: Annotated[str, typer.Argument(help="The folder of GeoTIFFs.")],
    bands: Annotated[
        str, typer.Option(help="One band, or red, green and blue, from 1: 4,3,2 for Sentinel-2.")
    ] = "",
    values: Annotated[
        str, typer.Option(help="What becomes black and white, as 0,3000; else percentiles 2 and 98.")
    ] = "",
    scene: Annotated[bool, typer.Option(help="The topmost folder of a picture names its class.")] = False,
    unplaced: Annotated[bool, typer.Option(help="Keep pictures that do not say where they lie.")] = False,
) -> Listing:
    """Read GeoTIFFs: bands as colours, with ground sampling distance, bounds and date where they say it.

    The pictures become 8-bit PNG. Values of more than 8 bits are stretched linearly between two percentiles
    of the picture, without nodata, or between two fixed values. With `--tile` large files are read by window,
    never whole. Needs the extra `geo`.

    Raises:
        InputError: there are no GeoTIFFs below the folder.
        RecipeError: bands or values are not numbers.
    """
    root = Storage(images)
    stamps = root.stamps(*_SUFFIXES)
    if not stamps:
        raise InputError(f"no GeoTIFFs below {images}: expected files ending in {', '.join(_SUFFIXES[:2])}")
    chosen, limits = _bands(bands), _limits(values)

    def entries() -> Iterator[Entry]:
        for name in stamps:
            classes = (name.partition("/")[0],) if scene and "/" in name else ()
            yield Item(
                root, name, {"scene": classes}, raster=partial(_opened, root, name, chosen, limits, unplaced)
            )

    listed = "\n".join(f"{name}\0{stamp}" for name, stamp in stamps.items())
    digest = hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()
    return Listing("geotiff", f"{images} {bands} {values} {scene} {unplaced}", digest, entries)


def _opened(
    root: Storage, name: str, bands: Sequence[int], values: tuple[float, float] | None, unplaced: bool
) -> Raster:
    """A GeoTIFF; one of an object store is copied to this machine first.

    Raises:
        ImageError: it cannot be used.
    """
    if root.is_local:
        raster = GeoRaster(Path(root.path(name)), bands, values)
    else:
        folder = tempfile.TemporaryDirectory()  # removed together with the raster
        copy = Path(folder.name) / "picture.tif"
        with copy.open("wb") as file:
            for start in range(0, size := root.size(name), _PIECE):
                file.write(root.read_range(name, start, min(start + _PIECE, size)))
        raster = GeoRaster(copy, bands, values, kept=folder)
    if "bounds" not in raster.fields and not unplaced:
        detail = (
            "it does not say where it lies (no CRS, or no place on the earth): keep such pictures with "
            "--unplaced"
        )
        raise ImageError("no_place", detail)
    return raster


def _bands(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",")] if text else []
    if not all(word.isdecimal() for word in words) or len(words) not in (0, 1, 3):
        raise RecipeError(f"--bands {text}: expected one number or three, as 4,3,2")
    return tuple(map(int, words))


def _limits(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        low, high = numbers(text.split(","))
    except ValueError as error:
        raise RecipeError(f"--values {text}: expected two numbers, as 0,3000") from error
    if low >= high:
        raise RecipeError(f"--values {text}: expected the value of black below that of white")
    return low, high
