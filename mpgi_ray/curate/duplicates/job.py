"""The search for duplicates: rounds of tasks, and the files that describe the result.

What is done is found again when the job runs again: hashes by the shard's name, the rest in a folder of its
own until ``summary.json``, the last file, is written.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.curate.duplicates.groups import groups_table, pairs_table
from mpgi_ray.curate.duplicates.hashing import WORK, Job
from mpgi_ray.curate.duplicates.merged import merged_table
from mpgi_ray.curate.duplicates.pairing import COPY, OVERLAP, Counts
from mpgi_ray.curate.duplicates.pictures import Pictures
from mpgi_ray.curate.duplicates.rounds import (
    compared,
    require_confirmed,
    require_overlaps,
    stamped,
    whole_paths,
)
from mpgi_ray.curate.duplicates.summary import SUMMARY, DuplicatesSummary, read_summary
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.lease import held
from mpgi_ray.data.searches import GROUPS, HASHES, MERGED, PAIRS
from mpgi_ray.data.shard_list import ShardList, find_shards
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.data.tables import publish_table
from mpgi_ray.models.place import absolute_place
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop

_JOB = "duplicates"
_VERSION = 2  # of hashes, thresholds and rules: a folder of another one is refused
_LAST = (PAIRS, GROUPS, MERGED, SUMMARY)
_RESULTS = (f"{HASHES}/*", f"{WORK}/*")
_Place = Annotated[str, AfterValidator(absolute)]
_Model = Annotated[str, AfterValidator(absolute_place)]


class Duplicates(Config):
    """What to compare.

    Attributes:
        shards: folders, globs or names of shards.
        output: folder of what is found.
        fields: where shards of other programs keep what is read.
        radius: bits in which the hashes of a candidate differ at most.
        overlaps: look at candidates that are no copies for ground that both show (extra ``duplicates``).
        embeddings: a model, as `mpgi_ray.models.embed.Model.load` takes it: the nearest neighbours of each
            picture by its features are looked at, too (extra ``train``).
    """

    shards: tuple[_Place, ...] = Field(min_length=1)
    output: _Place
    fields: ShardFields = ShardFields()
    radius: int = Field(default=10, ge=0, le=16)
    overlaps: bool = True
    embeddings: _Model | None = None

    @model_validator(mode="after")
    def _can_confirm(self) -> Self:
        require_confirmed(self.overlaps, self.embeddings)
        return self


def find_duplicates(config: Duplicates, *, takeover: bool = False, grace: float = GRACE) -> DuplicatesSummary:
    """Publish ``hashes/…``, ``pairs.parquet``, ``groups.parquet``, ``merged.parquet`` and ``summary.json``.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: shards are missing, unfinished, or cannot be read.
        OutputError: the output belongs to another search, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
        ImportError: overlaps are sought, and the extra ``duplicates`` is not installed.
    """
    if config.overlaps:
        require_overlaps()
    shards, output = find_shards(config.shards), Storage(config.output)
    shards.require_all()
    identity = _identity(config, shards)
    look(output, record_of(_JOB), identity, last=(), results=_RESULTS)
    with held(output, _JOB, takeover=takeover) as lease:
        if claim(output, _JOB, identity, last=_LAST, results=_RESULTS) is Claim.FINISHED:
            output.delete(WORK)
            return read_summary(output)
        job, stop = Job(config.output, config.fields, config.radius, config.embeddings), Stop(grace)
        with ray_session(cpus_held=0), stop.listening():
            each = partial(fan_out, stop=stop, check=lease.check)
            paths = whole_paths(shards)
            pictures, candidates, counts = compared(job, paths, config.overlaps, each)
            groups = groups_table(pictures, candidates)
            merged = merged_table(job, groups, paths, each)
        return _finish(output, job, pictures, candidates, groups, merged, counts, config.overlaps)


def _identity(config: Duplicates, shards: ShardList) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "shards": stamped(shards),
        "radius": config.radius,
        "overlaps": config.overlaps,
        **({"embeddings": config.embeddings} if config.embeddings else {}),
        "fields": config.fields.model_dump(mode="json", exclude_defaults=True),
    }


def _finish(
    output: Storage,
    job: Job,
    pictures: Pictures,
    candidates: pa.Table,
    groups: pa.Table,
    merged: pa.Table,
    counts: Counts,
    sought: bool,
) -> DuplicatesSummary:
    verdicts = candidates["verdict"].to_pylist()
    conflicts = groups["conflicts"].to_pylist()
    summary = DuplicatesSummary(
        pictures=int(pictures.compared().sum()),
        left_out=pictures.left_out(),
        exact=len(pictures.doubles),
        candidates=len(candidates),
        unlisted=counts.unlisted,
        crowded=counts.crowded,
        copies=verdicts.count(COPY),
        overlaps=verdicts.count(OVERLAP),
        groups=len(set(groups["group"].to_pylist())),
        dropped=groups["keep"].to_pylist().count(False),
        conflicts=sum(map(bool, conflicts)),
        across_splits=sum("split" in names for names in conflicts),
        merged=sum(map(bool, merged["taken"].to_pylist())),
        texts=pictures.texts(),
        overlaps_sought=sought,
    )
    publish_table(output, PAIRS, pairs_table(pictures, candidates))
    publish_table(output, GROUPS, groups)
    publish_table(output, MERGED, merged)
    output.publish_json(SUMMARY, summary.record())
    output.sweep()
    job.hashes.sweep(below=True)
    job.work.delete("")
    return summary
