"""What a caption job still has to do: the shards that are not complete, and a pilot's share of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mpgi_ray.caption.chunks import ShardTask
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import complete_shards
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import read_shard
from mpgi_ray.errors import InputError


class Phase(StrEnum):
    """What a pass over the shards does: both stages, or one of them."""

    BOTH = "both"
    DESCRIBE = "describe"
    INTEGRATE = "integrate"


_SPREAD = 16  # shards that a random pilot reads on the driver


@dataclass(frozen=True, slots=True)
class Pilot:
    """Caption only some samples; a later full run takes their captions over.

    Attributes:
        samples: how many; at most as many as there are.
        at_random: spread by hash over up to 16 shards and within each, instead of the first ones.
    """

    samples: int
    at_random: bool = False


def left_to_do(
    recipe: Recipe, shards: ShardList, folder: CaptionFolder, pilot: Pilot | None, phase: Phase = Phase.BOTH
) -> list[ShardTask]:
    """One task for each shard with a chunk that is not published: one listing, no file is opened."""
    published = folder.integrated.done()
    if phase is Phase.DESCRIBE:
        published |= folder.described()
    complete = complete_shards(published)
    done: dict[str, set[int]] = defaultdict(set)
    for chunk in published:
        done[chunk.shard].add(chunk.index)
    quota = None if pilot is None else pilot_quota(recipe, shards, pilot)
    return [
        ShardTask(
            shard=name,
            root=shards.root.url,
            file=file,
            output=folder.storage.url,
            fields=recipe.input.fields,
            chunk_size=recipe.chunk_size,
            sha256=shards.hashes.get(name, ""),
            done=frozenset(done[name]),
            pilot=None if quota is None else quota[name],
            at_random=pilot is not None and pilot.at_random,
            # where stage 2 reads pictures, it is to measure what stage 1 showed
            max_pixels=recipe.max_pixels() if phase is not Phase.INTEGRATE or recipe.facts.measured else None,
        )
        for name, file in shards.files.items()
        if name not in complete and (quota is None or name in quota)
    ]


def pilot_quota(recipe: Recipe, shards: ShardList, pilot: Pilot) -> Mapping[str, int]:
    """How many samples a pilot takes of which shard; shards it does not touch are left out."""
    names = list(shards.files)
    if pilot.at_random:
        names.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    sizes: dict[str, int] = {}
    for name in names:
        enough = sum(sizes.values()) >= pilot.samples
        if enough and (not pilot.at_random or len(sizes) >= _SPREAD):
            break
        sizes[name] = _size(recipe, shards, name)
    quota: dict[str, int] = {}
    left = pilot.samples
    # smallest first: the larger ones make up for what these lack
    order = sorted(sizes, key=lambda name: sizes[name]) if pilot.at_random else names
    for position, name in enumerate(name for name in order if name in sizes):
        share = -(-left // (len(sizes) - position)) if pilot.at_random else left
        quota[name] = min(share, sizes[name])
        left -= quota[name]
    return {name: count for name, count in quota.items() if count}


def _size(recipe: Recipe, shards: ShardList, name: str) -> int:
    try:
        return len(read_shard(shards.read(name), name, recipe.input.fields))
    except InputError:
        return 0  # a full run reports why it cannot be read
