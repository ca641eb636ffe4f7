"""The global random order of final samples.

The place of a sample is the hash of (seed, sample_id): cut into equal ranges it gives the final shard,
within a shard it gives the order. So sources that come class by class are mixed over the whole data set,
which contrastive training needs, without ever holding more than one shard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from mpgi_ray.data.final import Final
from mpgi_ray.data.place import place_of


def in_order(samples: Iterable[Final], seed: int) -> list[Final]:
    """The samples in the global order; pictures that repeat have one place and follow their shards."""
    return sorted(samples, key=lambda sample: (place_of(sample.sample_id, seed), sample.shard, sample.index))


def with_keys(samples: Sequence[Final]) -> list[tuple[str, Final]]:
    """Keys that are unique over the whole data set: repeats of a picture are neighbours and get a number."""
    seen: Counter[str] = Counter()
    keyed = []
    for sample in samples:
        key = sample.sample_id[:24]
        keyed.append((f"{key}-{seen[key]}" if seen[key] else key, sample))
        seen[key] += 1
    return keyed
