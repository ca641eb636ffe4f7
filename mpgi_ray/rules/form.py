"""The form of the objects of a class: how large, how long, which way they point. From annotations alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """What the outlines of a class's told objects have in common; nothing between two bounds.

    Attributes:
        size: ``small`` or ``large`` against the picture, each of them; None between.
        metres: length and width of the usual object, in metres: the medians; None without a GSD, or where the
            objects differ much or are cut by the border.
        shape: ``elongated`` or ``round``, each of them; None between. Round needs outlines.
        direction: of the long axes in the image: ``horizontal``, ``vertical`` or ``diagonal``, of nearly all
            of them; None between.
        share: of the picture that the usual object takes (evidence for the size): the median of areas.
        ratio: length over width of the usual object (evidence for the shape): the median.
    """

    size: str | None
    metres: tuple[float, float] | None
    shape: str | None
    direction: str | None
    share: float
    ratio: float
