"""The folder of a caption run: ``run.json``, the parts of both stages, and those of pilots.

Each model of stage 1 has a folder of its own: ``perspectives``, ``perspectives-2`` … A pilot captions some
samples of a chunk, and a run whose engine fails leaves what was answered; their pieces lie under ``pilot/``
with the same names, and the full part takes their rows over. Readers see a chunk's full part, or else its
pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from mpgi_ray.data.parts import ChunkId, Part, Parts
from mpgi_ray.data.records import read_record
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

RUN = "run.json"
LOG = "log.jsonl"
METRICS = "metrics.json"
_Names = Annotated[list[str], Field(min_length=1)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Input(_Read):
    shards: str | list[str]
    fields: dict[str, Any]


class _Recipe(_Read):
    input: _Input


class _Prompt(_Read):
    hash: str


class _Shard(_Read):
    stamp: str


class _RunRecord(_Read):
    """What is read of ``run.json``."""

    recipe: _Recipe
    identity: dict[str, Any]
    stage1: Annotated[list[_Names], Field(min_length=1)]
    texts: _Names
    prompts: dict[str, _Prompt]
    versions: dict[str, str]
    shards: dict[str, _Shard]
    later_versions: list[dict[str, str]] = []


@dataclass(frozen=True)
class StageParts:
    """The published records of one stage, or of one model of stage 1: full parts, and pieces of others.

    Attributes:
        names: the perspectives of a model of stage 1, in the recipe's order; empty for stage 2.
    """

    full: Parts
    pilot: Parts
    names: tuple[str, ...] = ()

    def read(self, chunk: ChunkId) -> Part | None:
        """What is published of a chunk: the full part, or else the pieces that a pilot or a stop left."""
        return self.full.read(chunk) or self.pilot.read(chunk)

    def withdraw(self, chunk: ChunkId, keep: Callable[[Part], Part]) -> None:
        """Take records back so that they are made again; only when nobody else works on the folder.

        What is kept of a full part becomes a piece. If this is cut off, all records are still there.

        Args:
            keep: what stays of a part or a piece.
        """
        full = self.full.read(chunk)
        if full is None:
            self.pilot.rewrite(chunk, keep)
            return
        self.pilot.remove(chunk)  # the full part took these rows over
        self.pilot.publish(chunk, keep(full))
        self.full.remove(chunk)

    def shard_sha256(self, chunk: ChunkId) -> str:
        """The hash of the shard that a chunk's records were made from."""
        return (self.full if self.full.holds(chunk) else self.pilot).shard_sha256(chunk)


class CaptionFolder:
    """One caption run's output: a local path or an fsspec URL.

    Attributes:
        stage1: one for each model that describes images, in the recipe's order.
        stage2: the integrated texts.
    """

    def __init__(self, url: str) -> None:
        self.storage = Storage(url)
        self.stage2 = self._stage("integrated")
        self.integrated = self.stage2.full
        self.pilot_integrated = self.stage2.pilot

    @cached_property
    def stage1(self) -> tuple[StageParts, ...]:
        models = self.run_record()["stage1"] if self.storage.exists(RUN) else [()]
        return tuple(
            self._stage(f"perspectives-{n}" if n > 1 else "perspectives", names)
            for n, names in enumerate(models, 1)
        )

    def _stage(self, name: str, perspectives: Sequence[str] = ()) -> StageParts:
        full, pilot = Parts(self.storage.child(name)), Parts(self.storage.child(f"pilot/{name}"))
        return StageParts(full, pilot, tuple(perspectives))

    def files(self) -> dict[ChunkId, dict[str, str]]:
        """By chunk, the files that hold its records, full ones and pieces, with their stamps: one listing."""
        stages = [*self.stage1, self.stage2]
        parts = [part.storage.url for stage in stages for part in (stage.full, stage.pilot)]
        places = [f"{url.removeprefix(self.storage.url)}/".lstrip("/") for url in parts]
        found: dict[ChunkId, dict[str, str]] = {}
        for name, stamp in self.storage.stamps(".parquet").items():
            place = next((place for place in places if name.startswith(place)), None)
            if place is not None:
                found.setdefault(ChunkId.parse(name.removeprefix(place)), {})[name] = stamp
        return found

    def described(self) -> set[ChunkId]:
        """Chunks with the full parts of every model of stage 1."""
        return set.intersection(*(stage.full.done() for stage in self.stage1))

    def run_record(self) -> dict[str, Any]:
        """What ``run.json`` holds: recipe, versions, prompts, shards.

        Raises:
            InputError: this is not a caption folder, or the file is damaged; the message names the key.
        """
        if not self.storage.exists(RUN):
            raise InputError(f"{self.storage.url} holds no {RUN}: give the output folder of `mpgi caption`")
        fix = "restore it, or caption into another folder"
        return read_record(self.storage, RUN, _RunRecord, "caption", fix).model_dump()

    def log(self) -> list[dict[str, Any]]:
        """One record for each time the run was started: when, how many samples, how fast."""
        return list(self.storage.read_json_lines(LOG)) if self.storage.exists(LOG) else []

    def sweep(self) -> None:
        """Remove temporary files that a killed process left; only when nobody else is writing."""
        self.storage.sweep()
        for stage in (*self.stage1, self.stage2):
            stage.full.storage.sweep(below=True)
            stage.pilot.storage.sweep(below=True)

    def chunks(self) -> list[ChunkId]:
        """All chunks with integrated texts, full or pilot, in order."""
        return sorted(self.integrated.done() | self.pilot_integrated.done())

    def table(self, chunk: ChunkId) -> pa.Table:
        """Every record of a chunk: stage 1 and inputs refused, then stage 2; by sample within each."""
        parts = [stage.read(chunk) for stage in (*self.stage1, self.stage2)]
        return pa.concat_tables([part.rows for part in parts if part is not None])

    def shard_sha256(self, chunk: ChunkId) -> str:
        """The hash of the shard that a chunk's captions were made from."""
        return self.stage1[0].shard_sha256(chunk)

    def tables(self) -> Iterator[pa.Table]:
        for chunk in self.chunks():
            yield self.table(chunk)
