"""Boxes in replies, in any of the ways in which models write them, as shares of the picture.

``[x1, y1, x2, y2]``, ``<box>(x1,y1),(x2,y2)</box>``, ``<bbox>…</bbox>``, ``{<x1><y1><x2><y2>}`` and
``{"bbox_2d": [x1, y1, x2, y2]}``, in shares of width and height, in thousandths of them or in pixels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mpgi_ray.data.box import Box
from mpgi_ray.data.image import Picture
from mpgi_ray.engines.families import family_of
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.evaluate.asked.words import plain

_N = r"\s*(-?\d+(?:\.\d+)?)\s*"
_WAYS = (
    re.compile(rf"[\[(]{_N},{_N},{_N},{_N}[\])]"),
    re.compile(rf"[\[(]{_N},{_N}[\])]\s*,?\s*[\[(]{_N},{_N}[\])]"),
    re.compile(rf"<{_N}>\s*<{_N}>\s*<{_N}>\s*<{_N}>"),
    re.compile(rf"(?<![\d.,]){_N},{_N},{_N},{_N}(?![\d.,]*\d)"),
)
_SHARES = re.compile(r"\bin shares of the width and the height\b")
_THOUSANDTHS = re.compile(r"\bin thousandths of the width and the height\b")
_PIXELS = re.compile(r"\bin pixels of a picture of (\d+) by (\d+)\b")


@dataclass(frozen=True, slots=True)
class BoxScale:
    """What the numbers of a box are shares of.

    Attributes:
        width, height: the numbers at the right and the lower end of the picture.
        words: how it is asked for.
    """

    width: float
    height: float
    words: str

    def box(self, reply: str) -> Box | None:
        """The box in a reply, in shares; None for none, for one without an area, or for two of them.

        Numbers up to 1 are shares, whatever was asked for, and where shares were asked for larger ones are
        thousandths.
        """
        found = {_in_order(numbers) for numbers in _numbers(plain(reply))}
        if len(found) != 1:
            return None
        x1, y1, x2, y2 = found.pop()
        width, height = self.width, self.height
        if max(x2, y2) <= 1:
            width = height = 1
        elif width == height == 1:
            width = height = 1000
        box = Box(x1 / width, y1 / height, x2 / width, y2 / height).clipped(1, 1)
        return box if box.area > 0 else None


def scale_of(question: str, engine: EngineSettings, picture: Picture | None) -> tuple[BoxScale, bool]:
    """How the boxes of a question's answer are written, and whether the question says so itself.

    Where it does not, they are as the engine's model was trained to write them, or else in thousandths.

    Args:
        picture: as the engine gets it; without one, boxes are in thousandths.
    """
    if match := _PIXELS.search(question):
        return BoxScale(float(match[1]), float(match[2]), match[0]), True
    if _SHARES.search(question):
        return BoxScale(1, 1, "in shares of the width and the height"), True
    thousandths = BoxScale(1000, 1000, "in thousandths of the width and the height")
    if _THOUSANDTHS.search(question):
        return thousandths, True
    family = family_of(engine.model)
    if (engine.boxes or family.boxes) != "pixels" or picture is None:
        return thousandths, False
    grid = family.grid or 1  # the model's processor scales pictures to multiples of it
    width, height = (max(1, round(side / grid)) * grid for side in picture.pixels.size)
    return BoxScale(width, height, f"in pixels of a picture of {width} by {height}"), False


def _numbers(text: str) -> list[tuple[float, ...]]:
    """All boxes of a text, in the first of the ways in which there are some."""
    found = ([tuple(map(float, match.groups())) for match in way.finditer(text)] for way in _WAYS)
    return next((boxes for boxes in found if boxes), [])


def _in_order(numbers: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Two opposite corners may come in any order."""
    x1, y1, x2, y2 = numbers
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
