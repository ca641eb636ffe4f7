"""What a mask covers, drawn over a picture: a band in each ninth of it, with the share of each class there.

Shards hold the shares of the nine cells and the boxes of regions, not the mask's pixels: where in a cell a
class lies is told by its regions alone, which are drawn as boxes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mpgi_ray.data.sample import Annotation, Box

_LEAST = 0.02  # of a cell: less is not seen
_HIGH = 0.028  # of the picture's longer side
_INSET = 0.03  # of a cell's width, on both sides


@dataclass(frozen=True, slots=True)
class Band:
    """The share of a class in a cell, as a part of the cell's band."""

    label: str
    colour: str
    share: float
    box: Box


def bands(note: Annotation, colour: Mapping[str, str]) -> tuple[Band, ...]:
    """Bands of all cells; a cell in which nothing is covered has none.

    Args:
        colour: of every class of the cover.
    """
    wide, high = note.width / 3, note.height / 3
    inner, tall = wide * (1 - 2 * _INSET), _HIGH * max(note.width, note.height)
    found = []
    for cell in range(9):
        x, bottom = wide * (cell % 3 + _INSET), high * (cell // 3 + 1) - wide * _INSET
        for label, cover in sorted(note.cover.items(), key=lambda pair: -pair[1].cells[cell]):
            share = cover.cells[cell]
            if share >= _LEAST:
                box = Box(x, bottom - tall, x + inner * share, bottom)
                found.append(Band(label, colour[label], share, box))
                x = box.x2
    return tuple(found)
