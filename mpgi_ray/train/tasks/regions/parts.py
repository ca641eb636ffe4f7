"""Parts of a picture that nothing is annotated of: cells of a grid."""

from __future__ import annotations

import math

from mpgi_ray.data.sample import Box


def grid(number: int) -> list[Box]:
    """So many cells of equal size, from 0 to 1, row by row, in the grid that is most nearly square."""
    rows = max(n for n in range(1, math.isqrt(number) + 1) if number % n == 0)
    columns = number // rows
    return [
        Box(x / columns, y / rows, (x + 1) / columns, (y + 1) / rows)
        for y in range(rows)
        for x in range(columns)
    ]
