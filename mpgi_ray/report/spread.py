"""A number of samples spread evenly over sources and shards, by hash.

A table of texts knows shards, not sources; ``NAME-000000``, ``NAME-000001`` … are shards of one source, as an
ingest names them. So series of shards share a number, then the shards of a series share its part; but no
shard is left out where the number suffices for all of them.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
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


def in_turn(groups: Iterable[Sequence[T]]) -> list[T]:
    """The first of each group, then the second of each …"""
    absent = object()
    rounds = chain.from_iterable(zip_longest(*groups, fillvalue=absent))
    return [one for one in rounds if one is not absent]  # type: ignore[misc]


def evenly(sizes: Mapping[str, int], count: int, least: Mapping[str, int] | None = None) -> dict[str, int]:
    """Shares of ``count``, as equal as the sizes allow: each next one goes to the part that has the fewest.

    Args:
        least: what the parts have in any case.
    """
    given = {name: (least or {}).get(name, 0) for name in sizes}
    fewest = [(given[name], turn, name) for turn, name in enumerate(sizes) if given[name] < sizes[name]]
    heapify(fewest)
    for _ in range(min(count, sum(sizes.values())) - sum(given.values())):
        has, turn, name = heappop(fewest)
        given[name] = has + 1
        if given[name] < sizes[name]:
            heappush(fewest, (has + 1, turn, name))
    return given


def shares(sizes: Mapping[str, int], count: int, seed: int = 0) -> dict[str, int]:
    """How many of ``count`` samples each shard gives: series share evenly, then the shards of each.

    Every shard gives one where ``count`` suffices for that.

    Args:
        sizes: samples of each shard.
    """
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for shard in sorted(sizes, key=lambda shard: ordered_by(seed, shard)):
        groups[series(shard)][shard] = sizes[shard]
    filled = {name: sum(size > 0 for size in inside.values()) for name, inside in groups.items()}
    least = filled if sum(filled.values()) <= count else None
    parts = evenly({name: sum(inside.values()) for name, inside in groups.items()}, count, least)
    given: dict[str, int] = {}
    for name, inside in groups.items():
        given |= evenly(inside, parts[name])
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
