"""Pictures that are like no other, and like their copies."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def ground(seed: int, side: int = 192) -> Image.Image:
    """A picture like no other: soft spots of many sizes and colours."""
    rng, picture = np.random.default_rng(seed), np.zeros((side, side, 3))
    for spots in (5, 12, 40):
        small = Image.fromarray(rng.integers(0, 256, (spots, spots, 3), dtype=np.uint8))
        picture += np.asarray(small.resize((side, side), Image.Resampling.BICUBIC), float) / 3
    return Image.fromarray(picture.astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    sink = io.BytesIO()
    picture.save(sink, kind, **options)
    return sink.getvalue()
