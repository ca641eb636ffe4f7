"""Boxes and points in a picture's pixels."""

from __future__ import annotations

from typing import NamedTuple

Point = tuple[float, float]


class Box(NamedTuple):
    """An axis-parallel box in pixels; x to the right, y downwards, from the image's upper left corner."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def middle(self) -> Point:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    @property
    def area(self) -> float:
        return max(0.0, self.x2 - self.x1) * max(0.0, self.y2 - self.y1)

    def clipped(self, width: float, height: float) -> Box:
        """The part inside an image of this size; of area 0 if there is none."""
        return Box(
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
            min(max(self.x2, 0.0), width),
            min(max(self.y2, 0.0), height),
        )

    def iou(self, other: Box) -> float:
        """The area that two boxes share, of the area that they cover; 0 if neither has an area."""
        shared = Box(
            max(self.x1, other.x1), max(self.y1, other.y1), min(self.x2, other.x2), min(self.y2, other.y2)
        ).area
        covered = self.area + other.area - shared
        return shared / covered if covered > 0 else 0.0
