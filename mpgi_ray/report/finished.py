"""The finished folder of a job that a panel shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mpgi_ray.data.claim import record_of
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

_SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class Finished:
    """What every such folder holds.

    Attributes:
        identity: what the job was told.
        summary: its counts.
    """

    storage: Storage
    identity: Mapping[str, Any]
    summary: Mapping[str, Any]

    @property
    def name(self) -> str:
        return "/".join(self.storage.path("").split("/")[-2:])

    @property
    def fields(self) -> ShardFields:
        """Where the shards keep what is read."""
        return ShardFields.model_validate(self.identity.get("fields", {}))


def job_of(folder: str, jobs: tuple[str, ...]) -> str | None:
    """Which of these jobs wrote a folder; None if none of them did."""
    storage = Storage(folder)
    return next((job for job in jobs if storage.exists(record_of(job))), None)


def finished(folder: str, job: str, command: str = "") -> Finished:
    """A job's folder.

    Args:
        command: that runs the job; by default its name.

    Raises:
        InputError: it is another folder, or the job has not ended.
    """
    storage, command = Storage(folder), command or job
    if not storage.exists(record_of(job)):
        raise InputError(f"{folder} holds no {record_of(job)}: give the output folder of `mpgi {command}`")
    if not storage.exists(_SUMMARY):
        raise InputError(f"{folder} is not finished: run the same `mpgi {command}` again first")
    return Finished(storage, storage.read_json(record_of(job)), storage.read_json(_SUMMARY))
