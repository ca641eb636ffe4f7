"""Windows of a picture that are drawn by their area and proportions."""

from __future__ import annotations

import math
from collections.abc import Callable

from mpgi_ray.data.sample import Box

_RATIO, _TRIES = (3 / 4, 4 / 3), 10  # of width to height, as in torchvision's RandomResizedCrop


def window(draw: Callable[[str], float], width: float, height: float, least: float, most: float) -> Box:
    """A window of a picture of this size, from 0 to 1: its area and its proportions in pixels are drawn.

    Args:
        draw: gives a number in [0, 1) for each name.
        least, most: share of the area.
    """
    low, high = map(math.log, _RATIO)
    for turn in range(_TRIES):
        area = least + (most - least) * draw(f"area {turn}")
        ratio = math.exp(low + (high - low) * draw(f"ratio {turn}")) * height / width
        across, down = math.sqrt(area * ratio), math.sqrt(area / ratio)
        if max(across, down) <= 1:
            break
    else:  # a picture so narrow that hardly any window fits: the middle of it
        across, down = (
            min(1.0, math.sqrt(least * height / width)),
            min(1.0, math.sqrt(least * width / height)),
        )
    x, y = draw("x") * (1 - across), draw("y") * (1 - down)
    return Box(x, y, x + across, y + down)
