"""How a group of objects is arranged in the image. From annotations alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pattern(StrEnum):
    """How three or more objects of a class lie together."""

    ROW = "row"  # on one straight line, evenly enough
    ROWS = "rows"  # on two or more parallel lines
    GRID = "grid"  # rows and columns
    CLUSTER = "cluster"  # close together in a small part of the image
    SCATTERED = "scattered"  # far from each other, over most of the image
    BORDER = "border"  # along the borders of the image, none near its middle
    BOTH_SIDES = "both_sides"  # two groups with a wide gap between them


@dataclass(frozen=True)
class Arrangement:
    """The arrangement of the told objects of a class.

    Attributes:
        direction: of rows: ``horizontal``, ``vertical``, ``diagonal``; of the two sides: ``horizontal`` for
            left and right, ``vertical`` for top and bottom; None for the others.
        lines: how many rows there are; 0 where it is none.
        objects: how many were looked at.
        spread: evidence: for rows the largest distance from the line, for a cluster the diameter, for others
            the least distance between neighbours, in units of the image's diagonal.
    """

    pattern: Pattern
    direction: str | None
    lines: int
    objects: int
    spread: float
