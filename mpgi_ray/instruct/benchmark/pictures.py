"""What the tasks of the job do with the pictures of a final shard."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.data.final import Record, read_records
from mpgi_ray.data.image import real_suffix
from mpgi_ray.data.storage import Storage
from mpgi_ray.instruct.benchmark.candidates import candidates
from mpgi_ray.instruct.benchmark.groups import Asked
from mpgi_ray.rules.of_sample import facts_of_record


def read_splits(shard: str) -> list[tuple[str, str | None]]:
    """The id and the split of each sample of a shard."""
    return [(one.sample_id, one.annotation.get("split")) for one in read_records([shard], pictures=False)]


def asked_of(shard: str, wanted: frozenset[str], *, measured: bool) -> list[Asked]:
    """What may be asked of pictures of a shard, each once.

    Args:
        wanted: their ids.
        measured: look at their colours.
    """
    return [
        Asked(
            record.sample_id,
            record.source,
            None,
            tuple(candidates(facts_of_record(record, measured=measured), record.source)),
            file_name(record),
        )
        for record in _once(shard, wanted)
    ]


def publish_pictures(shard: str, output: str, wanted: frozenset[str]) -> int:
    """Write pictures of a shard as files of their own; how many."""
    storage, count = Storage(output), 0
    for record in _once(shard, wanted):
        storage.publish(file_name(record), record.image)
        count += 1
    return count


def file_name(record: Record) -> str:
    """``SAMPLE_ID.jpg``."""
    return f"{record.sample_id}.{real_suffix(record.image)}"


def _once(shard: str, wanted: frozenset[str]) -> Iterator[Record]:
    seen: set[str] = set()
    for record in read_records([shard]):
        if record.sample_id in wanted - seen:
            seen.add(record.sample_id)
            yield record
