"""The samples of a training run: which shards, which of their samples, which of their texts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from mpgi_ray.data.final import Record, read_records, short_id
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import Seen
from mpgi_ray.train.config import PERSPECTIVES

T = TypeVar("T")
Each = Callable[[Callable[[str], T], Sequence[str]], Iterable[T]]  # as `map`; may work on many at a time


@dataclass(frozen=True, slots=True)
class Source:
    """The samples of a run.

    Attributes:
        split: only samples of this split; None takes all.
        texts: the perspectives a text may be drawn from, with their weights.
        counts: usable samples of each shard.
        left_out: samples of the split that have no text of the wanted perspectives.
        missing: perspectives with a weight that no sample has.
        fingerprint: changes with the usable samples and their texts.
    """

    shards: tuple[str, ...]
    split: str | None
    texts: Mapping[str, float]
    counts: tuple[int, ...] = ()
    left_out: int = 0
    missing: tuple[str, ...] = ()
    fingerprint: str = ""

    def usable(self, record: Record) -> bool:
        """Whether the sample is of the split and has a text of the wanted perspectives."""
        return record.in_split(self.split) and any(record.texts.get(name) for name in self.wanted)

    @property
    def wanted(self) -> list[str]:
        """The perspectives with a weight, sorted."""
        return sorted(name for name, weight in self.texts.items() if weight > 0)

    def told(self) -> str | None:
        """What is left out of training, for the user; None if nothing is."""
        of = "samples" if self.split is None else f"samples of split {self.split!r}"
        parts = []
        if self.left_out:
            total = self.left_out + sum(self.counts)
            parts.append(f"{self.left_out:,} of {total:,} {of} have no text of {', '.join(self.wanted)}")
        if self.missing:
            parts.append(f"no sample has a text of {', '.join(self.missing)}")
        if empty := self.counts.count(0):
            parts.append(f"{empty:,} of {len(self.counts):,} shards have none to learn from")
        return f"{'; '.join(parts)}: left out" if parts else None

    def all_texts(self) -> Iterator[str]:
        """Every text that training may draw."""
        for record in read_records(self.shards, pictures=False):
            if self.usable(record):
                yield from (record.texts[name] for name in self.wanted if record.texts.get(name))


def scan(
    shards: Sequence[str], split: str | None, texts: Mapping[str, float], each: Each[Any] = map
) -> tuple[Source, Seen]:
    """Look at every shard: what can be used of it?

    Args:
        each: runs a function on every shard.

    Raises:
        InputError: no sample is usable, or a weight is for a text that none has and that is no perspective;
            the message lists what was found.
    """
    empty = Source(tuple(shards), split, texts)
    found = list(each(partial(_look, empty), shards))
    counts = tuple(len(look.samples) for look in found)
    names = sorted({name for look in found for name in look.texts})
    missing = tuple(name for name in empty.wanted if name not in names)
    if wrong := [name for name in missing if name not in PERSPECTIVES]:
        raise InputError(f"no sample has a text {wrong[0]!r}: the shards hold {', '.join(names) or 'none'}")
    if not sum(counts):
        splits = sorted({name for look in found for name in look.splits})
        raise InputError(
            f"no usable text: wanted split {split!r} and a text of {', '.join(texts)}; "
            f"the shards hold splits {', '.join(splits) or 'none'} and texts {', '.join(names) or 'none'}"
        )
    digest = hashlib.sha256("".join(look.digest for look in found).encode()).hexdigest()
    seen = Seen(
        tuple(sample for look in found for sample in look.samples),
        tuple(sorted({scene for look in found for scene in look.classes})),
    )
    left_out = sum(look.left_out for look in found)
    return Source(empty.shards, split, texts, counts, left_out, missing, digest), seen


@dataclass(slots=True)
class _Look:
    """Of a shard: its usable samples, their classes and digest; splits and texts of all its samples.

    ``left_out`` counts those of the split without a wanted text.
    """

    samples: list[str] = field(default_factory=list)
    left_out: int = 0
    classes: set[str] = field(default_factory=set)
    digest: str = ""
    splits: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


def _look(source: Source, shard: str) -> _Look:
    look, digest = _Look(), hashlib.sha256()
    for record in read_records([shard], pictures=False):
        look.splits.add(str(record.annotation.get("split")))
        look.texts |= record.texts.keys()
        if source.usable(record):
            look.samples.append(short_id(record.sample_id))
            look.classes |= set(record.annotation.get("scene", ()))
            digest.update(repr((record.sample_id, sorted(record.texts.items()))).encode())
        elif record.in_split(source.split):
            look.left_out += 1
    look.digest = digest.hexdigest()
    return look
