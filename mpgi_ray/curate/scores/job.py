"""The scoring job: a pool of replicas over the source shards, each of which becomes one table.

What is done is found again when the job runs again, by the names of the tables; ``summary.json`` is written
last.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.curate.choice import Choice
from mpgi_ray.curate.given import given_by
from mpgi_ray.curate.scores.scorer import Scorer, load_scorers
from mpgi_ray.curate.scores.scoring import Job, Scoring
from mpgi_ray.curate.scores.summary import SUMMARY, ScoresSummary, read_summary, summed
from mpgi_ray.curate.scores.table import FOLDER, Column
from mpgi_ray.curate.sources import Source
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.shard_list import shards_in_words
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.stop_flag import StopFlag
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import StoppedError, StorageError
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.pool import pooled
from mpgi_ray.runtime.room import Pool
from mpgi_ray.runtime.stopping import GRACE, Stop

_JOB = "score"
_VERSION = 1  # of the table's columns and rules: a folder of another one is refused
_RESULTS = (f"{FOLDER}/*",)
_Place = Annotated[str, AfterValidator(absolute)]


class Scores(Config):
    """What to score, and by what.

    Attributes:
        captions: a caption run's folder; without one, the captions in the shards are scored.
        output: folder of the scores.
        shards: the source shards; of a caption run only if they moved since they were captioned.
        fields: where shards of other programs keep what is read; only without a caption run, which knows it.
        partial: score what is captioned so far.
        scorers: which figures are made.
        replicas: processes that score, each with models of its own.
        cpus: cores of a replica, and so threads of its models; by default this machine's cores are shared.
        gpu: one GPU a replica.
    """

    captions: _Place | None = None
    output: _Place
    shards: _Place | tuple[_Place, ...] | None = None
    fields: ShardFields = ShardFields()
    partial: bool = False
    scorers: tuple[Choice, ...] = Field(min_length=1)
    replicas: int = Field(default=1, ge=1)
    cpus: int | None = Field(default=None, ge=1)
    gpu: bool = False

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.captions is None and self.shards is None:
            raise ValueError("neither captions nor shards: expected a caption run's folder, or shards")
        if self.captions is None and self.partial:
            raise ValueError("partial is a setting of caption runs: leave it out")
        if self.captions is not None and self.fields != ShardFields():
            raise ValueError("fields stand in the recipe of the caption run: leave them out")
        return self

    @property
    def pool(self) -> Pool:
        """The replicas, with the cores that each of them has."""
        cpus = self.cpus or max(1, (os.cpu_count() or 1) // self.replicas)
        return Pool("scoring replica", self.replicas, cpus, int(self.gpu))


def score(config: Scores, *, takeover: bool = False, grace: float = GRACE) -> ScoresSummary:
    """Publish ``scores/SHARD.parquet`` of every source shard, and ``summary.json``.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which shards that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: captions or shards are missing, unfinished, or do not belong together; a model is missing.
        OutputError: the output belongs to another job, is worked on, or cannot be written.
        RecipeError: a scorer is unknown, or a setting of it is wrong.
        ResourceError: the cluster is too small.
        StoppedError: the process was asked to stop.
        UnfinishedError: the cluster lost replicas again and again.
        ImportError: a scorer needs an extra that is not installed.
    """
    scorers, output = load_scorers(config.scorers), Storage(config.output)
    texts = given_by(config.captions, config.shards, config.fields, config.partial)
    made = [scorer.made_by() for scorer in scorers]
    columns = _columns(config.scorers, scorers, made)
    identity = _identity(config, scorers, made) | texts.identity(output)
    look(output, record_of(_JOB), identity, last=(), results=_RESULTS)
    with held(output, _JOB, takeover=takeover) as lease:
        state, shards = claim(output, _JOB, identity, last=(SUMMARY,), results=_RESULTS), texts.shards()
        sources = texts.sources(shards)
        if state is Claim.FINISHED:
            before = read_summary(output)
            if not _left(output, sources, before.unreadable_shards):
                return before
            output.delete(SUMMARY)  # a table was lost or deleted since
        job = Job(
            captions=config.captions,
            output=config.output,
            root=shards.root.url,
            fields=texts.fields,
            names=tuple(dict.fromkeys(texts.written)),
            scorers=tuple(scorers),
            columns=columns,
            gpu=config.gpu,
        )
        lease.tell(len(sources))
        unreadable = _score_all(job, sources, config.pool, lease, grace)
        summary = summed(output, columns, unreadable)
        output.publish_json(SUMMARY, summary.record())
        output.sweep()
        output.child(FOLDER).sweep(below=True)
        return summary


def _score_all(job: Job, sources: Sequence[Source], pool: Pool, lease: Lease, grace: float) -> list[str]:
    """Publish the tables that are not there; the shards that cannot be read and have no captions either."""
    output, unreadable = Storage(job.output), set[str]()

    def left() -> list[Source]:
        return _left(output, sources, unreadable)

    if not left():
        return []
    flag = StopFlag(output)
    flag.clear()  # a driver that was killed may have left it
    stop = Stop(grace, flag.set)
    try:
        with ray_session(pool.count * pool.cpus, pool.count * pool.gpus, [pool], reading=0), stop.listening():
            for done in pooled(partial(Scoring, job), left, pool, stop=stop, check=lease.check):
                if done.unreadable:
                    unreadable.add(done.shard)
    except StoppedError:
        raise stop.error(f"{len(left()):,} of {shards_in_words(len(sources))} are left") from None
    finally:
        with suppress(StorageError):  # what ended the job is told; the next start clears it, too
            flag.clear()
    return sorted(unreadable)


def _left(output: Storage, sources: Sequence[Source], unreadable: Collection[str]) -> list[Source]:
    """Shards whose table is not there, but for those that cannot be read."""
    there = set(output.child(FOLDER).list(".parquet"))
    return [
        source
        for source in sources
        if f"{source.shard}.parquet" not in there and source.shard not in unreadable
    ]


def _columns(
    chosen: Sequence[Choice], scorers: Sequence[Scorer], made: Sequence[tuple[str, str]]
) -> tuple[Column, ...]:
    return tuple(
        Column(name, choice.name, *by)
        for choice, scorer, by in zip(chosen, scorers, made, strict=True)
        for name in scorer.columns
    )


def _identity(config: Scores, scorers: Sequence[Scorer], made: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What decides about the figures; not how many replicas make them."""
    identity: dict[str, Any] = {"version": _VERSION, "partial": config.partial}
    for number, (choice, scorer, by) in enumerate(zip(config.scorers, scorers, made, strict=True)):
        told = {"name": choice.name, "revision": by[1]}
        identity[f"scorers.{number}"] = told | scorer.model_dump(mode="json")
    return identity
