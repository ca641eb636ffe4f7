"""What searches for duplicates and leaks publish, as others read it: its names, and where pictures lie."""

from __future__ import annotations

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_metadata

HASHES = "hashes"  # folder of a table for each shard
PAIRS, GROUPS, MERGED = "pairs.parquet", "groups.parquet", "merged.parquet"
LEAKS = "leaks.parquet"
TRAIN, AGAINST, THROUGH = "train", "against", "through"  # sides of a search for leaks: folders of shards
# metadata of a shard's table: the whole path of the shard that was read, and of scores the caption run's
PLACE, RUN = "place", "captions"


def place_of(folder: Storage, shard: str) -> str:
    """The whole path of a shard; empty if an earlier version, which did not write it down, read it.

    Args:
        folder: of a search.
        shard: its name, in a search for leaks with its side before it.

    Raises:
        InputError: the shard's table cannot be read.
    """
    told = read_metadata(folder.child(HASHES), f"{shard}.parquet")
    return told.get(PLACE.encode(), b"").decode()
