"""What there is to caption: how many samples, how many are done, and a few of them to look at."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import ImageError, Picture, decode, to_view
from mpgi_ray.data.parts import ChunkId, split_chunks
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import read_shard
from mpgi_ray.errors import InputError
from mpgi_ray.rules import Facts
from mpgi_ray.rules.labels import Unknown, unknown_labels


@dataclass(frozen=True, slots=True)
class Subject:
    """A sample to plan with.

    Attributes:
        chunk: the one that the sample is captioned in.
        picture: as the models of stage 1 get it.
    """

    chunk: ChunkId
    sample: Sample
    picture: Picture
    facts: Facts


@dataclass(frozen=True, slots=True)
class Stock:
    """The shards of a recipe.

    Attributes:
        shards: how many.
        missing: names of shards that were asked for and are not there.
        counted: shards whose samples were counted; the others are taken to be as long on average.
        samples: in all shards, unusable ones included.
        done: samples of published chunks, and those of pilots.
        subjects: some of the samples.
        read: shards that were read for them.
        unknown: labels of the shards that were read that texts can only quote.
    """

    shards: int
    missing: tuple[str, ...]
    counted: int
    samples: int
    done: int
    subjects: tuple[Subject, ...]
    read: int
    unknown: Mapping[Unknown, int]

    @property
    def left(self) -> int:
        return max(self.samples - self.done, 0)


def take_stock(recipe: Recipe, shards: ShardList, folder: CaptionFolder, count: int) -> Stock:
    """Count samples by the shards' index, or by the few shards that are read for ``count`` usable samples.

    Raises:
        InputError: every shard is missing, one of those read is broken, or they hold no usable sample.
    """
    names = list(shards.files)
    if not names:
        shards.require_all()
    chosen = shards.spread(count)
    reads = len(chosen)
    sizes = dict(shards.samples)
    subjects: list[Subject] = []
    unknown: Counter[Unknown] = Counter()
    for turn, name in enumerate(chosen):
        entries = read_shard(shards.read(name), shards.files[name], recipe.input.fields)
        sizes[name] = len(entries)
        unknown.update(unknown_labels(entry.annotation for entry in entries if isinstance(entry, Sample)))
        wanted = -(-(count - len(subjects)) // (reads - turn))
        subjects += islice(_subjects(recipe, name, entries), wanted)
    if not subjects:
        raise InputError(
            f"no sample of {names[0]} or the other shards that were read can be used: "
            f"`mpgi inspect {shards.root.url}/{shards.files[names[0]]}` shows why"
        )
    mean = sum(sizes.values()) / len(sizes)
    lengths = {name: sizes.get(name, round(mean)) for name in names}
    return Stock(
        len(names),
        shards.missing,
        len(sizes),
        sum(sizes.values()) + round(mean * (len(names) - len(sizes))),
        _done(folder, lengths, recipe.chunk_size),
        tuple(subjects),
        reads,
        unknown,
    )


def _subjects(recipe: Recipe, shard: str, entries: Sequence[Sample | Rejected]) -> Iterator[Subject]:
    """Usable samples in an order that is spread over the shard."""
    chunks = [chunk for chunk, part in split_chunks(shard, entries, recipe.chunk_size) for _ in part]
    pixels = recipe.max_pixels()
    for index in sorted(range(len(entries)), key=lambda i: hashlib.sha256(f"{shard}\0{i}".encode()).digest()):
        sample = entries[index]
        if isinstance(sample, Rejected):
            continue
        try:
            shown = None if pixels is None else to_view(sample.image, pixels)
            picture = shown or decode(sample.image)
        except ImageError:
            continue
        yield Subject(chunks[index], sample, picture, facts_of(sample.annotation, picture, recipe.facts))


def _done(folder: CaptionFolder, lengths: Mapping[str, int], chunk_size: int) -> int:
    full = folder.integrated.done()
    done = sum(
        min(max(lengths[chunk.shard] - chunk.index * chunk_size, 0), chunk_size)
        for chunk in full
        if chunk.shard in lengths
    )
    pilots = [chunk for chunk in folder.pilot_integrated.done() - full if chunk.shard in lengths]
    parts = map(folder.pilot_integrated.read, pilots)
    return done + sum(len(set(part.rows["index"].to_pylist())) for part in parts if part)
