"""The samples of a run that the viewer shows: drawn evenly, read a shard at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from mpgi_ray.data.caption import Caption
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.errors import InputError
from mpgi_ray.report.overlay import Colours
from mpgi_ray.report.pictures import bare_pictures
from mpgi_ray.report.spread import drawn, shares
from mpgi_ray.report.viewer.against import Other, rows_at, samples_of
from mpgi_ray.report.viewer.entry import Entry, Seen, entry_of, look, look_bare


@dataclass
class Draw:
    """How many samples are drawn from each shard.

    Attributes:
        total: samples of the run.
        alone: of these, the ones that the run to compare with does not have.
        others_alone: samples that only that one has.
        shares: by shard.
        troubles: shards that could not be read, a line each, as they come.
    """

    folder: CaptionFolder
    chunks: Mapping[str, list[ChunkId]]
    total: int
    shares: Mapping[str, int]
    seed: int
    other: Other | None = None
    alone: int = 0
    others_alone: int = 0
    troubles: list[str] = field(default_factory=list)

    @property
    def drawn(self) -> int:
        return sum(self.shares.values())

    def entries(self, shards: ShardList, fields: ShardFields) -> Iterator[tuple[str, list[Entry]]]:
        """The samples of each shard in turn. A shard that is missing or has changed keeps its texts."""
        colours = Colours()
        for shard, count in sorted(self.shares.items()):
            if count:
                yield shard, self._of_shard(shards, fields, shard, count, colours)

    def _of_shard(
        self, shards: ShardList, fields: ShardFields, shard: str, count: int, colours: Colours
    ) -> list[Entry]:
        there: dict[int, tuple[ChunkId, str]] = {}
        for chunk in self.chunks[shard]:
            for index, sample_id in samples_of(self.folder.table(chunk)).items():
                if self.other is None or sample_id in self.other:
                    there[index] = chunk, sample_id
        try:
            data = _read(shards, shard)
            found = {one.index: one for one in read_shard(data, shard, fields) if isinstance(one, Sample)}
            trouble = ""
        except InputError as error:
            data, found, trouble = b"", {}, str(error)
            self.troubles.append(trouble)
        sources = {index: _source(found.get(index)) for index in there}
        names = {index: sample_id or f"{shard}/{index}" for index, (_, sample_id) in there.items()}
        chosen = drawn(sources, names, count, self.seed)
        lost = [index for index in chosen if index not in found]
        bare = bare_pictures(data, shard, fields, lost) if lost and data else {}
        against = self.other.rows([there[index][1] for index in chosen]) if self.other else {}
        rows = self._rows({index: there[index][0] for index in chosen})

        def seen(index: int) -> Seen:
            if trouble:
                return Seen(trouble=trouble)
            sample = found.get(index)
            if sample is None:
                return look_bare(bare.get(index, b""))
            if sample.sample_id != there[index][1]:
                return Seen(trouble="the shard has changed since: another picture is here now")
            return look(sample)

        return [
            entry_of(rows[index], seen(index), colours, against.get(there[index][1], ())) for index in chosen
        ]

    def _rows(self, places: Mapping[int, ChunkId]) -> dict[int, list[Caption]]:
        inside: dict[ChunkId, list[int]] = defaultdict(list)
        for index, chunk in places.items():
            inside[chunk].append(index)
        found: dict[int, list[Caption]] = defaultdict(list)
        for chunk, indices in inside.items():
            for row in rows_at(self.folder.table(chunk), indices):
                found[row.index].append(row)
        return found


def draw(folder: CaptionFolder, count: int, other: Other | None = None, seed: int = 0) -> Draw:
    """Count the samples of a run, and share ``count`` of them evenly between its sources and shards.

    Args:
        other: only samples that this run has, too, are drawn.
    """
    chunks: dict[str, list[ChunkId]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    total, common = 0, set()
    for chunk in folder.chunks():
        chunks[chunk.shard].append(chunk)
        samples = samples_of(folder.table(chunk))
        total += len(samples)
        here = _common(samples.values(), other)
        common |= here if other else set()
        sizes[chunk.shard] += len(samples) if other is None else sum(one in here for one in samples.values())
    given = shares(sizes, count, seed)
    if other is None:
        return Draw(folder, chunks, total, given, seed)
    return Draw(folder, chunks, total, given, seed, other, total - sizes.total(), other.alone(common))


def _common(sample_ids: Collection[str], other: Other | None) -> set[str]:
    return set() if other is None else {one for one in sample_ids if one in other}


def _read(shards: ShardList, shard: str) -> bytes:
    if shard not in shards.files:
        raise InputError(f"{shard} is no longer among the input shards, so its pictures are not shown")
    return shards.read(shard)


def _source(sample: Sample | None) -> str:
    return (sample.annotation.source or "") if sample else ""
