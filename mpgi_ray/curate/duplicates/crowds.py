"""What keeps the pairs of very many copies of one picture from growing with the square of their number."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.components import components

MANY = 32  # pairs of a picture that are listed, whatever the number of its copies, and a few more
Places = NDArray[np.int64]


class Crowds:
    """What is known of some pictures while pairs of them are found.

    Args:
        count: of pictures; they are named by their places from 0.
    """

    def __init__(self, count: int) -> None:
        self._groups = np.arange(count)
        self._copies, self._others = np.zeros(count, np.int64), np.zeros(count, np.int64)

    def may_tell(self, one: Places, other: Places) -> NDArray[np.bool_]:
        """Which pairs may tell something new: not those of one group that both have many copies."""
        many = (self._copies[one] >= MANY) & (self._copies[other] >= MANY)
        return np.asarray(~(many & (self._groups[one] == self._groups[other])))

    def join(self, one: Places, other: Places) -> None:
        """Take pairs of copies up."""
        np.add.at(self._copies, one, 1)
        np.add.at(self._copies, other, 1)
        pairs = np.stack([self._groups[one], self._groups[other]], axis=1)
        if (pairs[:, 0] != pairs[:, 1]).any():
            self._groups = components(len(self._groups), pairs)[self._groups]

    def room(self, one: Places, other: Places) -> NDArray[np.bool_]:
        """Which of these pairs, no copies, are listed: where one picture has not many of them yet."""
        listed = (self._others[one] < MANY) | (self._others[other] < MANY)
        np.add.at(self._others, one[listed], 1)
        np.add.at(self._others, other[listed], 1)
        return listed


def equal_beyond_many(pictures: NDArray[np.uint8]) -> tuple[Places, Places]:
    """Of more than `MANY` equal pictures those beyond, each with the first one that it is equal to.

    Args:
        pictures: of shape (n, height, width).
    """
    found: dict[bytes, list[int]] = defaultdict(list)
    for place, picture in enumerate(pictures):
        found[picture.tobytes()].append(place)
    pairs = [(place, same[0]) for same in found.values() for place in same[MANY:]]
    beyond, first = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
    return beyond, first
