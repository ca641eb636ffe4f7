"""Groups of pictures that are copies of each other, and which of a group stays.

Who is in a group does not depend on the order of pictures or pairs: a group is a connected component. The
picture stays of which most is annotated, then the largest, then the one with the least id, shard and place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def components(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each picture's component.

    Args:
        count: of pictures.
        pairs: of shape (pairs, 2).
    """
    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def kept_of(components: NDArray[np.int64], order: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """For each picture the one of its component that stays.

    Args:
        order: columns by which the first of a component is chosen, the most important first.
    """
    rows = np.lexsort((*reversed(order), components))
    first = np.concatenate([[True], np.diff(components[rows]) > 0]) if len(rows) else np.empty(0, bool)
    kept = np.empty(len(rows), np.int64)
    kept[components[rows][first]] = rows[first]
    return kept[components]
