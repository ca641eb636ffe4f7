"""What is known of a sample: from its annotation and, if it is wanted, from its pixels."""

from __future__ import annotations

from dataclasses import replace

from mpgi_ray.data.annotated import annotation_of
from mpgi_ray.data.final import Record
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


def facts_of_record(record: Record, *, measured: bool) -> Facts:
    """The facts of a final sample, as `facts_of_sample`.

    Raises:
        InputError: its annotation cannot be read.
    """
    sample = Sample(record.key, 0, record.image, "jpg", annotation_of(record), record.key)
    return facts_of_sample(sample, measured=measured)
