"""Everything that is measured in one picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from mpgi_ray.data.sample import Annotation, Object
from mpgi_ray.rules.gathering import told_objects
from mpgi_ray.rules.measured.colours import tones
from mpgi_ray.rules.measured.light import luminance
from mpgi_ray.rules.measured.regions import find_regions, halved, thumbnail
from mpgi_ray.rules.measured.spots import find_spots
from mpgi_ray.rules.measured.things import colours_of
from mpgi_ray.rules.measured.vivid import absent
from mpgi_ray.rules.seen import Measured

_GREY = 0.012  # mean chroma, 0 to 1: with less a picture has no colours, as one of a single band
_LARGEST = 448  # pixels of the longer side: more show no other colours, and cost time


def measure(picture: Image.Image, annotation: Annotation, *, view_px: int = 224, min_px: int = 4) -> Measured:
    """Measure a picture.

    Args:
        picture: RGB, at the annotation's size or scaled.
        view_px, min_px: see `gather`.
    """
    by_name: dict[str, list[Object]] = {}
    for name, obj in told_objects(annotation, view_px=view_px, min_px=min_px):
        by_name.setdefault(name, []).append(obj)
    small = picture
    if max(picture.size) > _LARGEST:
        small = picture.resize(
            [max(1, round(side * _LARGEST / max(picture.size))) for side in picture.size],
            Image.Resampling.BOX,
            reducing_gap=2.0,
        )
    pixels = np.asarray(small)
    scale = small.width / annotation.width, small.height / annotation.height
    seen = thumbnail(small)
    half = halved(seen)
    raw = tones(half)
    coloured = float((half.max(axis=2) - half.min(axis=2)).mean()) > _GREY
    things = [colours_of(n, objects, pixels, scale) for n, objects in by_name.items()] if coloured else []
    regions, shares = find_regions(half, raw, luminance(seen))
    boxes = {name: [o.box for o in objects] for name, objects in by_name.items()}
    whole, in_boxes = absent(picture, boxes, (annotation.width, annotation.height))
    return Measured(
        tuple(colour for colours, _ in things for colour in colours),
        regions,
        find_spots(seen),
        shares,
        tuple(shade for _, shade in things if shade),
        whole,
        tuple(in_boxes.items()),
    )
