"""From samples that pass the filters to final ones with the texts that the rules kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mpgi_ray.curate.join import Dropped, passing
from mpgi_ray.curate.select import Captioned, Filter, only
from mpgi_ray.curate.selection.decided import KEPT, Fate, filtered_name, read_fates
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.final import CAPTIONS, Final, people_of
from mpgi_ray.data.image import ImageError
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table


def choose(
    work: Storage,
    shard: str,
    entries: Iterable[Sample | Rejected],
    captions: Iterable[Caption] | None,
    texts: Sequence[str] | None,
    reasons: Sequence[str],
    filters: Sequence[Filter] = (),
) -> tuple[list[Final], Dropped, Dropped]:
    """The final samples of a source shard, all others, and of these the ones whose picture is unusable.

    The first text of a sample that is kept becomes ``.txt``. A sample without one is dropped as the last rule
    that took a text of it.

    Args:
        captions: as `mpgi_ray.curate.join.assemble`.
        texts: names of those that take part; None for all.
        reasons: the names of the rules.
        filters: those that the samples passed before, once more, since one may change what it keeps.
    """
    rows = read_table(work, filtered_name(shard)).to_pylist()
    filtered = {row["index"]: (row["index"], row["key"], row["reason"]) for row in rows}
    passed, _ = passing(shard, (one for one in entries if one.index not in filtered), captions, filters)
    fates = read_fates(work, shard)
    finals: list[Final] = []
    dropped: Dropped = list(filtered.values())
    unusable: Dropped = []
    for sample in passed:
        index, key = sample.sample.index, sample.sample.key
        of_sample = fates[index]
        main = next((fate.name for fate in of_sample if fate.rule == KEPT), None)
        if main is None:
            dropped.append((index, key, reasons[max(fate.rule for fate in of_sample)]))
            continue
        kept = _with(only(sample, texts), of_sample)
        try:
            finals.append(Final.of(kept.shard, kept.sample, kept.captions, main, people=True))
        except ImageError as error:
            unusable.append((index, key, error.reason))
    return finals, sorted(dropped + unusable), unusable


def _with(sample: Captioned, fates: Sequence[Fate]) -> Captioned:
    """A sample without the texts that were dropped, and without blank captions, which are none."""
    gone = {(fate.name, fate.number) for fate in fates if fate.rule != KEPT}
    written = tuple(row for row in sample.captions if (row.perspective, 0) not in gone)
    numbered = enumerate(people_of(sample.sample))
    people = tuple(text for number, text in numbered if (CAPTIONS, number) not in gone)
    annotation = sample.sample.annotation.model_copy(update={"captions": people})
    return replace(sample, sample=replace(sample.sample, annotation=annotation), captions=written)
