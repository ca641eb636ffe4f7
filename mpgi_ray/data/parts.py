"""Part files: the published results of chunks, and the only record of what is done.

A chunk is a run of consecutive samples of one shard. Its part is named after its place,
``SHARD-00007-of-00012.parquet``, so a rerun writes the same name; it appears whole or not at all
(`Storage.publish`). So a chunk is done if its file is there, and a shard is complete when all its
chunks are done. There is no other state.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import pyarrow as pa

from mpgi_ray.data.caption import SCHEMA, upgraded
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_metadata, read_table
from mpgi_ray.errors import InputError

_NAME = re.compile(r"(?P<shard>.+)-(?P<index>\d{5,})-of-(?P<total>\d{5,})\.parquet")
_SHARD_HASH = b"shard_sha256"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class ChunkId:
    """The place of a chunk: its shard, its number there from 0, and how many the shard has."""

    shard: str
    index: int
    total: int

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a part's file name.

        Raises:
            InputError: the name is not ``SHARD-00000-of-00001.parquet``.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise InputError(
                f"{name!r} is not a part file: expected SHARD-00000-of-00001.parquet; move it away"
            )
        return cls(match["shard"], int(match["index"]), int(match["total"]))

    @property
    def file_name(self) -> str:
        return f"{self.shard}-{self.index:05d}-of-{self.total:05d}.parquet"


def split_chunks(shard: str, entries: Sequence[T], size: int) -> Iterator[tuple[ChunkId, Sequence[T]]]:
    """Cut a shard into chunks of ``size`` samples; an empty shard has one empty chunk and so can be done."""
    total = max(1, -(-len(entries) // size))
    for index in range(total):
        yield ChunkId(shard, index, total), entries[index * size : (index + 1) * size]


def complete_shards(chunks: Iterable[ChunkId]) -> set[str]:
    """The shards of which every chunk is among ``chunks``."""
    found: dict[tuple[str, int], set[int]] = defaultdict(set)
    for chunk in chunks:
        found[chunk.shard, chunk.total].add(chunk.index)
    return {shard for (shard, total), indices in found.items() if len(indices) == total}


class Parts:
    """The parts of one stage, in one folder; tables in the caption record's `SCHEMA`."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def publish(self, chunk: ChunkId, rows: pa.Table, shard_sha256: str) -> None:
        """Write the part of a chunk; replaces an earlier one.

        Args:
            shard_sha256: of the shard's bytes that the rows were made from, kept in the file's metadata.

        Raises:
            pa.ArrowInvalid: a column is missing or has another type.
        """
        table = rows.cast(SCHEMA).replace_schema_metadata({_SHARD_HASH: shard_sha256})
        publish_table(self.storage, chunk.file_name, table)

    def done(self) -> set[ChunkId]:
        """Every chunk whose part is published: one listing, no file is opened."""
        return {ChunkId.parse(name) for name in self.storage.list(".parquet")}

    def holds(self, chunk: ChunkId) -> bool:
        return self.storage.exists(chunk.file_name)

    def read(self, chunk: ChunkId) -> pa.Table:
        """The rows of a part, whichever version wrote it.

        Raises:
            InputError: the part is damaged, or holds other columns.
        """
        table = read_table(self.storage, chunk.file_name)
        try:
            return upgraded(table)
        except (pa.ArrowException, KeyError, ValueError) as error:
            raise InputError(
                f"{self.storage.path(chunk.file_name)} does not hold captions ({error}); move it away"
            ) from error

    def shard_sha256(self, chunk: ChunkId) -> str:
        """The hash of the shard that a part was made from."""
        return read_metadata(self.storage, chunk.file_name).get(_SHARD_HASH, b"").decode()
