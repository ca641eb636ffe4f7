"""What several seeds found, in words: the mean of each figure, then the least and the most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def tell(found: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Print a line for each arm.

    Args:
        found: by arm the figures of each seed, by name.
    """
    print("\nmean (least to most) of the seeds\n")
    for arm, rows in found.items():
        cells = []
        for name in rows[0]:
            values = [row[name] for row in rows]
            cells.append(f"{name} {np.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})")
        print(f"{arm}: {'; '.join(cells)}")
