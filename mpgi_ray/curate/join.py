"""A source shard's samples and their captions become final samples, or are counted under a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mpgi_ray.curate.select import Captioned, Filter, MainText, only
from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.data.final import CAPTIONS, Final
from mpgi_ray.data.image import ImageError
from mpgi_ray.data.sample import Rejected, Sample

Dropped = list[tuple[int, str, str]]  # place, key and reason


def assemble(
    shard: str,
    entries: Iterable[Sample | Rejected],
    captions: Iterable[Caption] | None,
    main_text: str,
    filters: Sequence[Filter] = (),
    texts: Sequence[str] | None = None,
) -> tuple[list[Final], Dropped]:
    """Join a shard's samples with their captions, and keep those that every filter keeps.

    Args:
        captions: their records; None: the captions in the samples are their texts.
        main_text: the text that becomes ``.txt``; a sample without it is dropped.
        texts: names of those that are published; None for all.

    Returns:
        The samples to publish, and place, key and reason of each of the others.
    """
    passed, dropped = passing(shard, entries, captions, [MainText(name=main_text), *filters])
    kept: list[Final] = []
    for sample in passed:
        chosen, people = only(sample, texts), CAPTIONS in (texts or ())
        try:
            kept.append(Final.of(shard, chosen.sample, chosen.captions, main_text, people))
        except ImageError as error:
            dropped.append((sample.sample.index, sample.sample.key, error.reason))
    return kept, sorted(dropped)


def passing(
    shard: str,
    entries: Iterable[Sample | Rejected],
    captions: Iterable[Caption] | None,
    filters: Sequence[Filter],
) -> tuple[list[Captioned], Dropped]:
    """A shard's samples with their captions, those that every filter keeps, as it keeps them, and the others.

    Args:
        captions: as `assemble`.
    """
    by_index: dict[int, list[Caption]] = defaultdict(list)
    for caption in captions or ():
        by_index[caption.index].append(caption)
    passed: list[Captioned] = []
    dropped: Dropped = []
    for entry in entries:
        joined = captioned(shard, entry, None if captions is None else by_index[entry.index])
        found = joined if isinstance(joined, str) else _filtered(joined, filters)
        if isinstance(found, str):
            dropped.append((entry.index, entry.key, found))
        else:
            passed.append(found)
    return passed, dropped


def _filtered(sample: Captioned, filters: Sequence[Filter]) -> Captioned | str:
    """A sample as the filters hand it on, or the first reason against it."""
    for rule in filters:
        found = rule.keep(sample)
        if isinstance(found, Captioned):
            sample = found
        elif found:
            return found
    return sample


def captioned(shard: str, entry: Sample | Rejected, rows: Sequence[Caption] | None) -> Captioned | str:
    """The sample with its captions, or the reason why it was never captioned."""
    refused = next((row for row in rows or () if row.stage == Stage.INPUT.value), None)
    if refused is not None:
        return refused.reason
    if isinstance(entry, Rejected):
        return entry.reason
    if rows is not None and not rows:
        return "not_captioned"
    return Captioned(shard, entry, tuple(row for row in rows or () if row.status == Status.OK.value))
