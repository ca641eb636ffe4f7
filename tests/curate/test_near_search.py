"""The search for near hashes finds what a brute force finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.curate.duplicates.search import near


@given(
    seed=st.integers(0, 1000),
    left=st.integers(0, 300),
    right=st.integers(0, 300),
    radius=st.integers(0, 26),
    bits=st.integers(1, 64),
)
def test_every_near_pair_is_found_once(seed: int, left: int, right: int, radius: int, bits: int) -> None:
    """Few bits make many hashes equal, and many near."""
    rng = np.random.default_rng(seed)
    mask = np.uint64((1 << bits) - 1)
    a, b = (rng.integers(0, 2**64, count, np.uint64) & mask for count in (left, right))
    distances = np.bitwise_count(a[:, None] ^ b)
    i, j = np.nonzero(distances <= radius)
    expected = list(zip(i.tolist(), j.tolist(), distances[i, j].tolist(), strict=True))
    pieces = [zip(*(column.tolist() for column in piece), strict=True) for piece in near(a, b, radius)]
    assert sorted(row for piece in pieces for row in piece) == expected
