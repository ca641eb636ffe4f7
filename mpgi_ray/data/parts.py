"""Part files: the published results of chunks, and the only record of what is done.

A chunk is a run of consecutive samples of one shard. Its part is named after its place,
``SHARD-00007-of-00012.parquet``, and is published once (`Storage.create`): of two writers the first wins,
and the other reads what that one wrote. So a chunk is done if its file is there, and a shard is complete when
all its chunks are done. There is no other state.

Where only some answers are there (a pilot, an engine that failed for good), they are published in pieces,
``SHARD-00007-of-00012.parquet``, then ``….1.parquet`` and so on: each holds what those before do not.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

import pyarrow as pa

from mpgi_ray.data.caption import SCHEMA, joined, require_sound, upgraded
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import create_table, publish_table, read_metadata, read_table
from mpgi_ray.data.text import decode_json
from mpgi_ray.errors import DamagedError, InputError

_NAME = re.compile(r"(?P<shard>.+)-(?P<index>\d{5,})-of-(?P<total>\d{5,})(?:\.\d+)?\.parquet")
_CHUNK, _SHARD_HASH, _SOURCES, _DIGESTS = b"chunk", b"shard_sha256", b"sources", b"digests"
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
        return self.piece_name(0)

    def piece_name(self, number: int) -> str:
        """The file of a piece; that of the first is the chunk's own."""
        tail = f".{number}" if number else ""
        return f"{self.shard}-{self.index:05d}-of-{self.total:05d}{tail}.parquet"


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


@dataclass(frozen=True, slots=True)
class Part:
    """What is published of a chunk.

    Attributes:
        rows: in the caption record's `SCHEMA`.
        shard_sha256: of the shard's bytes that they were made from.
        sources: of a stage that works on another's texts: by sample, the digest of those it was given
            (`data.caption.digest`). Empty in parts of version 0.1.
        digests: of a stage that another works on: the digest of each sample's records. Empty in parts of
            version 0.1.
    """

    rows: pa.Table
    shard_sha256: str
    sources: Mapping[int, str] = field(default_factory=dict)
    digests: Mapping[int, str] = field(default_factory=dict)

    def table(self, chunk: ChunkId) -> pa.Table:
        """With all in one, and the chunk that it is of.

        Raises:
            pa.ArrowInvalid: a column is missing or has another type.
        """
        told = {
            _CHUNK: chunk.file_name,
            _SHARD_HASH: self.shard_sha256,
            _SOURCES: json.dumps(self.sources),
            _DIGESTS: json.dumps(self.digests),
        }
        return self.rows.cast(SCHEMA).replace_schema_metadata(told)


class Parts:
    """The parts of one stage, in one folder."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def publish(self, chunk: ChunkId, part: Part) -> bool:
        """Write the part of a chunk, if there is none.

        Returns:
            False if another one is there.
        """
        return create_table(self.storage, chunk.file_name, part.table(chunk))

    def add(self, chunk: ChunkId, new: Callable[[Part | None], Part | None]) -> None:
        """Write a further piece of a chunk.

        Args:
            new: what to add to what is there; None for nothing. It is asked again whenever another writer
                was faster.
        """
        number = 0
        while True:
            while self.storage.exists(chunk.piece_name(number)):
                number += 1
            part = new(self.read(chunk))
            if part is None or create_table(self.storage, chunk.piece_name(number), part.table(chunk)):
                return

    def done(self) -> set[ChunkId]:
        """Every chunk whose part is published: one listing, no file is opened."""
        return {ChunkId.parse(name) for name in self.storage.list(".parquet")}

    def holds(self, chunk: ChunkId) -> bool:
        return self.storage.exists(chunk.file_name)

    def remove(self, chunk: ChunkId) -> None:
        """Delete all pieces of a chunk, so that it is made again; the last one first."""
        for name in reversed(self._names(chunk)):
            self.storage.delete(name)

    def read(self, chunk: ChunkId, number: int | None = None) -> Part | None:
        """What is published of a chunk, all its pieces, whichever version wrote them; None if nothing is.

        Args:
            number: of pieces, where a listing tells it: then nothing is looked for.

        Raises:
            DamagedError: a file is not a whole one, is of another chunk, or holds other columns.
            InputError: a file cannot be read.
        """
        names = self._names(chunk) if number is None else map(chunk.piece_name, range(number))
        pieces = [self._piece(name, chunk) for name in names]
        if not pieces:
            return None
        if len(pieces) == 1:
            return pieces[0]
        sources = {index: told for piece in pieces for index, told in piece.sources.items()}
        digests: dict[int, list[str]] = defaultdict(list)
        for piece in pieces:
            for index, told in piece.digests.items():
                digests[index].append(told)
        return Part(
            pa.concat_tables([piece.rows for piece in pieces]),
            pieces[0].shard_sha256,
            sources,
            {index: joined(told) for index, told in digests.items()},
        )

    def rewrite(self, chunk: ChunkId, change: Callable[[Part], Part]) -> None:
        """Replace every piece of a chunk by what becomes of it; only when nobody else works on the folder."""
        for name in self._names(chunk):
            publish_table(self.storage, name, change(self._piece(name, chunk)).table(chunk))

    def _names(self, chunk: ChunkId) -> list[str]:
        names: list[str] = []
        while self.storage.exists(name := chunk.piece_name(len(names))):
            names.append(name)
        return names

    def _piece(self, name: str, chunk: ChunkId) -> Part:
        table = read_table(self.storage, name)
        told = table.schema.metadata or {}
        if (stated := told.get(_CHUNK, chunk.file_name.encode())) != chunk.file_name.encode():
            what = f"{self.storage.path(name)} holds the captions of {stated.decode(errors='replace')}"
            raise DamagedError(what, "put each part back under its own name")
        try:
            shard_sha256 = told.get(_SHARD_HASH, b"").decode()
            sources, digests = (_by_sample(told.get(key, b"{}")) for key in (_SOURCES, _DIGESTS))
            rows = upgraded(table).replace_schema_metadata(None)
            require_sound(rows)
        except (pa.ArrowException, KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"{self.storage.path(name)} does not hold captions ({error})"
            raise DamagedError(what, "move it away") from error
        return Part(rows, shard_sha256, sources, digests)

    def shard_sha256(self, chunk: ChunkId) -> str:
        """The hash of the shard that a part was made from."""
        return read_metadata(self.storage, chunk.file_name).get(_SHARD_HASH, b"").decode()


def _by_sample(told: bytes) -> dict[int, str]:
    return {int(index): f"{int(digest, 16):016x}" for index, digest in decode_json(told).items()}
