"""The search for leaks: the rounds of a search for duplicates on all sides, and what lineage tells.

What is done is found again when the job runs again, as in `mpgi_ray.curate.duplicates.job`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.curate.duplicates.hashing import WORK, Job
from mpgi_ray.curate.duplicates.pictures import Pictures
from mpgi_ray.curate.duplicates.rounds import (
    BLOCK,
    Each,
    compared,
    require_confirmed,
    require_overlaps,
    stamped,
    whole_paths,
)
from mpgi_ray.curate.leaks.chains import Link, links_of, links_to_list, met_on_pixels
from mpgi_ray.curate.leaks.found import SUMMARY, LeaksSummary, kinds_of, leaks_table, read_summary
from mpgi_ray.curate.leaks.hash_list import HASH_LIST, match, publish_hash_list, read_hash_list
from mpgi_ray.curate.leaks.nodes import Nodes
from mpgi_ray.curate.leaks.origins import met_by_footprint, met_by_lineage, met_by_window
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.lease import held
from mpgi_ray.data.searches import AGAINST, HASHES, LEAKS, THROUGH, TRAIN
from mpgi_ray.data.shard_list import ShardList, find_shards
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.models.place import absolute_place
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop

_JOB = "leaks"
_VERSION = 2  # of hashes, thresholds and rules: a folder of another one is refused
_LAST = (LEAKS, HASH_LIST, SUMMARY)
_RESULTS = (f"{HASHES}/*", f"{WORK}/*")
_Place = Annotated[str, AfterValidator(absolute)]
_Model = Annotated[str, AfterValidator(absolute_place)]


class Leaks(Config):
    """What to compare.

    Attributes:
        train, against, through: folders, globs or names of shards: of training, of evaluation, and of others
            by way of which a training picture may be a copy of an evaluation picture.
        output: folder of what is found.
        hashes: hash lists of evaluation sets, or folders that hold one.
        related: groups of names of sources that are made of the same pictures, by the same file names.
        fields, radius, overlaps, embeddings: see `mpgi_ray.curate.duplicates.Duplicates`.
    """

    train: tuple[_Place, ...] = Field(min_length=1)
    against: tuple[_Place, ...] = ()
    through: tuple[_Place, ...] = ()
    hashes: tuple[_Place, ...] = ()
    output: _Place
    related: tuple[tuple[str, ...], ...] = ()
    fields: ShardFields = ShardFields()
    radius: int = Field(default=10, ge=0, le=16)
    overlaps: bool = True
    embeddings: _Model | None = None

    @model_validator(mode="after")
    def _has_evaluation(self) -> Self:
        require_confirmed(self.overlaps, self.embeddings)
        if not (self.against or self.hashes):
            raise ValueError("there is no evaluation set: name its shards with --against, or --hashes")
        return self


def find_leaks(config: Leaks, *, takeover: bool = False, grace: float = GRACE) -> LeaksSummary:
    """Publish ``hashes/…``, ``leaks.parquet``, ``hashes.parquet`` and ``summary.json``.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: shards or hash lists are missing, unfinished, or cannot be read.
        OutputError: the output belongs to another search, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
        ImportError: overlaps are sought, and the extra ``duplicates`` is not installed.
    """
    if config.overlaps:
        require_overlaps()
    given = {TRAIN: config.train, AGAINST: config.against, THROUGH: config.through}
    sides = {side: find_shards(places) for side, places in given.items() if places}
    for shards in sides.values():
        shards.require_all()
    lists = [read_hash_list(path) for path in config.hashes]
    output, identity = Storage(config.output), _identity(config, sides, lists)
    look(output, record_of(_JOB), identity, last=(), results=_RESULTS)
    with held(output, _JOB, takeover=takeover) as lease:
        if claim(output, _JOB, identity, last=_LAST, results=_RESULTS) is Claim.FINISHED:
            output.delete(WORK)
            return read_summary(output)
        job, stop = Job(config.output, config.fields, config.radius, config.embeddings), Stop(grace)
        files = {
            f"{side}/{shard}": path
            for side, shards in sides.items()
            for shard, path in whole_paths(shards).items()
        }
        with ray_session(cpus_held=0), stop.listening():
            each = partial(fan_out, stop=stop, check=lease.check)
            pictures, candidates, _ = compared(job, files, config.overlaps, each)
            links = [*links_of(candidates), *_listed(job, pictures, config.hashes, lists, each)]
        return _finish(output, job, pictures, lists, links, config.related)


def _identity(config: Leaks, sides: dict[str, ShardList], lists: Sequence[pa.Table]) -> dict[str, Any]:
    return {
        "version": _VERSION,
        **{side: stamped(shards) for side, shards in sides.items()},
        "hashes": [_digest(table) for table in lists],
        "related": [list(names) for names in config.related],
        "radius": config.radius,
        "overlaps": config.overlaps,
        **({"embeddings": config.embeddings} if config.embeddings else {}),
        "fields": config.fields.model_dump(mode="json", exclude_defaults=True),
    }


def _digest(table: pa.Table) -> str:
    return hashlib.sha256(repr(table.to_pydict()).encode()).hexdigest()[:16]


def _listed(
    job: Job, pictures: Pictures, paths: Sequence[str], lists: Sequence[pa.Table], each: Each
) -> list[Link]:
    """The copies of the lists' pictures; these are numbered behind all others."""
    links, start = [], len(pictures)
    blocks = pictures.blocks(BLOCK, pictures.doubles)
    for number, (path, table) in enumerate(zip(paths, lists, strict=True)):
        for name in each(match, [(job, block, number, path) for block in blocks]):
            links += links_to_list(read_table(job.work, name), start)
        start += len(table)
    return links


def _finish(
    output: Storage,
    job: Job,
    pictures: Pictures,
    lists: Sequence[pa.Table],
    links: Sequence[Link],
    related: Sequence[Sequence[str]],
) -> LeaksSummary:
    listed = [
        table.append_column("shard", pa.array([f"{AGAINST}/hashes {n}"] * len(table), pa.string()))
        for n, table in enumerate(lists, 1)
    ]
    nodes = Nodes.of(job, pictures, listed)
    origins = met_by_window(nodes), met_by_lineage(nodes, related), met_by_footprint(nodes)
    met = [*met_on_pixels(nodes, links), *origins]
    table = leaks_table(nodes, met)
    kinds, examples = kinds_of(table, met)
    summary = LeaksSummary(
        train=len(nodes.train),
        evaluation=len(nodes.evaluation),
        through=len(nodes.of_side(THROUGH)),
        left_out=pictures.left_out(),
        leaking=len(set(zip(*(table[name].to_pylist() for name in ("shard", "key")), strict=True))),
        kinds=kinds,
        examples=examples,
    )
    publish_table(output, LEAKS, table)
    publish_hash_list(output, job, pictures, AGAINST)
    output.publish_json(SUMMARY, summary.record())
    output.sweep()
    job.hashes.sweep(below=True)
    job.work.delete("")
    return summary
