"""The job of a release: a task for each final shard, and the files that describe all of them.

What is done is skipped when the job runs again. ``release.json`` is written first, with what identifies the
release, and again at the end, with what was left out; ``summary.json`` is written last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator, model_validator

from mpgi_ray.config import Config, nearest
from mpgi_ray.curate.card import release_card
from mpgi_ray.curate.card_facts import README, CardFacts, made_of, publish_card, read_facts
from mpgi_ray.curate.counts import Counts
from mpgi_ray.curate.csv_rows import encode_rows
from mpgi_ray.curate.release.mgrs import MGRS, numbered
from mpgi_ray.curate.release.parts import CSV_HEAD, LHRS, WORK, Job, published, write_part
from mpgi_ray.curate.release.summary import ReleaseSummary, joined, read_summary
from mpgi_ray.curate.release.unpack import UNPACKED, look_at, met, unpack
from mpgi_ray.data.claim import Claim, look, record_of
from mpgi_ray.data.index import INDEX, read_index
from mpgi_ray.data.lease import held
from mpgi_ray.data.release import FORM, RELEASE, SUMMARY, Made
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop

_JOB = "release"
_CSV = "captions.csv"
_RESULTS = (README, "data/*", f"{LHRS}/*", f"{UNPACKED}/*", f"{WORK}/*")
_Place = Annotated[str, AfterValidator(absolute)]
Each = Callable[..., list[Any]]


class ReleaseConfig(Config):
    """What to publish.

    Attributes:
        final: folder of final shards, as `mpgi curate` left it.
        output: folder of the release.
        share: sources that are taken in whatever their licence says, as somebody who may decides.
        unpack: whether pictures whose licence lets them be shared go out, too, as files in folders.
        mgrs: whether these are listed in MGRS-200k's JSON.
        lhrs: whether LHRS-Align's JSON has the main texts of pictures whose place on the earth is known;
            pictures that are unpacked lie then where its programs look for them.
        citations: source to the paper to cite, for the card alone.
    """

    final: _Place
    output: _Place
    share: tuple[str, ...] = ()
    unpack: bool = False
    mgrs: bool = False
    lhrs: bool = False
    citations: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.mgrs and not self.unpack:
            raise ValueError("mgrs lists pictures by their paths: unpack them, too, with --unpack")
        return self


def release(config: ReleaseConfig, *, takeover: bool = False, grace: float = GRACE) -> ReleaseSummary:
    """Publish ``data/…``, ``captions.csv``, a card with its prompts, and ``unpacked/…`` if asked for.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: the folder is not one that `mpgi curate` finished, or cannot be read.
        RecipeError: a source to share is not in it.
        OutputError: the output belongs to another release, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
    """
    final, output = Storage(config.final), Storage(config.output)
    shards, facts = _shards(final), read_facts(final)
    facts = facts.model_copy(update={"citations": {**facts.citations, **config.citations}})
    job = Job(config.final, config.output, shards, frozenset(config.share), config.mgrs, config.lhrs)
    _require_there(config.share, facts.sources)
    made = made_of(final, facts, () if facts.names else _names(job))
    identity = {
        "form": FORM,
        "made": made.model_dump(mode="json"),
        "share": sorted(config.share),
        "unpack": config.unpack,
        "mgrs": config.mgrs,
        **({"lhrs": True} if config.lhrs else {}),  # releases of before had no such setting
    }
    asked = partial(look, output, RELEASE, identity, last=(_CSV, SUMMARY), key="identity", results=_RESULTS)
    asked()  # a folder of others is not written to
    with held(output, _JOB, takeover=takeover) as lease:
        state = asked()
        if state is Claim.FINISHED:
            output.delete(WORK)
            return replace(read_summary(output), nothing_to_do=True)
        if state is Claim.NEW:
            output.publish_json(RELEASE, {"identity": identity})
        stop = Stop(grace)
        with ray_session(cpus_held=0), stop.listening():
            each = partial(fan_out, stop=stop, check=lease.check)
            parts = each(write_part, [(job, number) for number in range(len(shards))])
            _require_there(config.share, _sources(parts))
            unpacked = _unpacked(job, each) if config.unpack else None
        return _finish(job, identity, made, facts, parts, unpacked)


def _shards(final: Storage) -> tuple[str, ...]:
    if not final.exists(record_of("curate")):
        raise InputError(f"{final.url} holds no {record_of('curate')}: give the folder of `mpgi curate`")
    find_shards(final.url).require_all()  # whole, and of the sizes that the index tells
    return tuple(read_index(final, INDEX))


def _names(job: Job) -> list[str]:
    """The names of texts in the first shard that holds samples."""
    for shard in job.shards:
        rows = (row for sample in published(job, shard) for row in sample.rows(shard))
        if names := dict.fromkeys(row["name"] for row in rows):
            return list(names)
    return []


def _require_there(share: Sequence[str], known: Collection[str]) -> None:
    """Hold the sources to share against those that there are; nothing where these are not known yet."""
    for name in share:
        if known and name not in known:
            raise nearest("source", name, known)


def _sources(parts: Sequence[Mapping[str, Any]]) -> set[str]:
    return {one[0] for part in parts for one in (*part["counts"]["sources"], *part["left_out"])}


def _unpacked(job: Job, each: Each) -> list[dict[str, Any]]:
    """What became of the pictures of each final shard, with what was kept back of it."""
    looked = each(look_at, [(job, number) for number in range(len(job.shards))])
    twice = met(looked)
    calls = []
    for number, one in enumerate(looked):
        own = {path.lower() for path in one["paths"].values() if path}
        calls.append((job, number, twice & own))
    results = each(unpack, calls)
    return [result | {"kept_back": one["kept_back"]} for result, one in zip(results, looked, strict=True)]


def _finish(
    job: Job,
    identity: Mapping[str, Any],
    made: Made,
    facts: CardFacts,
    parts: Sequence[Mapping[str, Any]],
    unpacked: Sequence[Mapping[str, Any]] | None,
) -> ReleaseSummary:
    output, counts = Storage(job.output), Counts.joined(part["counts"] for part in parts)
    summary = ReleaseSummary(
        samples=counts.samples,
        texts=sum(part["rows"] for part in parts),
        shards=len(job.shards),
        left_out=joined(one for part in parts for one in part["left_out"]),
    )
    output.publish(_CSV, _csv(job, CSV_HEAD, ".csv"))
    others = [_told_of_lhrs(job, parts)] if job.lhrs else []
    if unpacked is not None:
        summary = replace(
            summary,
            pictures=sum(one["pictures"] for one in unpacked),
            picture_texts=sum(one["texts"] for one in unpacked),
            kept_back=joined([*row, 0] for one in unpacked for row in one["kept_back"]),
        )
        others += _publish_unpacked(job, summary, {label for one in unpacked for label in one["labels"]})
    left_out = [asdict(one) for one in summary.left_out]
    curated = Storage(job.final).read_json("summary.json")
    card = release_card(counts, facts, made, left_out, curated["samples_in"], curated["dropped"], others)
    publish_card(output, facts, card)
    output.publish_json(RELEASE, {"identity": identity, "left_out": left_out})
    output.publish_json(SUMMARY, summary.record())
    output.sweep()
    job.work.delete("")
    return summary


def _told_of_lhrs(job: Job, parts: Sequence[Mapping[str, Any]]) -> str:
    placed = sum(part["placed"] for part in parts)
    return (
        f"`{LHRS}/` lists {placed:,} pictures whose place on the earth is known, with their main texts, in "
        "the form of LHRS-Align; their names tell the place."
    )


def _publish_unpacked(job: Job, summary: ReleaseSummary, labels: set[str]) -> list[str]:
    """Write what lists the pictures.

    Returns:
        Sentences of the card.
    """
    folder = Storage(job.output).child(UNPACKED)
    folder.publish(_CSV, _csv(job, ("filepath", "caption"), ".unpacked.csv"))
    if job.mgrs:
        names = [f"{number:06d}.mgrs.json" for number in range(len(job.shards))]
        folder.publish(MGRS, numbered(job.work, names, sorted(labels)))
    told = [
        f"`{UNPACKED}/` holds {summary.pictures:,} pictures whose licence lets them be shared, with "
        f"{summary.picture_texts:,} texts in `{UNPACKED}/{_CSV}` (`filepath,caption`, paths below it)"
        f"{f' and in `{UNPACKED}/{MGRS}`, in the form of MGRS-200k' if job.mgrs else ''}."
    ]
    if summary.kept_back:
        told.append(f"Pictures that are not in it: {'; '.join(map(str, summary.kept_back))}.")
    return told


def _csv(job: Job, head: tuple[str, ...], suffix: str) -> Iterator[bytes]:
    yield encode_rows([head])
    for number in range(len(job.shards)):
        yield job.work.read(f"{number:06d}{suffix}")
