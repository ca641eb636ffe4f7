"""A source shard's samples and their captions become final samples, or are counted under a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mpgi_ray.curate.select import Captioned, Filter, MainText, only
from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.data.final import CAPTIONS, Final
from mpgi_ray.data.image import ImageError
from mpgi_ray.data.sample import Rejected, Sample


def assemble(
    shard: str,
    entries: Iterable[Sample | Rejected],
    captions: Iterable[Caption] | None,
    main_text: str,
    filters: Sequence[Filter] = (),
    texts: Sequence[str] | None = None,
) -> tuple[list[Final], list[tuple[int, str, str]]]:
    """Join a shard's samples with their captions, and keep those that every filter keeps.

    Args:
        captions: their records; None: the captions in the samples are their texts.
        main_text: the text that becomes ``.txt``; a sample without it is dropped.
        texts: names of those that are published; None for all.

    Returns:
        The samples to publish, and place, key and reason of each of the others.
    """
    by_index: dict[int, list[Caption]] = defaultdict(list)
    for caption in captions or ():
        by_index[caption.index].append(caption)
    rules = [MainText(name=main_text), *filters]
    kept: list[Final] = []
    dropped: list[tuple[int, str, str]] = []
    for entry in entries:
        rows = None if captions is None else by_index[entry.index]
        made = _final(shard, entry, rows, main_text, rules, texts)
        if isinstance(made, Final):
            kept.append(made)
        else:
            dropped.append((entry.index, entry.key, made))
    return kept, dropped


def _final(
    shard: str,
    entry: Sample | Rejected,
    rows: Sequence[Caption] | None,
    main_text: str,
    filters: Sequence[Filter],
    texts: Sequence[str] | None,
) -> Final | str:
    """The final sample, or the reason why there is none."""
    joined = captioned(shard, entry, rows)
    if isinstance(joined, str):
        return joined
    for rule in filters:
        if reason := rule.keep(joined):
            return reason
    try:
        chosen, people = only(joined, texts), CAPTIONS in (texts or ())
        return Final.of(shard, chosen.sample, chosen.captions, main_text, people)
    except ImageError as error:
        return error.reason


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
