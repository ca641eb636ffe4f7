"""A source shard with its captions, as the tasks of curation and of scoring read it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from mpgi_ray.data.caption import Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError


@dataclass(frozen=True, slots=True)
class Source:
    """A source shard: its name, its file, and its captioned chunks."""

    shard: str
    file: str
    chunks: Sequence[ChunkId]


def read_source(
    source: Source, root: str, fields: ShardFields, captions: str | None
) -> tuple[list[Sample | Rejected], list[Caption] | None] | None:
    """The entries of a source shard, and the records of their captions.

    Args:
        root: folder of the source shards.
        captions: folder of the caption run; without one, there are no records.

    Returns:
        None for a shard of a caption run that cannot be read, and that has no captions either.

    Raises:
        InputError: any other shard cannot be read, or it is not the one that was captioned.
    """
    try:
        data = Storage(root).read(source.file)
        entries = read_shard(data, source.file, fields)
    except InputError:
        if source.chunks or captions is None:
            raise
        return None
    return entries, None if captions is None else _captions(CaptionFolder(captions), source, data)


def _captions(folder: CaptionFolder, source: Source, data: bytes) -> list[Caption]:
    for chunk in source.chunks:
        if folder.shard_sha256(chunk) != hashlib.sha256(data).hexdigest():
            raise InputError(f"{source.file} changed after it was captioned: put the old file back")
    return [row for chunk in source.chunks for row in from_table(folder.table(chunk))]
