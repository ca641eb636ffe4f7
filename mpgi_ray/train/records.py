"""Reading final shards, as curate publishes them: a picture and its texts by perspective."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import webdataset

from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.errors import InputError
from mpgi_ray.train.checkpoint import Preprocess

PICTURES = (".jpg", ".png")


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


def list_shards(folder: Path | str) -> tuple[str, ...]:
    """The tar files of a folder, by name.

    Raises:
        InputError: there are none.
    """
    shards = tuple(str(path.resolve()) for path in sorted(Path(folder).glob("*.tar")))
    if not shards:
        raise InputError(f"no shards in {folder}: expected files like shard-000000.tar from curate")
    return shards


def read_records(shards: Sequence[str], *, pictures: bool = True) -> Iterator[Record]:
    """The samples of the shards, in order.

    Raises:
        InputError: a shard or a sample's JSON cannot be read.
    """
    wanted = (".json", *PICTURES) if pictures else (".json",)
    tar = webdataset.WebDataset(
        list(shards),
        shardshuffle=False,
        nodesplitter=None,  # the plan has given each worker its shards
        empty_check=False,
        select_files=lambda name: name.lower().endswith(wanted),
    )
    samples = iter(tar)
    while True:
        try:
            sample = next(samples)
        except StopIteration:
            return
        except Exception as error:  # webdataset passes on what tarfile, zlib or the file system raise
            raise InputError(f"shards {shards[0]} … {shards[-1]} cannot be read: {error}") from error
        yield _record(sample, pictures)


def preprocessed(record: Record, preprocess: Preprocess) -> torch.Tensor:
    """The picture as the model sees it, float32 (3, height, width).

    Raises:
        InputError: it cannot be decoded.
    """
    try:
        return preprocess(decode(record.image).pixels)
    except ImageError as error:
        raise InputError(f"{record.shard}/{record.key}: {error}; curate the shards again") from error


def _record(sample: Mapping[str, Any], pictures: bool) -> Record:
    shard, key = os.path.basename(sample["__url__"]), sample["__key__"]
    try:
        note = json.loads(sample["json"])
        texts = {name: text for name, text in note["texts"].items() if text}
        image = next(sample[suffix[1:]] for suffix in PICTURES if suffix[1:] in sample) if pictures else b""
        return Record(shard, key, note["sample_id"], texts, note.get("annotation", {}), image)
    except (KeyError, TypeError, AttributeError, ValueError, StopIteration) as error:
        raise InputError(
            f"{shard}/{key} is no final sample ({error!r}): expected a jpg or png and a json "
            "with sample_id and texts, as curate writes them"
        ) from error
