"""Shards of generated scenes: a data set that is there already, with boxes, ground and one caption each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from mpgi_ray.data.claim import Claim, claim
from mpgi_ray.data.index import INDEX, IndexRow, publish_index
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo.scenes.scene import scene

SHARD = 250
_Call = tuple[Storage, int, int, int]
Each = Callable[[Callable[..., IndexRow], Sequence[_Call]], Iterable[IndexRow]]


def draw_scenes(output: str, count: int, *, seed: int = 0, first: int = 0) -> None:
    """Write shards of generated aerial scenes, annotated and free of rights, for want of a data set.

    Scenes of 256 × 256 pixels, with boxes of all objects and the cover of the ground; four of five are of
    the split ``train``. What is there already is not drawn again.

    Args:
        output: the folder of the shards, local or an fsspec URL.
        count: of scenes; twenty take about a second.
        seed: another one draws other scenes.
        first: the number of the first scene.

    Raises:
        OutputError: the folder holds something else.
    """
    draw(Storage(absolute(output)), count, seed, lambda task, calls: [task(*call) for call in calls], first)


def draw(storage: Storage, count: int, seed: int, each: Each, first: int = 0) -> None:
    """As `draw_scenes`, a call of ``each`` for all shards."""
    identity = {"scenes": count, "seed": seed} | ({"first": first} if first else {})
    if claim(storage, "demo", identity, last=(INDEX,)) is Claim.FINISHED:
        return
    starts, end = range(first, first + count, SHARD), first + count
    calls = [(storage, start, min(start + SHARD, end), seed) for start in starts]
    publish_index(storage, list(each(_shard, calls)))


def shard_name(start: int) -> str:
    """The name of the shard that begins with this scene."""
    return f"scenes-{start // SHARD:06d}"


def _shard(storage: Storage, start: int, end: int, seed: int) -> IndexRow:
    name = shard_name(start)
    data = write_members(sample_members(scene(number, seed)) for number in range(start, end))
    storage.publish(f"{name}.tar", data)
    return IndexRow(name, end - start, len(data), hashlib.sha256(data).hexdigest())
