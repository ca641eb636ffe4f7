"""Generated scenes as samples: the picture, and an annotation that is true by construction."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np

from mpgi_ray.data.cover import covers
from mpgi_ray.data.sample import Annotation, LabelClass, Sample
from mpgi_ray.demo.scenes.canvas import SURFACES, UNITS, Canvas
from mpgi_ray.demo.scenes.models import MODELS
from mpgi_ray.demo.scenes.spec import caption, kind_of, spec

# everything that is drawn is labelled; the ground is surfaces, not things
VOCABULARY = {label: LabelClass(exhaustive=True, countable=True) for label in MODELS} | {
    surface: LabelClass(exhaustive=True, countable=False) for surface in SURFACES
}


def scenes(count: int, seed: int = 0, size: int = 256) -> Iterator[Sample]:
    """The first scenes of a seed, in order; see `scene`."""
    return (scene(number, seed, size) for number in range(count))


def scene(number: int, seed: int = 0, size: int = 256) -> Sample:
    """Draw one scene; it depends on nothing but the arguments (and Pillow's and numpy's versions).

    Args:
        number: from 0; also the sample's index.
        seed: from 0.
        size: width and height in pixels. Another size shows the same ground at another GSD.

    Returns:
        A JPEG with oriented boxes of all objects, each whole and inside the image, the cover of the
        ground (a building is ground too; vehicles, vessels and other things leave what they stand on) and
        the caption of `spec`.

    Raises:
        ValueError: a number or seed below 0, or a size in which objects would be too small to see.
    """
    if size < 64:
        raise ValueError(f"size {size}: expected at least 64 pixels, or the objects are too small to see")
    facts = spec(number, seed)
    kind = kind_of(facts)
    rng = np.random.default_rng((seed, facts.background))
    canvas = Canvas(size, kind.gsd, facts.side, rng)
    slots = kind.layout(canvas, rng)
    # twins draw the same numbers, so that a change of count adds or removes one object and moves none
    for i in rng.permutation(len(slots))[: facts.count]:
        canvas.place(facts.label, facts.colour, *slots[i])
    picture = io.BytesIO()
    canvas.picture(rng).save(picture, "JPEG", quality=90, subsampling=0)
    annotation = Annotation(
        width=size,
        height=size,
        vocabulary=VOCABULARY,
        scene=(kind.name,),
        objects=tuple(canvas.objects),
        cover=covers(canvas.mask, SURFACES),
        gsd=kind.gsd * UNITS / size,
        captions=(caption(facts),),
        source="mpgi-demo",
        licence="CC0-1.0",
        split=facts.split,
    )
    return Sample(facts.key, number, picture.getvalue(), "jpg", annotation, facts.key)
