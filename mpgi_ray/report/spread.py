"""A number of samples spread evenly over sources and shards, by hash.

A table of texts knows shards, not sources; ``NAME-000000``, ``NAME-000001`` … are shards of one source, as an
ingest names them. So series of shards share a number, then the shards of a series share its part.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

T = TypeVar("T")
_NUMBER = re.compile(r"[-_.]?\d+(-of-\d+)?$")


def ordered_by(seed: int, identity: str) -> str:
    """What things are sorted by, so that another seed draws others and the same one the same."""
    return hashlib.sha256(f"{seed}:{identity}".encode()).hexdigest()


def series(shard: str) -> str:
    """The name of a shard without its number."""
    return _NUMBER.sub("", shard)


def in_series(shards: Iterable[str]) -> dict[str, list[str]]:
    """Shards by their series, both in the order in which they come."""
    found: dict[str, list[str]] = defaultdict(list)
    for shard in shards:
        found[series(shard)].append(shard)
    return dict(found)


def in_turn(groups: Iterable[Sequence[T]]) -> list[T]:
    """The first of each group, then the second of each …"""
    absent = object()
    rounds = chain.from_iterable(zip_longest(*groups, fillvalue=absent))
    return [one for one in rounds if one is not absent]  # type: ignore[misc]


def evenly(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Shares of ``count``, as equal as the sizes allow; what does not divide goes to the first."""
    given = dict.fromkeys(sizes, 0)
    left = min(count, sum(sizes.values()))
    while left:
        unfilled = [name for name in sizes if given[name] < sizes[name]]
        each = max(1, left // len(unfilled))
        for name in unfilled:
            more = min(each, sizes[name] - given[name], left)
            given[name] += more
            left -= more
    return given


def shares(sizes: Mapping[str, int], count: int, seed: int = 0) -> dict[str, int]:
    """How many of ``count`` samples each shard gives: series share evenly, then the shards of each.

    Args:
        sizes: samples of each shard.
    """
    groups = in_series(sorted(sizes, key=lambda shard: ordered_by(seed, shard)))
    parts = evenly({name: sum(sizes[shard] for shard in inside) for name, inside in groups.items()}, count)
    given: dict[str, int] = {}
    for name, inside in groups.items():
        given |= evenly({shard: sizes[shard] for shard in inside}, parts[name])
    return given


def drawn(groups: Mapping[int, str], identities: Mapping[int, str], count: int, seed: int = 0) -> list[int]:
    """Which samples of a shard are shown, by place: its groups share evenly, each by hash.

    Args:
        groups: by place, the source.
        identities: by place, what the hash is of.
    """
    inside: dict[str, list[int]] = defaultdict(list)
    for at in sorted(groups, key=lambda at: (ordered_by(seed, identities[at]), at)):
        inside[groups[at]].append(at)
    given = evenly({name: len(inside[name]) for name in sorted(inside)}, count)
    return sorted(at for name, number in given.items() for at in inside[name][:number])
