"""Semantic localization of a model: from a large picture and a text to a heat map and indicators.

The tiles of `heat_map` go through the model as in RS5M (Zhang et al. 2024), and the map is judged by
`indicators`. AIR-SLT, the test set of Yuan et al. 2022, "Learning to Evaluate Performance of Multi-modal
Semantic Localization", is read as its authors publish it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, FiniteFloat, TypeAdapter, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.final import Record
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.localize.heat_map import JPEG_QUALITY, Tiles, heat_map, tiles
from mpgi_ray.evaluate.localize.indicators import Localization, Polygon, localize, region_mask
from mpgi_ray.models.embed import Model

SIDE = 256  # of a tile when the model's preprocessing gets it, pixels
ANNOTATIONS, PICTURES = "annotations/anno.json", "imgs"

Pixels: TypeAlias = NDArray[np.uint8]  # (height, width, 3), RGB


@dataclass(frozen=True, slots=True)
class Target:
    """A text and the regions of a picture that it is about."""

    picture: Path
    text: str
    polygons: tuple[Polygon, ...]


def localize_text(
    model: Model,
    picture: Image.Image | Pixels,
    text: str,
    polygons: Sequence[Polygon],
    *,
    jpeg: bool = False,
) -> Localization:
    """How well a model finds the regions that a text is about.

    Args:
        picture: as in `text_heat_maps`.
        polygons: the outlines of the regions, x and y in pixels of the whole picture.
        jpeg: as in `text_heat_maps`.

    Raises:
        InputError: the picture is not 8-bit RGB or grey, or `localize` does not take the regions.
    """
    pixels = _rgb(picture)
    region_mask(polygons, pixels.shape[:2])  # so that wrong regions are reported before the model runs
    (heat,) = text_heat_maps(model, pixels, [text], jpeg=jpeg)
    return localize(heat, polygons)


def text_heat_maps(
    model: Model, picture: Image.Image | Pixels, texts: Sequence[str], *, jpeg: bool = False
) -> list[NDArray[np.uint8]]:
    """The heat map of each text over one picture, whose tiles are embedded once for all of them.

    Args:
        picture: 8-bit RGB or grey, or an array (height, width, 3) of uint8;
            ``mpgi_ray.data.image.decode`` makes one from any other file.
        texts: one or more, taken as they are.
        jpeg: write the tiles and the map to JPEG and read them back, as for the published figures.

    Returns:
        A map (height, width) for each text, as `heat_map` makes it.

    Raises:
        InputError: the picture is of another kind.
    """
    pixels = _rgb(picture)
    boxes = tiles(pixels.shape[1], pixels.shape[0])
    similarity = model.texts(texts) @ model.images(_records(pixels, boxes, jpeg)).T
    return [heat_map(of_text, boxes, jpeg=jpeg) for of_text in similarity]


def localize_targets(model: Model, targets: Sequence[Target]) -> list[Localization]:
    """How well a model finds each target, in order, through JPEG as for the published figures.

    Pictures are read one at a time, and the tiles of each are embedded once for all of its texts.

    Raises:
        InputError: a picture cannot be read, or a target has no region in it.
    """
    places: dict[Path, list[int]] = defaultdict(list)
    for place, target in enumerate(targets):
        places[target.picture].append(place)
    found: dict[int, Localization] = {}
    for path, here in places.items():
        storage, name = split_url(str(path))
        try:
            picture = decode(storage.read(name)).pixels
            heats = text_heat_maps(model, picture, [targets[place].text for place in here], jpeg=True)
            for place, heat in zip(here, heats, strict=True):
                found[place] = localize(heat, targets[place].polygons)
        except (ImageError, InputError) as error:
            raise InputError(f"{path}: {error}") from error
    return [found[place] for place in range(len(targets))]


def read_air_slt(folder: Path | str) -> list[Target]:
    """The texts of AIR-SLT in the order of their file.

    Args:
        folder: holds ``annotations/anno.json``, a list of jpg_name, caption and points (polygons of x, y in
            pixels), and the pictures in ``imgs``.

    Raises:
        InputError: the file cannot be read, is not such a list, or lists no texts.
    """
    try:
        entries = _ENTRIES.validate_json(Storage(str(folder)).read(ANNOTATIONS))
    except ValidationError as error:
        raise InputError(
            f"{folder}/{ANNOTATIONS}: {first_problem(error)}; "
            "expected AIR-SLT's list of jpg_name, caption and points"
        ) from error
    if not entries:
        raise InputError(f"{folder}/{ANNOTATIONS} lists no texts: expected those of AIR-SLT")
    return [
        Target(Path(folder, PICTURES, entry.jpg_name), entry.caption.strip(), entry.points)
        for entry in entries
    ]


class _Entry(BaseModel):
    jpg_name: str
    caption: str
    points: tuple[tuple[tuple[FiniteFloat, FiniteFloat], ...], ...]


_ENTRIES = TypeAdapter(list[_Entry])


def _rgb(picture: Image.Image | Pixels) -> Pixels:
    if isinstance(picture, Image.Image):
        if picture.mode in ("RGB", "L"):
            return np.asarray(picture.convert("RGB"))
        found = f"mode {picture.mode}"
    elif picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3 and picture.size:
        return picture
    else:
        found = f"{picture.dtype} of shape {picture.shape}"
    raise InputError(
        f"a picture of {found}: expected 8-bit RGB or grey, or an array (height, width, 3) of uint8; "
        "mpgi_ray.data.image.decode makes one from a file's bytes"
    )


def _records(pixels: Pixels, boxes: Tiles, jpeg: bool) -> Iterator[Record]:
    for left, top, right, bottom in boxes.tolist():
        stream = BytesIO()
        tile = Image.fromarray(_scaled(pixels[top:bottom, left:right]))
        if jpeg:
            tile.save(stream, "JPEG", quality=JPEG_QUALITY)
        else:
            tile.save(stream, "PNG", compress_level=1)
        yield Record("tiles", f"{left},{top}", "", {}, {}, stream.getvalue())


def _scaled(part: Pixels) -> Pixels:
    """Scaled bicubically without smoothing, as OpenCV does; Pillow smooths what it makes smaller."""
    planes = torch.tensor(part).permute(2, 0, 1)[None].float()
    scaled = torch.nn.functional.interpolate(planes, (SIDE, SIDE), mode="bicubic")[0]
    return scaled.round().clamp(0, 255).byte().permute(1, 2, 0).contiguous().numpy()
