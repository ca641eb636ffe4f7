"""All pairs of 64-bit hashes within a Hamming distance, exact.

The bits are cut into five parts. Where two hashes differ in at most r bits, they differ in few bits of some
part: with r = 10 in at most two of the first part, or in at most one of another one (Norouzi, Punjani and
Fleet, "Fast exact search in Hamming space with multi-index hashing", 2014). So only hashes with nearly the
same part are compared, a bucket at a time, in arrays of a bounded size. benchmarks/near_duplicates.py holds
it against a brute force and against faiss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

BITS = 64
_PARTS = 5  # of 12 or 13 bits: most work a second between 20,000 and 200,000 pictures
_AT_ONCE = 1 << 18  # distances in memory: these arrays stay in a core's cache
Hashes = NDArray[np.uint64]
Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def near(left: Hashes, right: Hashes, radius: int) -> Iterator[Found]:
    """Every pair of a left and a right hash that differ in at most ``radius`` bits, each once.

    Args:
        left, right: of shapes (n,) and (m,).

    Returns:
        Pieces of the result: places in ``left``, places in ``right``, and distances. Memory is of the order
        of n + m, and of what one piece holds.
    """
    parts = _parts(radius)
    for number, part in enumerate(parts):
        for i, j in _within(part, left, right, radius):
            differ = left[i] ^ right[j]
            new = np.ones(len(i), bool)
            for earlier in parts[:number]:  # where an earlier part is near, too, it has found the pair
                new &= np.bitwise_count(earlier.of(differ)) > earlier.radius
            if new.any():
                yield i[new], j[new], np.bitwise_count(differ[new]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some bits of a hash, and in how many of them two hashes of a pair differ at most."""

    low: int
    bits: int
    radius: int

    def of(self, hashes: Hashes) -> NDArray[np.int64]:
        return ((hashes >> np.uint64(self.low)) & np.uint64((1 << self.bits) - 1)).astype(np.int64)

    def masks(self) -> NDArray[np.int64]:
        """What two near parts may differ in."""
        some = (
            chosen for count in range(self.radius + 1) for chosen in combinations(range(self.bits), count)
        )
        return np.array([sum(1 << bit for bit in chosen) for chosen in some], np.int64)


def _parts(radius: int) -> list[_Part]:
    """If each part differed in more bits than it says here, the sum would be above ``radius``."""
    edges = pairwise(BITS * number // _PARTS for number in range(_PARTS + 1))
    each, more = divmod(radius, _PARTS)
    parts = [_Part(low, high - low, each - (n > more)) for n, (low, high) in enumerate(edges)]
    return [part for part in parts if part.radius >= 0]


def _within(
    part: _Part, left: Hashes, right: Hashes, radius: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs within the radius, of those that are near in one part."""
    places_left, left, starts_left = _bucketed(part, left)
    places_right, right, starts_right = _bucketed(part, right)
    masks = part.masks()
    for bucket in np.flatnonzero(np.diff(starts_left)):
        others = bucket ^ masks
        spans = [(a, b) for a, b in zip(starts_right[others], starts_right[others + 1], strict=True) if a < b]
        if not spans:
            continue
        candidates = np.concatenate([right[a:b] for a, b in spans])
        rows = max(1, _AT_ONCE // len(candidates))
        for start in range(starts_left[bucket], starts_left[bucket + 1], rows):
            end = min(start + rows, starts_left[bucket + 1])
            distances = np.bitwise_count(left[start:end, None] ^ candidates)
            hits = np.flatnonzero(distances <= radius)
            if len(hits):
                i, j = np.divmod(hits, len(candidates))
                numbers = np.concatenate([np.arange(a, b) for a, b in spans])
                yield places_left[start + i], places_right[numbers[j]]


def _bucketed(part: _Part, hashes: Hashes) -> tuple[NDArray[np.int64], Hashes, NDArray[np.int64]]:
    """Hashes sorted by their part: where each stood, the hashes, and where each value's bucket starts."""
    values = part.of(hashes)
    places = np.argsort(values, kind="stable")
    starts = np.concatenate([[0], np.bincount(values, minlength=1 << part.bits).cumsum()])
    return places, hashes[places], starts
