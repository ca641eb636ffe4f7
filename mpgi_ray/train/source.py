"""The samples of a training run: which shards, which of their samples, which of their texts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from mpgi_ray.data.final import CAPTIONS, Record, read_records, short_id, splits_in_words
from mpgi_ray.data.sample import Box
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import Seen

T = TypeVar("T")
Each = Callable[
    [Callable[[str], T], Sequence[str]], Iterable[T]
]  # like `map`, but may work on many at a time
OTHERS = "*"  # among weights: that of all texts that are not named


@dataclass(frozen=True, slots=True)
class Source:
    """The samples of a run.

    Attributes:
        split: only samples of this split; None takes all.
        texts: the texts that are learned, by name, with their weights above 0.
        counts: usable samples of each shard.
        left_out: samples of the split that have no text that is learned.
        unused: texts that the shards hold and that are not learned.
        classes: labels of objects and scene classes of all usable samples, sorted: the place is the id.
        boxes: by label of objects, the side in pixels of a square of the area of the largest box.
        fingerprint: changes with the usable samples and their texts.
        annotations: changes with what the annotations of the usable samples say.
    """

    shards: tuple[str, ...]
    split: str | None
    texts: Mapping[str, float]
    counts: tuple[int, ...] = ()
    left_out: int = 0
    unused: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    boxes: Mapping[str, float] = field(default_factory=dict)
    fingerprint: str = ""
    annotations: str = ""

    def usable(self, record: Record) -> bool:
        """Whether the sample is of the split and has a text that is learned."""
        return record.in_split(self.split) and any(name in self.texts for name in record.with_people())

    def told(self) -> str | None:
        """What is left out of training, for the user; None if nothing is."""
        of = "samples" if self.split is None else f"samples of split {self.split!r}"
        parts = []
        if self.left_out:
            total, named = self.left_out + sum(self.counts), ", ".join(sorted(self.texts))
            parts.append(f"{self.left_out:,} of {total:,} {of}, without a text of {named}")
        if empty := self.counts.count(0):
            parts.append(f"{empty:,} of {len(self.counts):,} shards, without a sample to learn from")
        if self.unused:
            parts.append(f"the texts {', '.join(self.unused)}")
        return f"left out of training: {'; '.join(parts)}" if parts else None

    def all_texts(self) -> Iterator[str]:
        """Every text that training may draw."""
        for record in read_records(self.shards, pictures=False):
            if self.usable(record):
                yield from (record.texts[name] for name in sorted(self.texts) if name in record.texts)
                yield from record.captions if CAPTIONS in self.texts else ()


def weight_of(name: str, given: Mapping[str, float]) -> float:
    """How often a text is drawn, relative to the others of its sample: 1 unless ``given`` says otherwise.

    Args:
        given: weights by name; `OTHERS` stands for all that are not named, but never for people's captions.
    """
    return given.get(name, 0.0 if name == CAPTIONS else given.get(OTHERS, 1.0))


def scan(
    shards: Sequence[str], split: str | None, texts: Mapping[str, float], each: Each[Any] = map
) -> tuple[Source, Seen]:
    """Look at every shard and find what can be used.

    Args:
        texts: weights of texts; see `weight_of`.
        each: runs a function on every shard.

    Raises:
        InputError: no sample is usable, or a weight is of a text that no sample has; the message lists what
            was found.
    """
    found = list(each(partial(_look, split, texts), shards))
    held = sorted({name for look in found for name in look.texts})
    if wrong := [name for name in texts if name not in held and name != OTHERS and held]:
        raise InputError(
            f"no sample has a text {wrong[0]!r}: the shards hold {', '.join(held)}; "
            "name these in texts, or none to learn them all"
        )
    if not any(look.samples for look in found):
        splits = splits_in_words(name for look in found for name in look.splits)
        wanted = [name for name in held if weight_of(name, texts) > 0]
        if held and not wanted:
            raise InputError(
                f"texts leaves nothing to learn: every text of the shards has weight 0; give one above 0, "
                f"of {', '.join(held)}"
            )
        of = "" if split is None else f"split {split!r} and "
        raise InputError(
            f"no usable text: wanted {of}a text of {', '.join(wanted) or 'any kind'}; "
            f"the shards hold texts {', '.join(held) or 'none'} and {splits}"
        )
    boxes: dict[str, float] = {}
    for look in found:
        _widen(boxes, look.boxes.items())
    seen = Seen(
        tuple(sample for look in found for sample in look.samples),
        tuple(sorted({scene for look in found for scene in look.scenes})),
        sources=tuple(sorted({source for look in found for source in look.sources})),
    )
    return Source(
        shards=tuple(shards),
        split=split,
        texts={name: weight for name in held if (weight := weight_of(name, texts)) > 0},
        counts=tuple(len(look.samples) for look in found),
        left_out=sum(look.left_out for look in found),
        unused=tuple(name for name in held if not weight_of(name, texts)),
        classes=tuple(sorted({*seen.classes, *boxes})),
        boxes=boxes,
        fingerprint=_joined(look.digest for look in found),
        annotations=_joined(look.annotations for look in found),
    ), seen


def _widen(boxes: dict[str, float], found: Iterable[tuple[str, float]]) -> None:
    for label, side in found:
        boxes[label] = max(side, boxes.get(label, 0.0))


def _joined(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


@dataclass(slots=True)
class _Look:
    """What a shard holds: its usable samples with their labels and digests; splits and texts of all samples.

    ``left_out`` counts samples of the split without a text that is learned.
    """

    samples: list[str] = field(default_factory=list)
    left_out: int = 0
    scenes: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    boxes: dict[str, float] = field(default_factory=dict)
    digest: str = ""
    annotations: str = ""
    splits: set[str | None] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


def _look(split: str | None, texts: Mapping[str, float], shard: str) -> _Look:
    look, digest, annotations = _Look(), hashlib.sha256(), hashlib.sha256()
    for record in read_records([shard], pictures=False):
        note = record.annotation
        look.splits.add(note.get("split"))
        told = record.with_people()
        look.texts |= told.keys()
        if not record.in_split(split):
            continue
        if not any(weight_of(name, texts) > 0 for name in told):
            look.left_out += 1
            continue
        look.samples.append(short_id(record.sample_id))
        look.scenes |= set(note.get("scene", ()))
        look.sources.add(record.source)
        things = note.get("objects", ())
        _widen(look.boxes, ((thing["label"], math.sqrt(Box(*thing["box"]).area)) for thing in things))
        people = record.captions if weight_of(CAPTIONS, texts) > 0 else ()
        digest.update(repr((record.sample_id, sorted(record.texts.items()), *people)).encode())
        annotations.update(repr(note).encode())
    look.digest, look.annotations = digest.hexdigest(), annotations.hexdigest()
    return look
