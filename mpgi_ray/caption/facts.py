"""What is known of a sample before any model is asked: from its annotation, and from its pixels."""

from __future__ import annotations

from dataclasses import replace

from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.data.image import Picture
from mpgi_ray.data.sample import Annotation
from mpgi_ray.rules import Facts, gather
from mpgi_ray.rules.measured.measure import measure


def facts_of(annotation: Annotation, picture: Picture, config: FactsConfig) -> Facts:
    """The facts of a sample.

    Args:
        picture: as the models of stage 1 get it, at its own size or scaled.
    """
    limits = {"view_px": config.view_px, "min_px": config.min_px}
    facts = gather(annotation, **limits)
    if not config.measured or annotation.false_colour:
        return facts
    return replace(facts, measured=measure(picture.pixels, annotation, **limits))
