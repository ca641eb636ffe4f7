"""What is published of a chunk, and how new records join it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mpgi_ray.caption.chunks import ChunkWork
from mpgi_ray.data.caption import BESIDE, Caption, Stage, Status, digests_of, from_table, to_table, writable
from mpgi_ray.data.caption_folder import StageParts
from mpgi_ray.data.parts import Part
from mpgi_ray.errors import InputError


def known_of(
    work: ChunkWork, parts: StageParts, sources: Mapping[int, str] | None = None
) -> dict[int, list[Caption]]:
    """Published records of the chunk by sample.

    Args:
        sources: by sample, the digest of what the records have to be made from; of parts that do not tell
            theirs, all are taken.

    Raises:
        InputError: they were made from another shard of this name.
    """
    part = parts.read(work.chunk)
    if part is None:
        return {}
    if part.shard_sha256 not in ("", work.shard_sha256):
        raise changed(work)
    rows = by_sample(_ordered(from_table(part.rows), parts))
    if sources is None:
        return rows
    return {i: group for i, group in rows.items() if part.sources.get(i, sources.get(i)) == sources.get(i)}


def changed(work: ChunkWork) -> InputError:
    """The error of a shard that is not the one that stage 1 was shown."""
    shard = work.chunk.shard
    return InputError(
        f"shard {shard} changed after its images were described: put the old file back, give the new one "
        f"another name, or delete every {shard}-*.parquet in the output to caption it again"
    )


def by_sample(captions: Iterable[Caption]) -> dict[int, list[Caption]]:
    groups: dict[int, list[Caption]] = {}
    for caption in captions:
        groups.setdefault(caption.index, []).append(caption)
    return groups


def publish(
    work: ChunkWork,
    parts: StageParts,
    known: Mapping[int, list[Caption]],
    made: Sequence[Caption],
    sources: Mapping[int, str] | None,
    whole: bool,
) -> dict[int, list[Caption]]:
    """Publish new records, with the known ones if they make the chunk whole; returns what is published.

    Args:
        known: what `known_of` gave before the new ones were made.

    What another writer published first stays, and is what is returned: later stages work on that.
    """
    told = dict(sources or {})

    def part(rows: Sequence[Caption]) -> Part:
        table = to_table(rows)
        if sources is None:
            return Part(table, work.shard_sha256, digests=digests_of(rows))
        return Part(table, work.shard_sha256, {c.index: told[c.index] for c in rows if c.index in told})

    def rest(there: Part | None) -> Part | None:
        """What a piece has to add: questions that have a final answer elsewhere are not told twice."""
        if there is None:
            return part(_ordered(made, parts))
        known = known_of(work, parts, sources)
        final = {question(c) for group in known.values() for c in group if c.status not in BESIDE}
        new = [caption for caption in made if question(caption) not in final]
        return part(_ordered(new, parts)) if new else None

    if whole and not work.pilot:
        if not made and parts.full.holds(work.chunk):
            return dict(known)
        rows = _ordered([*(c for group in known.values() for c in group), *made], parts)
        if parts.full.publish(work.chunk, part(rows)):
            return by_sample(rows)
    elif not parts.full.holds(work.chunk):
        parts.pilot.add(work.chunk, rest)
    return known_of(work, parts, sources)


def _ordered(rows: Iterable[Caption], parts: StageParts) -> Sequence[Caption]:
    """As a file holds them: by sample, and those of stage 1 as the recipe orders them."""
    place = {name: number for number, name in enumerate(parts.names)}
    return writable(sorted(rows, key=lambda caption: (caption.index, place.get(caption.perspective, -1))))


def question(caption: Caption) -> tuple[int, str]:
    """What a record answers; all texts of stage 2 answer one."""
    one = caption.stage == Stage.INTEGRATED.value
    return caption.index, caption.stage if one else caption.perspective


def answered(made: Sequence[Caption]) -> list[Caption]:
    """New records without the questions that an engine in trouble did not answer: these are asked again."""
    failed = {question(caption) for caption in made if caption.status == Status.FAILED.value}
    return [caption for caption in made if question(caption) not in failed]
