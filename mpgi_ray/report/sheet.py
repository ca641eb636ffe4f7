"""A contact sheet of shards: what is annotated, drawn over pictures, before anything is captioned."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from heapq import nsmallest

from mpgi_ray.data.claim import record_of
from mpgi_ray.data.image import ImageError
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shard_list import ShardList, find_shards, shards_in_words
from mpgi_ray.data.shards import read_shard
from mpgi_ray.errors import InputError
from mpgi_ray.report.html import environment, page_at
from mpgi_ray.report.overlay import Colours, Overlay, overlay
from mpgi_ray.report.painted import Titled, contact_sheet
from mpgi_ray.report.pictures import thumbnail
from mpgi_ray.report.rejects import Rejects, rejects
from mpgi_ray.report.shown import Shown, opened
from mpgi_ray.rules.labels import Unknown, unknown_in_words, unknown_labels

_SHARDS = 6  # that are read: a shard has to be read whole for its pictures
_SIZES = (4, 8, 16, 32, 64, 128, 256)  # px: upper bounds of bars
_LISTED = 40  # classes


@dataclass(frozen=True, slots=True)
class Tile:
    """One sample as the sheet shows it; its attributes as those of a card of the report."""

    name: str
    where: str
    note: Annotation
    picture: str = ""
    trouble: str = ""
    size: tuple[int, int] | None = None
    overlay: Overlay | None = None

    @property
    def description(self) -> str:
        """The picture in words, for those who do not see it."""
        said = self.overlay.described if self.overlay else []
        return f"Picture {self.name}: " + (", ".join([*self.note.scene, *said]) or "nothing annotated")


@dataclass
class Sheet:
    """What is annotated in shards; a notebook shows its pictures.

    Attributes:
        total: samples of all shards; those that were read count in the other figures.
        objects, samples: objects by class, and samples in which a class stands, however it is annotated.
        sizes: objects by the square root of their box's area, in the bars of `_SIZES`.
        refused: samples that cannot be used, by reason.
    """

    name: str
    shards: str
    total: int
    read: int = 0
    shards_read: str = ""
    scenes: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    samples: Counter[str] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unknown: Counter[Unknown] = field(default_factory=Counter)
    tiles: list[Tile] = field(default_factory=list)
    rejects: Rejects | None = None

    def _ipython_display_(self) -> None:
        """A notebook shows the pictures."""
        shown = (tile for tile in self.tiles if tile.picture)
        sheet = [Titled(opened(tile.picture), tile.overlay, (tile.description,)) for tile in shown]
        Shown((contact_sheet(sheet),))._ipython_display_()

    @property
    def unknown_labels(self) -> str:
        """Labels that no text can say as the name of a thing, in words; empty if there are none."""
        return unknown_in_words(self.unknown)

    @property
    def classes(self) -> list[tuple[str, int, int]]:
        """Class, its objects and its samples, most frequent first."""
        often = sorted(self.samples, key=lambda label: (-self.objects[label], -self.samples[label], label))
        return [(label, self.objects[label], self.samples[label]) for label in often[:_LISTED]]

    @property
    def bars(self) -> list[tuple[str, int]]:
        """Sizes in words, and their numbers of objects."""
        lower = (0, *_SIZES[:-1])
        named = [f"{low} to {high} px" for low, high in zip(lower, _SIZES, strict=True)]
        return [(name, self.sizes[at]) for at, name in enumerate([*named, f"over {_SIZES[-1]} px"])]


def write_sheet(path: str, html: str, cards: int = 24, seed: int = 0) -> str:
    """Write the contact sheet of shards, see `read_sheet`, as a page.

    Returns:
        What was written, in one line.

    Raises:
        InputError: the shards are missing or cannot be read.
        OutputError: the page cannot be written.
    """
    target, name = page_at(html)
    sheet = read_sheet(path, cards, seed)
    page = environment().get_template("sheet.html.j2").render(sheet=sheet)
    target.publish(name, page.encode())
    return f"{html}: {len(sheet.tiles)} of {sheet.total:,} samples"


def read_sheet(path: str, cards: int = 24, seed: int = 0) -> Sheet:
    """What is annotated in a shard, a folder of shards, a glob or a brace range.

    Pictures come from a few shards, chosen by a hash of their names, as the samples are.

    Args:
        cards: samples that are shown.

    Raises:
        InputError: the shards are missing or cannot be read.
    """
    shards = find_shards(path)
    shards.require_all()

    def order(identity: str) -> str:
        return hashlib.sha256(f"{seed}:{identity}".encode()).hexdigest()

    chosen = nsmallest(min(_SHARDS, max(1, cards)), shards.files, key=order)
    known = {name: shards.samples.get(name) for name in shards.files}
    sheet = Sheet(path, shards_in_words(len(shards.files)), 0, shards_read=shards_in_words(len(chosen)))
    found: list[tuple[str, Sample]] = []
    for name in sorted(chosen):
        entries = read_shard(shards.read(name), name)
        known[name] = len(entries)
        for entry in entries:
            if isinstance(entry, Sample):
                _count(sheet, entry.annotation)
                found.append((name, entry))
                # one shard's pictures are held at a time, and those that are shown
                found = nsmallest(cards, found, key=lambda pair: order(pair[1].sample_id))
            else:
                sheet.refused[entry.reason] += 1
    sheet.total = sum(known.get(name) or 0 for name in known)
    colours = Colours()
    sheet.tiles = [_tile(shard, sample, colours) for shard, sample in found]
    sheet.rejects = _rejects(shards)
    return sheet


def _count(sheet: Sheet, note: Annotation) -> None:
    sheet.read += 1
    sheet.scenes.update(set(note.scene))
    sheet.objects.update(thing.label for thing in note.objects)
    sheet.samples.update({*(thing.label for thing in note.objects), *note.labels, *note.cover})
    for thing in note.objects:
        side = thing.box.area**0.5
        sheet.sizes[sum(side > bound for bound in _SIZES)] += 1
    sheet.unknown.update(unknown_labels([note]))


def _tile(shard: str, sample: Sample, colours: Colours) -> Tile:
    note, where = sample.annotation, f"{shard}, sample {sample.index}"
    try:
        uri, size = thumbnail(sample.image)
    except ImageError as error:
        return Tile(sample.name, where, note, trouble=str(error))
    return Tile(sample.name, where, note, uri, size=size, overlay=overlay(note, colours))


def _rejects(shards: ShardList) -> Rejects | None:
    """The first rows that an ingest rejected; None where these are not its shards."""
    if not shards.root.exists(record_of("ingest")):
        return None
    try:
        return rejects(shards.root.url)
    except InputError:
        return None
