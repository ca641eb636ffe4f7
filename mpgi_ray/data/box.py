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

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The whole pixels of an image of this size that it covers, as x1, y1, x2, y2: one at least."""
        inside = self.clipped(width, height)
        x1, y1 = min(int(inside.x1), width - 1), min(int(inside.y1), height - 1)
        return x1, y1, max(x1 + 1, round(inside.x2)), max(y1 + 1, round(inside.y2))

    def part(self, share: Box) -> Box:
        """The part of this box that ``share`` is of the box from 0 to 1."""
        width, height = self.x2 - self.x1, self.y2 - self.y1
        return Box(
            self.x1 + share.x1 * width,
            self.y1 + share.y1 * height,
            self.x1 + share.x2 * width,
            self.y1 + share.y2 * height,
        )
