"""The samples of a training run: which shards, which of their samples, which of their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mpgi_ray.data.final import CAPTIONS, Record, read_records
from mpgi_ray.data.pictured import read_pictures

OTHERS = "*"  # among weights: that of all texts that are not named


@dataclass(frozen=True, slots=True)
class Source:
    """The samples of a run.

    Attributes:
        split: only samples of this split; None takes all.
        texts: the texts that are learned, by name, with their weights above 0; None where pictures are learnt
            by themselves.
        counts: usable samples of each shard.
        left_out: samples of the split that have no text that is learned.
        unused: texts that the shards hold and that are not learned.
        classes: labels of objects and scene classes of all usable samples, sorted: the place is the id.
        boxes: by label of objects, the side in pixels of a square of the area of the largest box.
        names: what objects by themselves are called, by label; see `region_name`.
        fingerprint: changes with the usable samples and their texts.
        annotations: changes with what the annotations of the usable samples say.
        bad: where texts are not learned, the places in shards of the samples whose pictures cannot be read.
        first_bad: the first of them, and why.
    """

    shards: tuple[str, ...]
    split: str | None
    texts: Mapping[str, float] | None
    counts: tuple[int, ...] = ()
    left_out: int = 0
    unused: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    boxes: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    annotations: str = ""
    bad: Mapping[str, frozenset[int]] = field(default_factory=dict)
    first_bad: str = ""

    def records(self, shard: str, *, pictures: bool = True) -> Iterator[Record]:
        """The usable samples of a shard: of the split, and with a text that is learned if texts are."""
        if self.texts is None:
            bad = self.bad.get(shard, frozenset())
            for place, found in enumerate(read_pictures(shard)):
                if place not in bad and isinstance(found, Record) and found.in_split(self.split):
                    yield found
            return
        for record in read_records([shard], pictures=pictures):
            if record.in_split(self.split) and any(name in self.texts for name in record.with_people()):
                yield record

    def told(self) -> str | None:
        """What is left out of training, for the user; None if nothing is."""
        of = "samples" if self.split is None else f"samples of split {self.split!r}"
        parts = []
        if self.left_out:
            without = (
                f"whose pictures cannot be read (the first is {self.first_bad})"
                if self.texts is None
                else f"without a text of {', '.join(sorted(self.texts))}"
            )
            parts.append(f"{self.left_out:,} of {self.left_out + sum(self.counts):,} {of}, {without}")
        if empty := self.counts.count(0):
            parts.append(f"{empty:,} of {len(self.counts):,} shards, without a sample to learn from")
        if self.unused:
            parts.append(f"the texts {', '.join(self.unused)}")
        return f"left out of training: {'; '.join(parts)}" if parts else None

    def all_texts(self) -> Iterator[str]:
        """Every text that training may draw."""
        if self.texts is None:
            return
        for shard in self.shards:
            for record in self.records(shard, pictures=False):
                yield from (record.texts[name] for name in sorted(self.texts) if name in record.texts)
                yield from record.captions if CAPTIONS in self.texts else ()


def weight_of(name: str, given: Mapping[str, float]) -> float:
    """How often a text is drawn, relative to the others of its sample: 1 unless ``given`` says otherwise.

    Args:
        given: weights by name; `OTHERS` stands for all that are not named, but never for people's captions.
    """
    return given.get(name, 0.0 if name == CAPTIONS else given.get(OTHERS, 1.0))
