"""Vivid colours of which a picture shows nothing: what nobody can see there in any light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from mpgi_ray.data.sample import Box

# colour -> least and largest hue, least saturation and value of HSV of all that anybody may call so, and more
_WIDE = {
    "red": ((335, 380), 0.3, 0.25),
    "orange": ((8, 45), 0.35, 0.35),
    "yellow": ((36, 72), 0.3, 0.4),
    "green": ((52, 175), 0.1, 0.12),
    "turquoise": ((150, 210), 0.12, 0.2),
    "blue": ((185, 265), 0.1, 0.12),
    "purple": ((245, 345), 0.14, 0.2),
    "pink": ((285, 372), 0.14, 0.45),
}
VIVID = tuple(_WIDE)
_NONE = 6  # pixels of a colour at most, where the picture shows nothing of it
_LEAST = 24  # pixels of an object: of fewer its colour need not show
_SIDE = 512  # pixels of the longer side that are looked at
_SKIPPED = 3  # every which pixel at most: of more a car might fall between them


def absent(
    picture: Image.Image, boxes: Mapping[str, Sequence[Box]], size: tuple[float, float]
) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """The colours of `VIVID` that no pixel comes near, and for each class those that none in its boxes does.

    None of a picture too large to look at every part, nor of a class with an object too small to be seen.

    Args:
        picture: RGB.
        boxes: by class, in pixels of a picture of this size: width and height.
    """
    step = -(-max(picture.size) // _SIDE)
    if step > _SKIPPED:
        return frozenset(), {}
    red, green, blue = np.moveaxis(np.asarray(picture)[::step, ::step] >> 3, -1, 0)
    seen = _flags()[red, green, blue]
    inside = {name: [_cut(seen, box, size) for box in some] for name, some in boxes.items()}
    large = {name: cuts for name, cuts in inside.items() if min(cut.size for cut in cuts) >= _LEAST}
    return _missing([seen]), {name: _missing(cuts) for name, cuts in large.items()}


def _cut(seen: npt.NDArray[np.uint8], box: Box, size: tuple[float, float]) -> npt.NDArray[np.uint8]:
    across, down = seen.shape[1] / size[0], seen.shape[0] / size[1]
    rows = slice(max(0, int(box.y1 * down)), int(np.ceil(box.y2 * down)))
    return seen[rows, max(0, int(box.x1 * across)) : int(np.ceil(box.x2 * across))]


def _missing(parts: Sequence[npt.NDArray[np.uint8]]) -> frozenset[str]:
    seen = np.bincount(np.concatenate([part.ravel() for part in parts]), minlength=1 << len(VIVID))
    sets = np.arange(len(seen))
    return frozenset(name for n, name in enumerate(VIVID) if seen[sets >> n & 1 == 1].sum() <= _NONE)


@cache
def _flags() -> npt.NDArray[np.uint8]:
    """For each colour, in 32 steps of red, green and blue, a bit for each of `VIVID` that it comes near."""
    side = (np.arange(32, dtype=np.float32) + 0.5) / 32
    rgb = np.stack(np.meshgrid(side, side, side, indexing="ij"), axis=-1)
    value = rgb.max(axis=-1)
    saturation = (value - rgb.min(axis=-1)) / value
    hue = np.asarray(Image.fromarray((rgb.reshape(-1, 1, 3) * 255).astype(np.uint8)).convert("HSV"))
    degrees = hue[..., 0].reshape(32, 32, 32).astype(np.float32) * (360 / 255)
    flags = np.zeros((32, 32, 32), dtype=np.uint8)
    for n, ((low, high), dullest, darkest) in enumerate(_WIDE.values()):
        within = ((degrees >= low) & (degrees <= high)) | (degrees + 360 <= high)
        flags |= ((within & (saturation >= dullest) & (value >= darkest)) << n).astype(np.uint8)
    return flags
