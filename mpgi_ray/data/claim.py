"""Which job an output folder belongs to: a job first writes its identity there, and its last files last.

So the same command continues where it was stopped, says when nothing is left to do, and never mixes its
results with those of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from mpgi_ray.data.index import INDEX, read_index
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import InputError, OutputError

SHARD_JOBS = ("ingest", "curate", "demo")  # of these, the index comes last


class Claim(StrEnum):
    """The state of an output folder for the job that asks for it."""

    NEW = "new"
    CONTINUED = "continued"
    FINISHED = "finished"


def look(
    storage: Storage,
    record: str,
    identity: Mapping[str, Any],
    *,
    last: Sequence[str],
    key: str | None = None,
    results: Sequence[str] = ("*.tar",),
) -> Claim:
    """Whether this job may write into a folder, and whether it did before; nothing is written.

    Args:
        record: the file that the job writes first.
        identity: the settings that identify it.
        last: the files that are there when the job is finished; with an index its shards, too.
        key: where the record holds the identity; None: it holds nothing else.
        results: patterns of the files that such a job writes beside ``last``: a new folder holds none.

    Raises:
        InputError: the record is damaged.
        OutputError: the folder belongs to another job; the message names the first setting that differs.
    """
    if not storage.exists(record):
        there = storage.list("")
        if strange := [name for ours in (*results, *last) for name in there if fnmatchcase(name, ours)]:
            raise OutputError(
                f"{storage.url} holds {strange[0]} and no {record}: choose an empty folder for the output"
            )
        return Claim.NEW
    before: Any = storage.read_json(record)
    if key is not None:
        before = before.get(key)
    if not isinstance(before, Mapping):
        raise InputError(
            f"{storage.path(record)} holds no {key}: restore it, or choose another output folder"
        )
    require_same(storage, before, identity)
    return Claim.FINISHED if _whole(storage, last) else Claim.CONTINUED


def claim(
    storage: Storage,
    job: str,
    identity: Mapping[str, Any],
    *,
    last: Sequence[str],
    results: Sequence[str] = ("*.tar",),
) -> Claim:
    """`look`, for a job that writes shards, and write its record into a new folder.

    Raises:
        InputError, OutputError: as `look`, or the record cannot be written.
    """
    found = look(storage, record_of(job), identity, last=last, results=results)
    if found is Claim.NEW:
        storage.publish_json(record_of(job), identity)
    return found


def record_of(job: str) -> str:
    """The file that a job which writes shards writes first."""
    return f"{job}.json"


def require_same(storage: Storage, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Compare the settings that a folder was made with to the present ones.

    Raises:
        OutputError: they differ; the message names the first one, in the order of names.
    """
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            raise OutputError(
                f"{storage.url} was made with other settings: {name} was {before.get(name)!r}, "
                f"is {now.get(name)!r}; set it as it was, or choose another output folder"
            )


def _whole(storage: Storage, names: Sequence[str]) -> bool:
    """Whether files are there, and with an index its shards, of the sizes that it tells."""
    there = storage.stamps(".tar", *names)
    if not there.keys() >= set(names):
        return False
    shards = read_index(storage).values() if INDEX in names else ()
    return all(f"{row.shard}.tar" in there and row.fits(there[f"{row.shard}.tar"]) for row in shards)


def stamps(files: Sequence[str]) -> dict[str, str | None]:
    """What tells of each of the files that a job reads whether it has changed, for the job's identity."""
    places = {file: split_url(file) for file in files}
    return {file: storage.stamp(name) for file, (storage, name) in places.items()}
