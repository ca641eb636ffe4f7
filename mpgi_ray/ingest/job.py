"""The ingest job: a listing of pictures in, shards of a fixed content out.

The same source and options give the same bytes, so a job that was killed is simply run again. It writes
``ingest.json`` (what is ingested, and how) first and ``index.parquet`` last: with an index it is done.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shard_list import INDEX, INGEST
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.data.tar import write_members
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.ingest.item import Entry, Listing, load
from mpgi_ray.ingest.source import SourceConfig

REJECTED = "rejected.parquet"
MAX_SHARD_BYTES = 1 << 30  # of pictures: a shard is held in memory, here and by every reader

_INDEX = pa.schema(
    [("shard", pa.string()), ("samples", pa.int64()), ("bytes", pa.int64()), ("sha256", pa.string())]
)
_REJECTED = pa.schema(
    [
        ("name", pa.string()),
        ("index", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("sample_id", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What came of a source; ``str()`` of it is one line.

    Attributes:
        rejected: reason to number of rejected entries.
        nothing_to_do: an earlier run had finished; the numbers are those it left.
    """

    kept: int
    rejected: dict[str, int]
    shards: int
    nothing_to_do: bool = False

    @property
    def total(self) -> int:
        """Entries of the source: kept and rejected."""
        return self.kept + sum(self.rejected.values())

    def __str__(self) -> str:
        reasons = (
            ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.rejected.items())) or "none"
        )
        head = "nothing to do: " if self.nothing_to_do else ""
        return f"{head}{self.total:,} in, {self.kept:,} kept in {self.shards:,} shards; rejected: {reasons}"


def ingest(
    items: Listing, output: str, *, source: SourceConfig, shard_size: int = 1000, name: str = "shard"
) -> IngestSummary:
    """Write a source as ``NAME-000000.tar …`` with ``index.parquet`` and ``rejected.parquet``.

    Pictures keep their bytes. A shard ends after ``shard_size`` samples or `MAX_SHARD_BYTES` of pictures;
    one shard is held in memory at a time.

    Args:
        items: what a format's function found.
        output: a local folder or an fsspec URL.

    Raises:
        InputError: the source has no entries, or cannot be read.
        OutputError: the folder holds shards of another source or with other options.
    """
    storage = Storage(output)
    record = _record(items, source, shard_size, name)
    if _begun(storage, record) and (earlier := _finished(storage)):
        return earlier
    storage.sweep()
    storage.publish(INGEST, json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False).encode())
    rejected: list[Rejected] = []
    rows: list[tuple[str, int, int, str]] = []
    for samples in _shards(_samples(items, source, rejected), shard_size):
        shard = f"{name}-{len(rows):06d}"
        data = write_members(sample_members(sample) for sample in samples)
        storage.publish(f"{shard}.tar", data)
        rows.append((shard, len(samples), len(data), hashlib.sha256(data).hexdigest()))
    if not rows and not rejected:
        raise InputError(f"no entries in {items.path}")
    refusals = [(r.key, r.index, r.reason, r.detail, r.sample_id) for r in rejected]
    _publish_rows(storage, REJECTED, refusals, _REJECTED)
    _publish_rows(storage, INDEX, rows, _INDEX)
    return _summary(storage, nothing_to_do=False)


def _samples(items: Listing, source: SourceConfig, rejected: list[Rejected]) -> Iterator[Sample]:
    """The samples in order; the others are added to ``rejected``."""
    taken: set[str] = set()
    for index, entry in enumerate(items):
        result = _loaded(entry, source, index)
        if isinstance(result, Sample) and result.key in taken:
            detail = f"{result.name} stands earlier in the source, too: list it once"
            result = Rejected(result.name, index, "duplicate_name", detail, result.sample_id)
        if isinstance(result, Rejected):
            rejected.append(result)
        else:
            taken.add(result.key)
            yield result


def _loaded(entry: Entry, source: SourceConfig, index: int) -> Sample | Rejected:
    return replace(entry, index=index) if isinstance(entry, Rejected) else load(entry, source, index)


def _shards(samples: Iterator[Sample], size: int) -> Iterator[list[Sample]]:
    shard: list[Sample] = []
    room = MAX_SHARD_BYTES
    for sample in samples:
        if shard and (len(shard) == size or len(sample.image) > room):
            yield shard
            shard, room = [], MAX_SHARD_BYTES
        shard.append(sample)
        room -= len(sample.image)
    if shard:
        yield shard


def _record(items: Listing, source: SourceConfig, shard_size: int, name: str) -> dict[str, Any]:
    return {
        "format": items.format,
        "path": items.path,
        "fingerprint": items.fingerprint,
        "source": source.model_dump(mode="json", exclude_defaults=True),
        "shard_size": shard_size,
        "max_shard_bytes": MAX_SHARD_BYTES,
        "name": name,
    }


def _begun(storage: Storage, record: dict[str, Any]) -> bool:
    """Whether this same job has written here before.

    Raises:
        OutputError: another one has.
    """
    if not storage.exists(INGEST):
        if strange := storage.list(".tar"):
            raise OutputError(
                f"{storage.url} holds {strange[0]} and no {INGEST}: choose an empty folder for the shards"
            )
        return False
    there = json.loads(storage.read(INGEST))
    for key in sorted(there.keys() | record.keys()):
        if there.get(key) != record.get(key):
            raise OutputError(
                f"{storage.url} holds the shards of another job: its {key} is {there.get(key)!r}, this one's "
                f"{record.get(key)!r}; choose another folder, or delete that one"
            )
    return True


def _finished(storage: Storage) -> IngestSummary | None:
    """What a finished job left, unless one of its files is gone."""
    if not storage.exists(INDEX) or not storage.exists(REJECTED):
        return None
    there = set(storage.list(".tar"))
    shards = read_table(storage, INDEX)["shard"].to_pylist()
    return _summary(storage, nothing_to_do=True) if all(f"{s}.tar" in there for s in shards) else None


def _summary(storage: Storage, nothing_to_do: bool) -> IngestSummary:
    index, rejected = read_table(storage, INDEX), read_table(storage, REJECTED)
    reasons = dict(sorted(Counter(rejected["reason"].to_pylist()).items()))
    return IngestSummary(sum(index["samples"].to_pylist()), reasons, index.num_rows, nothing_to_do)


def _publish_rows(storage: Storage, name: str, rows: list[tuple[Any, ...]], schema: pa.Schema) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(schema)
    publish_table(storage, name, pa.table(columns, schema=schema))
