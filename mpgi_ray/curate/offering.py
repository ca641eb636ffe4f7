"""The first round of a curation with rules: the texts of each source shard, and the decision about all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mpgi_ray.curate.join import Dropped, passing
from mpgi_ray.curate.select import AnyText, Captioned, only
from mpgi_ray.curate.selection.decided import filtered_name, offered_name
from mpgi_ray.curate.selection.offered import offered_table
from mpgi_ray.curate.selection.outcome import Decision
from mpgi_ray.curate.sources import Source, read_source
from mpgi_ray.curate.tasks import Job
from mpgi_ray.data.rejected import dropped_table
from mpgi_ray.data.tables import publish_table

if TYPE_CHECKING:
    from mpgi_ray.curate.selection.rules_file import Selection


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of the round.

    Attributes:
        samples: in the source shards.
        dropped: reason to number of samples that no rule has seen.
    """

    samples: int
    dropped: dict[str, int]
    decision: Decision


def decided(
    job: Job,
    sources: Sequence[Source],
    selection: Selection,
    each: Callable[..., list[Any]],
    check: Callable[[], None],
) -> Decided:
    """Have all texts offered, and decide about them.

    Args:
        each: a task for each of many calls.
        check: called again and again; what it raises ends the work.

    Raises:
        InputError, RecipeError, ResourceError: as `offer` and `decide`.
    """
    from mpgi_ray.curate.selection.decide import decide  # with DuckDB, which tasks do without

    offers = sorted(each(offer, [(job, source) for source in sources]), key=lambda row: str(row["shard"]))
    dropped: Counter[str] = Counter()
    for row in offers:
        dropped.update(row["dropped"])
    texts = [(str(row["shard"]), int(row["texts"])) for row in offers]
    decision = decide(job.work, texts, selection, check)
    return Decided(sum(row["samples"] for row in offers), dict(sorted(dropped.items())), decision)


def offer(job: Job, source: Source) -> dict[str, Any]:
    """Publish the texts of a source shard that rules decide about, see `offered_table`.

    Returns:
        ``shard``, ``texts``, ``samples`` (in the shard) and ``dropped`` (number by reason, before any rule).

    Raises:
        InputError: the shard is not the one that was captioned, or a text has no score that a rule uses.
    """
    assert job.offer is not None  # whoever begins this round has rules
    done = f"{source.shard}.offered.json"
    if job.work.exists(done):
        return job.work.read_json(done)
    passed: list[Captioned] = []
    dropped: Dropped = []
    read = read_source(source, job.root, job.fields, job.captions)
    if read is not None:
        passed, dropped = passing(source.shard, *read, [AnyText(names=job.texts), *job.filters])
    samples = [only(sample, job.texts) for sample in passed]
    table = offered_table(source.shard, samples, job.offer)
    publish_table(job.work, offered_name(source.shard), table)
    publish_table(job.work, filtered_name(source.shard), dropped_table(source.shard, dropped))
    result = {
        "shard": source.shard,
        "texts": len(table),
        "samples": 0 if read is None else len(read[0]),
        "dropped": Counter(reason for _, _, reason in dropped),
    }
    job.work.publish_json(done, result)
    return result
