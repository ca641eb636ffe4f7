"""What a task makes of a final shard: its table of texts, its rows of the CSV, and its counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from mpgi_ray.curate.counts import Counts
from mpgi_ray.curate.csv_rows import encode_rows
from mpgi_ray.data.clip_tokens import clip_tokens
from mpgi_ray.data.final import PICTURES
from mpgi_ray.data.lhrs import record_of
from mpgi_ray.data.licence import forbids_texts
from mpgi_ray.data.release import SCHEMA, part_name
from mpgi_ray.data.release_rows import rows_of
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.data.tar import group_members, read_members
from mpgi_ray.data.text import decode_json
from mpgi_ray.errors import InputError

LHRS = "lhrs"  # folder of LHRS-Align's JSON
WORK = ".work"  # folder within the output for what a job keeps until it is done
CSV_HEAD = ("source", "image", "window", "sha256", "name", "caption")
_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Job:
    """What every task of a release needs to know.

    Attributes:
        final: folder of the final shards.
        shards: their names, in order.
        share: sources that are taken in whatever their licence says.
        mgrs: whether MGRS-200k's JSON is written of the pictures that go out.
        lhrs: whether LHRS-Align's JSON is written of the texts.
    """

    final: str
    output: str
    shards: tuple[str, ...]
    share: frozenset[str]
    mgrs: bool = False
    lhrs: bool = False

    @property
    def work(self) -> Storage:
        return Storage(self.output).child(WORK)


@dataclass(frozen=True, slots=True)
class Published:
    """A sample of a final shard.

    Attributes:
        note: its ``.json``.
        text: its ``.txt``.
        suffix: of the picture.
    """

    key: str
    note: Mapping[str, Any]
    text: str
    image: bytes
    suffix: str

    @property
    def georeferenced(self) -> dict[str, Any] | None:
        """A record of LHRS-Align; None if it is not known where the picture lies."""
        note = self.note
        return record_of(note["name"], note["sample_id"], note["annotation"], self.text)

    def rows(self, shard: str) -> list[dict[str, Any]]:
        """Those of its texts, see `rows_of`.

        Raises:
            InputError: the ``.json`` is not one that curation wrote.
        """
        try:
            return rows_of(self.note, self.text, shard, self.key)
        except (KeyError, TypeError, AttributeError) as error:
            raise _not_ours(shard, self.key, error) from error


def published(job: Job, shard: str) -> Iterator[Published]:
    """The samples of a final shard, in their order.

    Raises:
        InputError: the shard, or a sample of it, cannot be read.
    """
    file = f"{shard}.tar"
    for group in group_members(read_members(Storage(job.final).read(file), file), file, None):
        suffix = next((one for one in PICTURES if one in group.fields), "")
        try:
            if not _KEY.fullmatch(group.key):  # files are named by it
                raise ValueError("its key is none of curation's")
            note, text = decode_json(group.fields["json"]), group.fields["txt"].decode()
            yield Published(group.key, note, text, group.fields[suffix], suffix)
        except (KeyError, ValueError) as error:
            raise _not_ours(shard, group.key, error) from error


def write_part(job: Job, number: int) -> dict[str, Any]:
    """Publish the table of a final shard.

    Returns:
        ``counts`` of what is in it, ``left_out`` (source, licence, why, samples and texts of each), its
        ``rows``, and how many pictures are ``placed`` in LHRS-Align's JSON.

    Raises:
        InputError: the shard cannot be read.
    """
    shard, done = job.shards[number], f"{number:06d}.part.json"
    output, file = Storage(job.output), part_name(number, len(job.shards))
    if job.work.exists(done) and output.exists(file):
        return job.work.read_json(done)
    counts, left, tokens = Counts(), dict[tuple[str, str, str], list[int]](), clip_tokens()
    rows: list[dict[str, Any]] = []
    placed: list[dict[str, Any]] = []
    for sample in published(job, shard):
        of_sample = sample.rows(shard)
        source, licence = of_sample[0]["source"], of_sample[0]["licence"]
        why = None if source in job.share else forbids_texts(licence)
        if why is not None:
            counted = left.setdefault((source, licence or "", why), [0, 0])
            counted[0] += 1
            counted[1] += len(of_sample)
            continue
        counts.add(of_sample, sample.note["annotation"], sample.suffix, tokens)
        rows += of_sample
        if job.lhrs and (record := sample.georeferenced):
            placed.append(record)
    publish_table(output, file, pa.Table.from_pylist(rows, schema=SCHEMA))
    job.work.publish(f"{number:06d}.csv", encode_rows(map(_csv_row, rows)))
    if job.lhrs:
        output.publish_json(f"{LHRS}/features_{number:05d}.json", {"data": placed})
    result = {
        "counts": counts.record(),
        "placed": len(placed),
        "left_out": [[*key, *numbers] for key, numbers in sorted(left.items())],
        "rows": len(rows),
    }
    job.work.publish_json(done, result)
    return result


def _csv_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    window = "" if row["window"] is None else " ".join(map(str, row["window"]))
    return row["source"], row["image"], window, row["sha256"], row["name"], row["text"]


def _not_ours(shard: str, key: str, error: Exception) -> InputError:
    what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return InputError(
        f"{shard}.tar: {key} is not a final sample of `mpgi curate` ({what}): curate the shards again"
    )
