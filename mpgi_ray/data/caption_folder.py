"""The folder of a caption run: ``run.json``, the parts of both stages, and those of pilots.

A pilot captions some samples of a chunk; its parts lie under ``pilot/`` with the same names, and the full
run takes their rows over. Readers see a chunk's full part, or else its pilot's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from mpgi_ray.data.parts import ChunkId, Parts
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

RUN = "run.json"
LOG = "log.jsonl"


class CaptionFolder:
    """One caption run's output: a local path or an fsspec URL."""

    def __init__(self, url: str) -> None:
        self.storage = Storage(url)
        self.perspectives = Parts(self.storage.child("perspectives"))
        self.integrated = Parts(self.storage.child("integrated"))
        self.pilot_perspectives = Parts(self.storage.child("pilot/perspectives"))
        self.pilot_integrated = Parts(self.storage.child("pilot/integrated"))

    def manifest(self) -> dict[str, Any]:
        """What ``run.json`` holds: recipe, versions, prompts, shards.

        Raises:
            InputError: this is no caption folder.
        """
        if not self.storage.exists(RUN):
            raise InputError(f"{self.storage.url} holds no {RUN}: give the output folder of `mpgi caption`")
        record: dict[str, Any] = json.loads(self.storage.read(RUN))
        return record

    def log(self) -> list[dict[str, Any]]:
        """One record for each time the run was started: when, how many samples, how fast."""
        if not self.storage.exists(LOG):
            return []
        return [json.loads(line) for line in self.storage.read(LOG).splitlines()]

    def chunks(self) -> list[ChunkId]:
        """All chunks with integrated texts, full or pilot, in order."""
        return sorted(self.integrated.done() | self.pilot_integrated.done())

    def table(self, chunk: ChunkId) -> pa.Table:
        """Every record of a chunk: stage 1 and inputs refused, then stage 2; by sample within each."""
        stages = (self.perspectives, self.pilot_perspectives), (self.integrated, self.pilot_integrated)
        return pa.concat_tables([_holder(full, pilot, chunk).read(chunk) for full, pilot in stages])

    def shard_sha256(self, chunk: ChunkId) -> str:
        """The hash of the shard that a chunk's captions were made from."""
        return _holder(self.perspectives, self.pilot_perspectives, chunk).shard_sha256(chunk)

    def tables(self) -> Iterator[pa.Table]:
        for chunk in self.chunks():
            yield self.table(chunk)


def _holder(full: Parts, pilot: Parts, chunk: ChunkId) -> Parts:
    return full if full.holds(chunk) else pilot
