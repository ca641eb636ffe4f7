"""The curation job: plan, two rounds of tasks, and the files that describe the result.

Memory holds one source shard or one final shard a task. What is done is skipped when the job runs again;
the summary is written last: the job is done once it and all files that it describes are there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.curate.card import final_card
from mpgi_ray.curate.card_facts import README, CardFacts, publish_card
from mpgi_ray.curate.counts import Counts
from mpgi_ray.curate.given import Given, People, Run, handed_over
from mpgi_ray.curate.rebuild import lost_name
from mpgi_ray.curate.released import Released, is_release
from mpgi_ray.curate.select import Filter, FilterChoice, check_texts, load_filters
from mpgi_ray.curate.summary import SUMMARY, CurateSummary, read_summary
from mpgi_ray.curate.tasks import WORK, Job, Source, dropped_name, final_name, merge, split, tell
from mpgi_ray.curate.telling import AT_ONCE, TextTelling, telling
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.index import INDEX, IndexRow, publish_index
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.missing import MISSING, missing_in_words
from mpgi_ray.data.rejected import DROPPED, dropped_table
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop

_CSV = "captions.csv"
_RESULTS = ("*.tar", f"{WORK}/*", README)
_Place = Annotated[str, AfterValidator(absolute)]


class Curation(Config):
    """What to curate.

    Attributes:
        captions: a caption run's folder, or that of a release, whose shards are made again as they were;
            without one, the captions in the shards are the one text.
        shards: the source shards; of a caption run only if they moved since they were captioned.
        fields: where shards of other programs keep what is read; only without a caption run, which knows it.
        shard_size: about how many samples a final shard holds.
        seed: seed of the global random order.
        texts: names of the texts that are published, people's ``captions`` among them; the first becomes
            ``.txt``. None publishes all, with the first of stage 2 as ``.txt``.
        partial: take what is captioned so far; the rest is dropped as ``not_captioned``.
        filters: which samples are kept, among those that have the main text.
        citations: source to the paper to cite, for the card alone.
    """

    captions: _Place | None = None
    output: _Place
    shards: _Place | tuple[_Place, ...] | None = None
    fields: ShardFields = ShardFields()
    shard_size: int = Field(default=1000, ge=1, le=1_000_000)
    seed: int = 0
    texts: tuple[str, ...] | None = None
    partial: bool = False
    filters: tuple[FilterChoice, ...] = ()
    citations: dict[str, str] = Field(default={})

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.captions is None and self.shards is None:
            raise ValueError("neither captions nor shards: expected a caption run's folder, or shards")
        if self.captions is None and self.partial:
            raise ValueError("partial is a setting of caption runs: leave it out")
        if self.captions is not None and self.fields != ShardFields():
            raise ValueError("fields stand in the recipe of the caption run: leave them out")
        return self


def curate(config: Curation, *, takeover: bool = False, grace: float = GRACE) -> CurateSummary:
    """Publish final shards, ``index.parquet``, ``captions.csv``, ``dropped.parquet``, a card and a summary.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: captions or shards are missing, unfinished, or do not belong together.
        OutputError: the output belongs to another curation, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
        RecipeError: a filter or a text is unknown, or a setting of a filter is wrong.
    """
    filters, output = load_filters(config.filters), Storage(config.output)
    given = _given(config)
    if isinstance(given, Released):
        config = given.settled(config)
    texts = config.texts or ((CAPTIONS,) if config.captions is None else None)
    if texts is not None:
        check_texts(texts, given.written)
    main_text = given.main_text if texts is None else texts[0]
    identity = _identity(config, filters, texts) | given.identity(output)
    # a folder of others is not written to
    look(output, record_of("curate"), identity, last=(), results=_RESULTS)
    with held(output, "curate", takeover=takeover) as lease:
        state = claim(output, "curate", identity, last=(_CSV, INDEX, SUMMARY), results=_RESULTS)
        if output.exists(SUMMARY):
            # a job killed at its very end leaves its work, perhaps incomplete and of no further use
            output.delete(WORK)
            if state is Claim.FINISHED:
                return read_summary(output)
            output.delete(SUMMARY)
        shards = given.shards()
        names = texts or (*dict.fromkeys(given.written), CAPTIONS)
        counted = given.samples(main_text)
        # where nobody counted them, there are as many final shards as source shards
        kept = len(shards.files) * config.shard_size if counted is None else counted
        job = Job(
            captions=None if isinstance(given, Released) else config.captions,
            output=config.output,
            root=shards.root.url,
            fields=given.fields,
            main_text=main_text,
            buckets=given.shards_made
            if isinstance(given, Released)
            else max(1, -(-kept // config.shard_size)),
            seed=config.seed,
            names=names,
            chosen=texts is not None,
            parts=max(1, -(-kept * len(names) // AT_ONCE)),
            filters=tuple(filters),
            release=config.captions if isinstance(given, Released) else None,
        )
        if isinstance(given, Released):
            given.prepare(job.work)
        facts = handed_over(given, shards, identity, names, config.citations)
        return _run(output, job, given.sources(shards), facts, lease, Stop(grace))


def _given(config: Curation) -> Given:
    if config.captions is not None and is_release(config.captions):
        return Released(config.captions, config.shards)
    if config.captions is not None:
        return Run(config.captions, config.shards, config.partial)
    assert config.shards is not None  # see `Curation`
    return People(config.shards, config.fields)


def _run(
    output: Storage, job: Job, sources: Sequence[Source], facts: CardFacts, lease: Lease, stop: Stop
) -> CurateSummary:
    with ray_session(cpus_held=0), stop.listening():
        each = partial(fan_out, stop=stop, check=lease.check)
        splits = each(split, [(job, source) for source in sources])
        slices: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
        for result in sorted(splits, key=lambda row: str(row["shard"])):
            for bucket, start, end in result["ranges"]:
                slices[bucket].append((result["shard"], start, end))
        merges = each(merge, [(job, bucket, slices[bucket]) for bucket in range(job.buckets)])
        merges.sort(key=lambda row: str(row["shard"]))
        told = each(tell, ((job, _slices(merges, part)) for part in range(job.parts)))
    return _finish(output, job, splits, merges, telling(told, (row["tokens"] for row in merges)), facts)


def _slices(merges: Sequence[dict[str, Any]], part: int) -> list[tuple[str, int, int]]:
    """Where each final shard's texts of a range of hashes lie."""
    bounds = ((row["shard"], [0, *row["ends"]]) for row in merges)
    return [(shard, ends[part], ends[part + 1]) for shard, ends in bounds if ends[part] < ends[part + 1]]


def _identity(config: Curation, filters: Sequence[Filter], texts: tuple[str, ...] | None) -> dict[str, Any]:
    """The settings that decide what is published; texts and filters only where some are chosen."""
    identity: dict[str, Any] = {
        "seed": config.seed,
        "shard_size": config.shard_size,
        "partial": config.partial,
    }
    if texts is not None:
        identity["texts"] = list(texts)
    for number, (choice, rule) in enumerate(zip(config.filters, filters, strict=True)):
        identity[f"filters.{number}"] = {"name": choice.name} | rule.model_dump(mode="json")
    return identity


def _finish(
    output: Storage,
    job: Job,
    splits: list[dict[str, Any]],
    merges: list[dict[str, Any]],
    told: dict[str, TextTelling],
    facts: CardFacts,
) -> CurateSummary:
    dropped: Counter[str] = Counter()
    for result in splits:
        dropped.update(result["dropped"])
    summary = CurateSummary(
        samples_in=sum(result["samples"] for result in splits),
        kept=sum(result["samples"] for result in merges),
        dropped=dict(sorted(dropped.items())),
        texts=sum(result["texts"] for result in merges),
        shards=len(merges),
        seed=job.seed,
        telling=told,
        unreadable_shards=tuple(sorted(result["shard"] for result in splits if result.get("unreadable"))),
        missing=_missing(output, job),
    )
    counts = Counts.joined(result["counts"] for result in merges)
    facts = facts.model_copy(update={"sources": counts.source_names})
    publish_card(output, facts, final_card(counts, facts, summary))
    publish_table(output, DROPPED, _dropped(job, splits))
    output.publish(_CSV, _csv(job))
    publish_index(output, [IndexRow(m["shard"], m["samples"], m["bytes"], m["sha256"]) for m in merges])
    output.publish_json(SUMMARY, summary.record())
    output.sweep()
    job.work.delete("")
    return summary


def _dropped(job: Job, splits: Sequence[dict[str, Any]]) -> pa.Table:
    shards = sorted(result["shard"] for result in splits if result["dropped"])
    tables = [read_table(job.work, dropped_name(shard)) for shard in shards]
    return pa.concat_tables([dropped_table("", []), *tables])


def _missing(output: Storage, job: Job) -> str:
    """Publish what a release names and the shards do not hold, and say it; empty if nothing is missing."""
    if job.release is None:
        return ""
    table = pa.concat_tables(read_table(job.work, lost_name(bucket)) for bucket in range(job.buckets))
    publish_table(output, MISSING, table)
    return missing_in_words(table)


def _csv(job: Job) -> Iterator[bytes]:
    yield b"filepath,caption\n"
    for bucket in range(job.buckets):
        yield job.work.read(f"{final_name(bucket)}.csv")
