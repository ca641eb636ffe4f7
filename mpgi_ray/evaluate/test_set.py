"""The samples that models are compared on."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mpgi_ray.data.final import CAPTIONS, Record, list_shards, read_records, splits_in_words
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.captions.metrics import score
from mpgi_ray.evaluate.captions.words import words

SAMPLE = 30  # texts of a class that are compared to find the one nearest to all


@dataclass(frozen=True)
class TestSet:
    """The samples of one split of final shards.

    Attributes:
        records: without their pictures.
        others: the samples of the other splits, likewise.
    """

    folder: str
    shards: tuple[str, ...]
    split: str | None
    records: tuple[Record, ...]
    others: tuple[Record, ...] = ()

    @classmethod
    def read(cls, folder: str, split: str | None) -> TestSet:
        """Read all samples without their pictures.

        Raises:
            InputError: there are no shards, or no sample of the split.
        """
        shards = list_shards(folder)
        everything = cls(folder, shards, None, tuple(read_records(shards, pictures=False)))
        if not everything.records:
            raise InputError(f"there is nothing to evaluate in {folder}: the shards hold no samples")
        return everything if split is None else everything.of_split(split)

    def of_split(self, split: str) -> TestSet:
        """The samples of a split of the same shards.

        Raises:
            InputError: no sample is of it.
        """
        everything = (*self.records, *self.others)  # each split is in the order of the shards
        records = tuple(record for record in everything if record.in_split(split))
        if not records:
            splits = splits_in_words(map(_split, everything))
            raise InputError(
                f"there is nothing to evaluate in {self.folder}: no sample is of split {split!r}; "
                f"the shards {splits}"
            )
        others = tuple(record for record in everything if not record.in_split(split))
        return TestSet(self.folder, self.shards, split, records, others)

    def pictures(self, rows: Sequence[int]) -> Iterator[Record]:
        """The samples of these rows, in order, with their pictures."""
        wanted = set(rows)
        inside = (record for record in read_records(self.shards) if record.in_split(self.split))
        return (record for row, record in enumerate(inside) if row in wanted)

    def texts_of(self, row: int, name: str) -> tuple[str, ...]:
        """The texts of a sample under a perspective's name, or its source's captions; empty if none."""
        return _texts(self.records[row], name)

    def usual_texts(self, name: str) -> dict[str, tuple[str, int]]:
        """The most frequent text of each scene class in the other splits, and how often it is there.

        Among equally frequent ones it is the one with the largest mean ROUGE-L against other texts of the
        class, as the consensus caption of Devlin et al. 2015 (arXiv:1505.04467); of many texts, a sample is
        compared.
        """
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for record in self.others:
            counts[_scene(record)].update(text for text in _texts(record, name) if words(text))
        return {scene: (_usual(texts), max(texts.values())) for scene, texts in counts.items() if texts}

    @cached_property
    def scenes(self) -> tuple[str, ...]:
        """The scene class of each sample; empty where a source tells none or several."""
        return tuple(map(_scene, self.records))

    @property
    def classes(self) -> list[str]:
        """The scene classes of all splits, sorted."""
        return sorted({scene for record in (*self.records, *self.others) if (scene := _scene(record))})


def _texts(record: Record, name: str) -> tuple[str, ...]:
    if name == CAPTIONS:
        return record.captions
    return (record.texts[name],) if record.texts.get(name) else ()


def _split(record: Record) -> str | None:
    return record.annotation.get("split")


def _scene(record: Record) -> str:
    scenes = record.annotation.get("scene", ())
    return str(scenes[0]) if len(scenes) == 1 else ""


def _usual(counts: Counter[str]) -> str:
    """The most frequent text; among equally frequent ones, the one nearest to the others."""
    often = max(counts.values())
    tied = sorted(text for text, times in counts.items() if times == often)
    if len(tied) == 1:
        return tied[0]
    draw = random.Random(0)
    tied = draw.sample(tied, min(len(tied), SAMPLE))
    others = draw.sample(sorted(counts), min(len(counts), SAMPLE))
    pairs = [(words(text), [words(other)]) for text in tied for other in others]
    near = score(*zip(*pairs, strict=True)).image_rouge_l.reshape(len(tied), len(others))
    different = np.array([[text != other for other in others] for text in tied])
    return tied[int(np.argmax((near * different).sum(axis=1) / np.maximum(different.sum(axis=1), 1)))]
