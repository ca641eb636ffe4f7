"""The curation job: rounds of tasks, one more where there are rules, and the files that describe the result.

Memory holds one source shard or one final shard a task. What is done is skipped when the job runs again;
the summary is written last: the job is done once it and all files that it describes are there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from mpgi_ray.curate.card import final_card
from mpgi_ray.curate.card_facts import README, CardFacts, publish_card
from mpgi_ray.curate.counts import Counts
from mpgi_ray.curate.curation import Asked, Curation
from mpgi_ray.curate.given import handed_over
from mpgi_ray.curate.offering import decided
from mpgi_ray.curate.rebuild import lost_name, spare_name
from mpgi_ray.curate.selection.decided import TEXTS, encode_tables, texts_table
from mpgi_ray.curate.selection.outcome import Selected
from mpgi_ray.curate.selection.told import ScoreMeans, rules_told
from mpgi_ray.curate.sources import Source
from mpgi_ray.curate.summary import SUMMARY, CurateSummary, read_summary
from mpgi_ray.curate.tasks import WORK, Job, dropped_name, final_name, merge, split, tell
from mpgi_ray.curate.telling import TextTelling, telling
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.index import INDEX, IndexRow, publish_index
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.missing import MISSING, missing_in_words
from mpgi_ray.data.rejected import DROPPED, dropped_table
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop

_CSV = "captions.csv"
_RESULTS = ("*.tar", f"{WORK}/*", README)


def curate(config: Curation, *, takeover: bool = False, grace: float = GRACE) -> CurateSummary:
    """Publish final shards, ``index.parquet``, ``captions.csv``, ``dropped.parquet``, a card and a summary.

    With rules also ``texts.parquet``: what became of every text that they decided about.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: captions, shards or scores are missing, unfinished, or do not belong together.
        OutputError: the output belongs to another curation, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
        RecipeError: a filter or a text is unknown, or a setting of a filter or a rule is wrong.
    """
    asked, output = Asked.of(config), Storage(config.output)
    identity = asked.identity(output)
    last = (_CSV, INDEX, SUMMARY, *([TEXTS] if asked.selection else []))
    # a folder of others is not written to
    look(output, record_of("curate"), identity, last=(), results=_RESULTS)
    with held(output, "curate", takeover=takeover) as lease:
        state = claim(output, "curate", identity, last=last, results=_RESULTS)
        if output.exists(SUMMARY):
            # a job killed at its very end leaves its work, perhaps incomplete and of no further use
            output.delete(WORK)
            if state is Claim.FINISHED:
                return read_summary(output)
            output.delete(SUMMARY)
        shards = asked.given.shards()
        job = asked.job(shards, config.output)
        asked.prepare(job.work)
        facts = handed_over(asked.given, shards, identity, job.names, config.citations)
        sources = asked.given.sources(shards)
        lease.tell(len(sources) + job.buckets)
        return _run(output, asked, job, sources, facts, lease, Stop(grace))


def _run(
    output: Storage,
    asked: Asked,
    job: Job,
    sources: Sequence[Source],
    facts: CardFacts,
    lease: Lease,
    stop: Stop,
) -> CurateSummary:
    selected: Selected | None = None
    with ray_session(cpus_held=0), stop.listening():
        each = partial(fan_out, stop=stop, check=lease.check)
        if asked.selection is not None:

            def check() -> None:
                lease.check()
                stop.check()

            selected = decided(job, sources, asked.selection, each, check).decision.selected
            job = asked.after(job, selected)
        splits = each(split, [(job, source) for source in sources])
        slices: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
        for result in sorted(splits, key=lambda row: str(row["shard"])):
            for bucket, start, end in result["ranges"]:
                slices[bucket].append((result["shard"], start, end))
        merges = each(merge, [(job, bucket, slices[bucket]) for bucket in range(job.buckets)])
        merges.sort(key=lambda row: str(row["shard"]))
        told = each(tell, ((job, _slices(merges, part)) for part in range(job.parts)))
    figures = telling(told, (row["tokens"] for row in merges))
    return _finish(output, job, splits, merges, figures, selected, facts)


def _slices(merges: Sequence[dict[str, Any]], part: int) -> list[tuple[str, int, int]]:
    """Where each final shard's texts of a range of hashes lie."""
    bounds = ((row["shard"], [0, *row["ends"]]) for row in merges)
    return [(shard, ends[part], ends[part + 1]) for shard, ends in bounds if ends[part] < ends[part + 1]]


def _finish(
    output: Storage,
    job: Job,
    splits: list[dict[str, Any]],
    merges: list[dict[str, Any]],
    told: dict[str, TextTelling],
    selected: Selected | None,
    facts: CardFacts,
) -> CurateSummary:
    dropped: Counter[str] = Counter()
    for result in splits:
        dropped.update(result["dropped"])
    spare = _spare(job)
    dropped.update(spare["reason"].to_pylist())
    summary = CurateSummary(
        samples_in=sum(result["samples"] for result in splits),
        kept=sum(result["samples"] for result in merges),
        dropped=dict(sorted(dropped.items())),
        texts=sum(result["texts"] for result in merges),
        shards=len(merges),
        seed=job.seed,
        telling=told,
        selection=selected,
        unreadable_shards=tuple(sorted(result["shard"] for result in splits if result.get("unreadable"))),
        missing=_missing(output, job),
    )
    counts = Counts.joined(result["counts"] for result in merges)
    known: dict[str, Any] = {"sources": counts.source_names}
    if job.offer is not None and selected is not None:
        means = ScoreMeans(job.offer.scores)
        output.publish(TEXTS, encode_tables(means.counted(_texts(job, job.offer.reasons, splits))))
        known |= {"rules": rules_told(facts.rules, selected.rules), "scores": means.told()}
    facts = facts.model_copy(update=known)
    publish_card(output, facts, final_card(counts, facts, summary))
    publish_table(output, DROPPED, pa.concat_tables([*_dropped(job, splits), spare]))
    output.publish(_CSV, _csv(job))
    publish_index(output, [IndexRow(m["shard"], m["samples"], m["bytes"], m["sha256"]) for m in merges])
    output.publish_json(SUMMARY, summary.record())
    output.sweep()
    job.work.delete("")
    return summary


def _dropped(job: Job, splits: Sequence[dict[str, Any]]) -> Iterator[pa.Table]:
    shards = sorted(result["shard"] for result in splits if result["dropped"])
    return (read_table(job.work, dropped_name(shard)) for shard in shards)


def _spare(job: Job) -> pa.Table:
    """What the shards of a release's originals hold once too often."""
    buckets = range(job.buckets if job.release is not None else 0)
    tables = (read_table(job.work, spare_name(bucket)) for bucket in buckets)
    return pa.concat_tables([dropped_table("", []), *tables])


def _texts(job: Job, reasons: Sequence[str], splits: Sequence[dict[str, Any]]) -> Iterator[pa.Table]:
    for result in sorted(splits, key=lambda row: str(row["shard"])):
        unusable = {index: reason for index, _, reason in result.get("unusable", ())}
        yield texts_table(job.work, result["shard"], reasons, unusable)


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
