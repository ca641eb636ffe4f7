"""The captions-only release: the texts of final shards, with all that finds and rebuilds their samples.

``mpgi release`` writes one, ``mpgi ingest --join`` and ``mpgi curate`` read it. Each of its tables, one a
final shard, has a row for each text, in the order of the shard's samples and of their texts. It holds no
pixel and no annotation: these come from the originals, which a user has or gets where the source offers them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from mpgi_ray.data.records import read_record
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import InputError

FORM = 1  # of the tables: a folder of another one is refused
RELEASE, SUMMARY = "release.json", "summary.json"
UNNAMED = "unnamed"  # stands for the source of samples that name none
Window = tuple[int, int, int, int]  # x, y, width and height in the pixels of the source's picture

SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("image", pa.string()),  # the name of the source's picture
        ("window", pa.list_(pa.int64(), 4)),  # null: all of the picture
        ("sha256", pa.string()),  # of the file of the source's picture
        ("sample_id", pa.string()),
        ("made", pa.string()),  # see `Origin`
        ("name", pa.string()),  # of the text
        ("number", pa.int32()),  # among the texts that people wrote; 0 for others
        ("text", pa.string()),
        ("main", pa.bool_()),  # whether it is the sample's .txt
        ("caption_id", pa.string()),
        ("model", pa.string()),
        ("revision", pa.string()),
        ("prompt_hash", pa.string()),
        ("attempt", pa.int64()),
        ("parents", pa.list_(pa.string())),
        ("scores", pa.string()),  # JSON
        ("licence", pa.string()),
        ("split", pa.string()),
        ("shard", pa.string()),  # the final shard
        ("key", pa.string()),  # the sample's there
        ("sample_name", pa.string()),
        ("source_shard", pa.string()),
        ("source_index", pa.int64()),
    ]
)
_OF_SAMPLE = ("source", "sample_name", "image", "window", "sha256", "sample_id", "made")


class Ingested(BaseModel):
    """How shards were made of a source.

    Attributes:
        tiling: of its pictures, as `mpgi ingest` takes it; None: they were not cut.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    source: str
    format: str
    tiling: dict[str, int | None] | None = None

    @property
    def options(self) -> str:
        """``--tile 512 --overlap 64``; empty if nothing was cut."""
        names = {"tile": "--tile", "overlap": "--overlap", "above": "--cut-above"}
        cut = self.tiling or {}
        return " ".join(f"{option} {cut[name]}" for name, option in names.items() if cut.get(name))


class Made(BaseModel):
    """What final shards were made with, as far as it is known; it identifies a release.

    Attributes:
        seed, shards: of their global order, and how many there are.
        content: a digest of the shards.
        names: of the texts.
        listed: whether ``captions.csv`` of the final shards lists what people wrote.
        fields: where shards of other programs kept what was read.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    seed: int
    shards: int = Field(ge=1)
    content: str
    names: tuple[str, ...]
    listed: bool
    fields: dict[str, Any] = {}
    ingested: tuple[Ingested, ...] = ()

    @field_validator("fields")
    @classmethod
    def _readable(cls, fields: dict[str, Any]) -> dict[str, Any]:
        ShardFields.model_validate(fields)
        return fields


class _Identity(BaseModel):
    form: int
    made: Made


class _Summary(BaseModel):
    """What is read of ``summary.json``."""

    samples: int


class _Record(BaseModel):
    """What is read of ``release.json``."""

    identity: _Identity


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample that a release names.

    Attributes:
        source: its name, or `UNNAMED`.
        sample_name: what the sample is called in the source's shards.
        image, window, sha256, sample_id, made: see `SCHEMA`.
    """

    source: str
    sample_name: str
    image: str
    window: Window | None
    sha256: str
    sample_id: str
    made: str


class Release:
    """The folder of a finished release.

    Attributes:
        made: what it was made of.
        samples: how many it names.

    Raises:
        InputError: it is none, is not finished, or is of a form that is not read.
    """

    def __init__(self, path: str) -> None:
        self.storage = Storage(path)
        if not self.storage.exists(RELEASE):
            raise InputError(f"{path} holds no {RELEASE}: give the folder that `mpgi release` wrote")
        if not self.storage.exists(SUMMARY):
            raise InputError(f"{path} is not finished: run the same `mpgi release` again first")
        told = read_record(self.storage, RELEASE, _Record, "release", "fetch it again").identity
        self.samples = read_record(self.storage, SUMMARY, _Summary, "release", "fetch it again").samples
        if told.form != FORM:
            raise InputError(
                f"{path} is a release of form {told.form}, this version reads {FORM}: use another version"
            )
        self.made = told.made

    @property
    def digest(self) -> str:
        """Of what it says, 16 hex digits."""
        told = self.storage.read(RELEASE) + self.storage.read(SUMMARY)
        return hashlib.sha256(told).hexdigest()[:16]

    def table(self, number: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The texts of a final shard.

        Raises:
            InputError: the file is missing or damaged, or lacks a column.
        """
        wanted = SCHEMA.names if columns is None else columns
        return read_table(self.storage, part_name(number, self.made.shards), wanted)

    def entries(self) -> Iterator[Entry]:
        """The samples, in the order of the final shards."""
        for number in range(self.made.shards):
            before = None
            for row in self.table(number, [*_OF_SAMPLE, "key"]).to_pylist():
                if (key := row.pop("key")) != before:
                    window = row.pop("window")
                    yield Entry(**row, window=None if window is None else tuple(window))
                before = key


def part_name(number: int, of: int) -> str:
    """The file of a final shard's texts, numbered as other programs number parts of a set."""
    return f"data/captions-{number:05d}-of-{of:05d}.parquet"
