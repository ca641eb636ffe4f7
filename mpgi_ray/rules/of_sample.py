"""What is known of a sample of a shard: from its annotation and, if it is wanted, from its pixels."""

from __future__ import annotations

from dataclasses import replace

from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Sample
from mpgi_ray.rules.facts import Facts
from mpgi_ray.rules.gathering import gather
from mpgi_ray.rules.measured.measure import measure


def facts_of_sample(sample: Sample, *, measured: bool) -> Facts:
    """The facts of a sample.

    Args:
        measured: look at the pixels, too; those of a false-colour picture, or of one that cannot be decoded,
            tell nothing, and its annotation holds all the same.
    """
    facts = gather(sample.annotation)
    if not measured or sample.annotation.false_colour:
        return facts
    try:
        picture = decode(sample.image)
    except ImageError:
        return facts
    return replace(facts, measured=measure(picture.pixels, sample.annotation))
