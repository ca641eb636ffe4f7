"""Reading final shards, as curate publishes them: a picture and its texts by perspective."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import Image

from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.storage import Storage, absolute, split_url
from mpgi_ray.data.tar import read_members
from mpgi_ray.errors import InputError

PICTURES = ("jpg", "png")


@dataclass(frozen=True, slots=True)
class Record:
    """One sample of a final shard.

    Attributes:
        texts: the captions that are there, by perspective.
        annotation: what the source says, as JSON.
        image: the encoded picture; empty when only texts were asked for.
    """

    shard: str
    key: str
    sample_id: str
    texts: Mapping[str, str]
    annotation: Mapping[str, Any]
    image: bytes

    def in_split(self, split: str | None) -> bool:
        """Whether the sample belongs to this split; None means any."""
        return split is None or self.annotation.get("split") == split


def short_id(sample_id: str) -> str:
    """Enough of a sample's id to know it again among millions."""
    return sample_id[:16]


def list_shards(folder: Path | str) -> tuple[str, ...]:
    """The tar files of a folder, local or ``s3://…``, by name.

    Raises:
        InputError: there are none.
    """
    root = absolute(str(folder))
    shards = tuple(f"{root}/{name}" for name in Storage(root).list(".tar"))
    if not shards:
        raise InputError(f"no shards in {folder}: expected files like shard-000000.tar from curate")
    return shards


def read_records(shards: Sequence[str], *, pictures: bool = True) -> Iterator[Record]:
    """The samples of the shards, in order.

    Raises:
        InputError: a shard or a sample's JSON cannot be read.
    """
    for shard in shards:
        storage, name = split_url(shard)
        members = read_members(storage.read(name), name)
        samples = groupby(members, key=lambda member: member[0].rpartition("/")[2].partition(".")[0])
        for key, group in samples:
            fields = {member.rpartition("/")[2].partition(".")[2].lower(): data for member, data in group}
            yield _record(name, key, fields, pictures)


def decoded(record: Record) -> Image.Image:
    """The picture as 8-bit RGB.

    Raises:
        InputError: it cannot be decoded.
    """
    try:
        return decode(record.image).pixels
    except ImageError as error:
        raise InputError(f"{record.shard}/{record.key}: {error}; curate the shards again") from error


def _record(shard: str, key: str, fields: Mapping[str, bytes], pictures: bool) -> Record:
    try:
        note = json.loads(fields["json"])
        texts = {name: text for name, text in note["texts"].items() if text}
        image = next(fields[suffix] for suffix in PICTURES if suffix in fields) if pictures else b""
        return Record(shard, key, note["sample_id"], texts, note.get("annotation", {}), image)
    except (KeyError, TypeError, AttributeError, ValueError, StopIteration) as error:
        raise InputError(
            f"{shard}/{key} is no final sample ({error!r}): expected a jpg or png and a json "
            "with sample_id and texts, as curate writes them"
        ) from error
