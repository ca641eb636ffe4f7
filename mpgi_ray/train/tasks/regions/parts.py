"""Parts of a picture that nothing is annotated of: cells of a grid, and windows that are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable

from mpgi_ray.data.sample import Box

_AREA, _RATIO, _TRIES = (0.3, 0.7), (3 / 4, 4 / 3), 10  # of windows, as FarSLIP draws them


def grid(number: int) -> list[Box]:
    """So many cells of equal size, from 0 to 1, row by row, in the grid that is most nearly square."""
    rows = max(n for n in range(1, math.isqrt(number) + 1) if number % n == 0)
    columns = number // rows
    return [
        Box(x / columns, y / rows, (x + 1) / columns, (y + 1) / rows)
        for y in range(rows)
        for x in range(columns)
    ]


def window(draw: Callable[[str], float], width: float, height: float) -> Box:
    """A window of a picture of this size, from 0 to 1: its area and its proportions in pixels are drawn.

    Args:
        draw: gives a number in [0, 1) for each name.
    """
    low, high = map(math.log, _RATIO)
    for turn in range(_TRIES):
        area = _AREA[0] + (_AREA[1] - _AREA[0]) * draw(f"area {turn}")
        ratio = math.exp(low + (high - low) * draw(f"ratio {turn}")) * height / width
        across, down = math.sqrt(area * ratio), math.sqrt(area / ratio)
        if max(across, down) <= 1:
            break
    else:  # a picture so narrow that hardly any window fits: the middle of it
        across, down = (
            min(1.0, math.sqrt(_AREA[0] * height / width)),
            min(1.0, math.sqrt(_AREA[0] * width / height)),
        )
    x, y = draw("x") * (1 - across), draw("y") * (1 - down)
    return Box(x, y, x + across, y + down)
