"""The place of a sample in the global order of final samples, by which its final shard is found again."""

from __future__ import annotations

import hashlib

_PLACES = 2**64


def place_of(sample_id: str, seed: int) -> int:
    """A sample's place in the global order, 0 to 2**64 - 1."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{sample_id}".encode()).digest()[:8], "big")


def bucket_of(place: int, buckets: int) -> int:
    """The final shard, 0 to buckets - 1, in which a place falls."""
    return place * buckets // _PLACES
