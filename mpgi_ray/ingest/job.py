"""The ingest job: a listing of pictures in, shards of a fixed content out.

The same source and options give the same bytes, so a job that was killed is simply run again. It writes
``ingest.json`` (what is ingested, and how) first and ``index.parquet`` last: with an index it is done.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field

from mpgi_ray.config import Config
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.index import INDEX, IndexRow, publish_index, read_index
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.missing import MISSING, missing_in_words, missing_table
from mpgi_ray.data.rejected import REJECTED, rejected_table
from mpgi_ray.data.release import Release
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shard_list import shards_in_words
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.ingest.ahead import loaded
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.join import Join
from mpgi_ray.ingest.orientation import TURNED
from mpgi_ray.ingest.source import SourceConfig
from mpgi_ray.ingest.windows import Tiling
from mpgi_ray.ingest.write import gathered, published, remove_others
from mpgi_ray.rules.gathering import unseen
from mpgi_ray.rules.labels import Unknown, unknown_labels
from mpgi_ray.runtime.stopping import GRACE, Stop

_log = logging.getLogger(__name__)
MAX_SHARD_BYTES = 1 << 27  # of pictures: a shard is held in memory, here twice and by every reader


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What came of a source; ``str()`` of it is one line.

    Attributes:
        rejected: reason to number of rejected entries.
        nothing_to_do: an earlier run had finished; the numbers are those it left.
        unknown: labels that texts can only quote, with their numbers of samples; not those of an earlier run.
        missing: what a release names and was not found, in words; empty if nothing is missing.
    """

    kept: int
    rejected: dict[str, int]
    shards: int
    nothing_to_do: bool = False
    unknown: Mapping[Unknown, int] = field(default_factory=dict)
    missing: str = ""

    @property
    def total(self) -> int:
        """Entries of the source: kept and rejected."""
        return self.kept + sum(self.rejected.values())

    def __str__(self) -> str:
        reasons = (
            ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.rejected.items())) or "none"
        )
        head = "nothing to do: " if self.nothing_to_do else ""
        shards = shards_in_words(self.shards)
        return f"{head}{self.total:,} in, {self.kept:,} kept in {shards}; rejected: {reasons}"


class IngestConfig(Config):
    """How a source becomes shards.

    Attributes:
        output: folder of the shards, local or an fsspec URL.
        source: what the source's files do not say themselves.
        shard_size: samples of a shard.
        share: of the entries that is taken, chosen by a hash of their names.
        tiling: when and how a picture is cut; None keeps all whole.
        name: what the shards' file names begin with.
        join: folder of a release; only what it names is taken, see `Join`.
    """

    output: str
    source: SourceConfig = SourceConfig()
    shard_size: int = Field(default=1000, ge=1, le=1_000_000)
    share: float = Field(default=1.0, gt=0, le=1)
    tiling: Tiling | None = None
    name: str = "shard"
    join: str | None = None


def ingest(
    items: Listing, config: IngestConfig, *, takeover: bool = False, grace: float = GRACE
) -> IngestSummary:
    """Write a source as ``NAME-000000.tar …`` with ``index.parquet`` and ``rejected.parquet``.

    Pictures keep their bytes. A shard ends after ``shard_size`` samples or `MAX_SHARD_BYTES` of pictures;
    at most twice as much is held in memory. A folder that was begun with another bound keeps it.

    Args:
        items: what a format's function found.
        takeover: see `lease.held`.
        grace: seconds in which the shard that is being written may be finished when the job is asked to stop.

    Raises:
        InputError: the source has no entries, or cannot be read; or nothing of it is in the release, or its
            windows are others there.
        OutputError: the folder holds shards of another source or with other options, lies within the source,
            or is worked on.
        StoppedError: the process was asked to stop.
    """
    storage = Storage(config.output)
    _require_apart(config.output, items.folder)
    most = _most(storage)
    join = None if config.join is None else Join(Release(config.join), items, config.source, config.tiling)
    record, last = _record(items, config, most, join), (REJECTED, *([MISSING] if join else []), INDEX)
    if look(storage, record_of("ingest"), record, last=last) is Claim.FINISHED:
        return _summary(storage, nothing_to_do=True)
    stop = Stop(grace)
    with held(storage, "ingest", takeover=takeover) as lease, stop.listening():
        claim(storage, "ingest", record, last=last)
        return _ingest(storage, items, config, most, join, lease, stop)


def _require_apart(output: str, source: str | None) -> None:
    """Hold the output against a folder whose every file is an entry: the next start would find the shards."""
    if source is not None and f"{absolute(output)}/".startswith(f"{absolute(source).rstrip('/')}/"):
        raise OutputError(
            f"{output} lies in {source}, every file of which is ingested: choose an output folder elsewhere"
        )


def _ingest(
    storage: Storage,
    items: Listing,
    config: IngestConfig,
    most: int,
    join: Join | None,
    lease: Lease,
    stop: Stop,
) -> IngestSummary:
    storage.sweep()
    rejected: list[Rejected] = []
    unknown: Counter[Unknown] = Counter()
    turned = objects = small = 0

    def noted(samples: list[Sample]) -> list[Sample]:
        nonlocal turned, objects, small
        unknown.update(unknown_labels(sample.annotation for sample in samples))
        objects += sum(len(sample.annotation.objects) for sample in samples)
        small += sum(unseen(sample.annotation) for sample in samples)
        turned += sum(map(_is_turned, samples))
        return samples

    rows: list[IndexRow] = []
    shards = map(noted, gathered(_samples(items, config, rejected, join), config.shard_size, most))
    for row in published(shards, config.name, storage, lease):
        rows.append(row)
        stop.check()
    if not rows and not rejected and join is None:
        raise InputError(f"{items.path} holds no entries: expected one picture or more")
    if join is not None and not rows:
        raise InputError(
            f"{items.path} holds nothing that {config.join} names, which knows pictures by their bytes"
        )
    lease.check()
    remove_others(storage, config.name, {f"{row.shard}.tar" for row in rows})
    publish_table(storage, REJECTED, rejected_table(rejected))
    if join is not None:
        publish_table(storage, MISSING, missing_table(join.missing()))
    publish_index(storage, rows)
    if turned:
        _log.warning("%s: %d pictures were turned upright by their EXIF, boxes with them", items.path, turned)
    if 2 * small > objects:
        _log.warning(
            "%s: %d of %d objects are too small to be seen when a model looks at the whole picture, so texts "
            "leave them out: cut the pictures with --tile",
            *(items.path, small, objects),
        )
    # every sample was seen: what stands in none of them is said in no text
    return replace(_summary(storage, nothing_to_do=False), unknown=+unknown)


def _is_turned(sample: Sample) -> bool:
    origin = sample.annotation.origin
    return origin is not None and origin.made.startswith(TURNED)


def _samples(
    items: Listing, config: IngestConfig, rejected: list[Rejected], join: Join | None
) -> Iterator[Sample]:
    """The samples in order; the others are added to ``rejected``."""
    taken: set[str] = set()
    results = loaded(items, config.source, config.tiling, config.share)
    for result in results if join is None else join.of(results):
        if isinstance(result, Sample) and result.key in taken:
            detail = f"{result.name} stands earlier in the source, too: list it once"
            result = Rejected(result.name, result.index, "duplicate_name", detail, result.sample_id)
        if isinstance(result, Rejected):
            rejected.append(result)
        else:
            taken.add(result.key)
            yield result


def _most(storage: Storage) -> int:
    """The bytes of pictures in a shard of this folder: of what is begun, none changes its shard."""
    name = record_of("ingest")
    before = storage.read_json(name).get("max_shard_bytes") if storage.exists(name) else None
    return before if isinstance(before, int) else MAX_SHARD_BYTES


def _record(items: Listing, config: IngestConfig, most: int, join: Join | None) -> dict[str, Any]:
    return {
        "format": items.format,
        "path": clean_name(items.path),
        "fingerprint": items.fingerprint,
        "source": config.source.model_dump(mode="json", exclude_defaults=True, exclude={"about"}),
        "shard_size": config.shard_size,
        "max_shard_bytes": most,
        "name": config.name,
        # only where they are chosen: a record of an earlier version tells neither
        **({"tiling": config.tiling.model_dump()} if config.tiling else {}),
        **({"share": config.share} if config.share < 1 else {}),
        **({"join": join.digest} if join else {}),
    }


def _summary(storage: Storage, nothing_to_do: bool) -> IngestSummary:
    samples = [row.samples for row in read_index(storage).values()]
    reasons = Counter(read_table(storage, REJECTED, ["reason"])["reason"].to_pylist())
    missing = missing_in_words(read_table(storage, MISSING)) if storage.exists(MISSING) else ""
    counted = sum(samples), dict(sorted(reasons.items())), len(samples)
    return IngestSummary(*counted, nothing_to_do, missing=missing)
