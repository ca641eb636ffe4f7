"""The first kind of task: ``hashes/SHARD.parquet``, what is compared of each picture of a shard."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from mpgi_ray.curate.duplicates.confirm import plainness
from mpgi_ray.curate.duplicates.phash import phashes
from mpgi_ray.curate.duplicates.texts import digests
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Annotation, Rejected, Sample
from mpgi_ray.data.searches import HASHES, PLACE
from mpgi_ray.data.shards import ShardFields, encode_json, read_shard
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.data.tables import publish_table, read_table

REJECTED = "rejected"  # the metadata of a shard's table
PLAIN = 0.95  # of the reduced picture: what has nothing else is not compared
WORK = ".work"  # folder within the output for what a job keeps until it is done
# what is compared of two annotations, and counts as annotated; the others follow from these or from the file
ANNOTATED = ("scene", "labels", "objects", "cover", "tags", "captions")
COMPARED = (*ANNOTATED, "gsd", "date", "place", "split")
LINEAGE = (  # where a picture comes from: the source's file, by name and digest, and its part of it
    pa.field("source", pa.string()),
    pa.field("image", pa.string()),
    pa.field("file", pa.string()),
    pa.field("window", pa.list_(pa.int64())),
    pa.field("bounds", pa.list_(pa.float64())),
)
SCHEMA = pa.schema(
    [
        ("index", pa.int64()),
        ("key", pa.string()),
        ("sample_id", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("annotated", pa.int64()),
        ("told", pa.map_(pa.string(), pa.string())),
        ("texts", pa.list_(pa.int64())),
        ("hashes", pa.binary(64)),
        ("reduced", pa.binary(1024)),
        ("reason", pa.string()),
        *LINEAGE,
    ]
)


@dataclass(frozen=True, slots=True)
class Job:
    """What every task of a search for duplicates needs to know.

    Attributes:
        radius: bits in which the hashes of a candidate differ at most.
        embeddings: the model whose nearest neighbours are candidates, too.
    """

    output: str
    fields: ShardFields
    radius: int
    embeddings: str | None = None

    @property
    def hashes(self) -> Storage:
        return Storage(self.output).child(HASHES)

    @property
    def work(self) -> Storage:
        return Storage(self.output).child(WORK)

    def table(self, shard: str, *columns: str) -> pa.Table:
        """Columns of what is published of a shard."""
        return read_table(self.hashes, f"{shard}.parquet", columns or None)

    def entries(self, url: str) -> list[Sample | Rejected]:
        """What a shard holds, by its whole path."""
        storage, name = split_url(url)
        return read_shard(storage.read(name), url, self.fields)


def hash_shard(job: Job, shard: str, url: str) -> None:
    """Publish a row for each sample of a shard, and as metadata the rejected entries by reason, and the path.

    A sample whose picture cannot be compared has a reason in place of hashes.

    Raises:
        InputError: the shard cannot be read.
    """
    name = f"{shard}.parquet"
    if job.hashes.exists(name):
        return
    entries = job.entries(url)
    table = pa.Table.from_pylist([_row(entry) for entry in entries if isinstance(entry, Sample)], SCHEMA)
    rejected = Counter(entry.reason for entry in entries if isinstance(entry, Rejected))
    told = {REJECTED: json.dumps(rejected), PLACE: url}
    publish_table(job.hashes, name, table.replace_schema_metadata(told))


def _row(sample: Sample) -> dict[str, Any]:
    annotation = sample.annotation
    row: dict[str, Any] = {
        "index": sample.index,
        "key": sample.key,
        "sample_id": sample.sample_id,
        "width": annotation.width,
        "height": annotation.height,
        "annotated": sum(len(getattr(annotation, name)) for name in ANNOTATED),
        "told": _told(annotation),
        "texts": digests(annotation.captions),
        **_lineage(sample),
    }
    try:
        hashes, reduced = phashes(decode(sample.image).pixels)
    except ImageError as error:
        return row | {"reason": error.reason}
    if plainness(reduced[None])[0] >= PLAIN:  # their hashes are those of noise, or of a corner
        return row | {"reason": "one_grey"}
    return row | {"hashes": hashes.astype(">u8").tobytes(), "reduced": reduced.tobytes()}


def _lineage(sample: Sample) -> dict[str, Any]:
    """A picture that was not cut or converted is its file."""
    annotation, origin = sample.annotation, sample.annotation.origin
    return {
        "source": annotation.source,
        "image": origin.image if origin else sample.name,
        "file": origin.sha256 if origin else sample.sample_id,
        "window": origin and origin.window,
        "bounds": annotation.bounds,
    }


def _told(annotation: Annotation) -> dict[str, str]:
    """A digest of each thing that is annotated; two annotations that differ there contradict each other."""
    record = annotation.model_dump(mode="json", exclude_defaults=True, include=set(COMPARED))
    return {
        name: hashlib.sha256(encode_json({name: value})).hexdigest()[:8]
        for name, value in sorted(record.items())
    }
