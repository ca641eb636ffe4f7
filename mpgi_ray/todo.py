"""What a caption job still has to do: the shards that are not complete, and a pilot's share of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import complete_shards
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import read_shard
from mpgi_ray.errors import InputError
from mpgi_ray.recipe import Recipe
from mpgi_ray.work import ShardTask


@dataclass(frozen=True, slots=True)
class Pilot:
    """Caption only some samples; a later full run takes their captions over.

    Attributes:
        samples: how many; at most as many as there are.
        at_random: spread evenly over the shards and by hash within each, instead of the first ones.
    """

    samples: int
    at_random: bool = False


def left_to_do(
    recipe: Recipe, shards: ShardList, folder: CaptionFolder, pilot: Pilot | None
) -> list[ShardTask]:
    """One task for each shard with a chunk that is not published: one listing, no file is opened."""
    published = folder.integrated.done()
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
            fields=recipe.input.fields,
            chunk_size=recipe.chunk_size,
            done=frozenset(done[name]),
            pilot=None if quota is None else quota[name],
            at_random=pilot is not None and pilot.at_random,
        )
        for name, file in shards.files.items()
        if name not in complete and (quota is None or name in quota)
    ]


def pilot_quota(recipe: Recipe, shards: ShardList, pilot: Pilot) -> Mapping[str, int]:
    """How many samples a pilot takes of which shard; shards it does not touch are left out."""
    names = list(shards.files)
    if pilot.at_random:
        share, rest = divmod(pilot.samples, len(names))
        counts = {name: share + (position < rest) for position, name in enumerate(names)}
        return {name: count for name, count in counts.items() if count}
    quota: dict[str, int] = {}
    left = pilot.samples
    for name in names:
        if left <= 0:
            break
        try:
            size = len(read_shard(shards.read(name), name, recipe.input.fields))
        except InputError:
            size = left  # the task that reads it will say why it cannot
        quota[name] = min(left, size)
        left -= size
    return quota
