"""Samples become the files of a folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mpgi_ray.data.index import IndexRow
from mpgi_ray.data.lease import Lease
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tar_write import write_members


def gathered(samples: Iterator[Sample], size: int, most: int) -> Iterator[list[Sample]]:
    """The samples of each shard: ``size`` of them, or ``most`` bytes of pictures."""
    shard: list[Sample] = []
    room = most
    for sample in samples:
        if shard and (len(shard) == size or len(sample.image) > room):
            yield shard
            shard, room = [], most
        shard.append(sample)
        room -= len(sample.image)
    if shard:
        yield shard


def published(
    shards: Iterable[list[Sample]], name: str, storage: Storage, lease: Lease
) -> Iterator[IndexRow]:
    """Write shards, each while the samples of the next one are gathered.

    Args:
        name: what their names begin with.

    Raises:
        OutputError: a shard cannot be written, or another job works on the folder.
    """

    def publish(shard: str, samples: int, data: bytes) -> IndexRow:
        lease.check()
        if not storage.create(f"{shard}.tar", data):  # one that is damaged, or of a picture that changed
            storage.publish(f"{shard}.tar", data)
        return IndexRow(shard, samples, len(data), hashlib.sha256(data).hexdigest())

    with ThreadPoolExecutor(1) as writer:
        writing: Future[IndexRow] | None = None
        number = 0  # `enumerate` would hold on to the samples of the shard before
        for samples in shards:
            if writing is not None:
                yield writing.result()
            data = write_members(map(sample_members, samples))
            writing = writer.submit(publish, f"{name}-{number:06d}", len(samples), data)
            number += 1  # noqa: SIM113
            del samples, data  # of a shard that is written its bytes are in memory, of the next the samples
        if writing is not None:
            yield writing.result()


def remove_others(storage: Storage, name: str, shards: Collection[str]) -> None:
    """Remove shards of an earlier start that was interrupted, of a source that was longer then."""
    ours = re.compile(rf"{re.escape(name)}-\d{{6,}}\.tar")
    for file in storage.list(".tar"):
        if ours.fullmatch(file) and file not in shards:
            storage.delete(file)
