"""Looks at the shards of a training run, before anything is learnt, and finds what can be used."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from mpgi_ray.data.final import CAPTIONS, Record, read_records, short_id, splits_in_words
from mpgi_ray.data.pictured import read_pictures, trouble
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import Seen
from mpgi_ray.rules.boxed import regions_of
from mpgi_ray.train.source import OTHERS, Source, weight_of

T = TypeVar("T")
Each = Callable[
    [Callable[[str], T], Sequence[str]], Iterable[T]
]  # like `map`, but may work on many at a time


def scan(
    shards: Sequence[str], split: str | None, texts: Mapping[str, float] | None, each: Each[Any] = map
) -> tuple[Source, Seen]:
    """Look at every shard and find what can be used.

    Args:
        texts: weights of texts; see `weight_of`. With None, none are learned: any shards will do, and a
            sample whose picture cannot be read is left out.
        each: runs a function on every shard.

    Raises:
        InputError: no sample is usable, or a weight is of a text that no sample has; the message lists what
            was found.
    """
    found = list(each(partial(_pictured, split) if texts is None else partial(_look, split, texts), shards))
    learned = None if texts is None else _learned(found, split, texts)
    if texts is None and not any(look.samples for look in found):
        raise _without_pictures(found, split)
    boxes: dict[str, float] = {}
    for look in found:
        _widen(boxes, look.boxes.items())
    scenes = tuple(sorted({scene for look in found for scene in look.scenes}))
    seen = Seen(
        tuple(sample for look in found for sample in look.samples),
        () if texts is None else scenes,  # pictures by themselves do not tell what classes are called
        sources=tuple(sorted({source for look in found for source in look.sources})),
    )
    return Source(
        shards=tuple(shards),
        split=split,
        texts=learned,
        counts=tuple(len(look.samples) for look in found),
        left_out=sum(look.left_out for look in found),
        unused=tuple(
            sorted({name for look in found for name in look.texts if not weight_of(name, texts or {})})
        ),
        classes=tuple(sorted({*scenes, *boxes})),
        boxes=boxes,
        names={label: name for look in reversed(found) for label, name in look.names.items()},
        fingerprint=_joined(look.digest for look in found),
        annotations=_joined(look.annotations for look in found),
        bad={shard: frozenset(look.bad) for shard, look in zip(shards, found, strict=True) if look.bad},
        first_bad=next((look.first_bad for look in found if look.first_bad), ""),
    ), seen


def _learned(found: Sequence[_Look], split: str | None, texts: Mapping[str, float]) -> dict[str, float]:
    """The weights of the texts that are there, where some samples have one with a weight above 0."""
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
    return {name: weight for name in held if (weight := weight_of(name, texts)) > 0}


def _without_pictures(found: Sequence[_Look], split: str | None) -> InputError:
    held = {name for look in found for name in look.splits}
    bad = next((look.first_bad for look in found if look.first_bad), "")
    if bad and (split is None or split in held or not held):
        return InputError(f"there is nothing to learn from: no picture can be read, the first is {bad}")
    if not held:
        return InputError(f"there is nothing to learn from: none of {len(found):,} shards holds a picture")
    splits = splits_in_words(held)
    return InputError(f"there is nothing to learn from: no sample is of split {split!r}; the shards {splits}")


def _widen(boxes: dict[str, float], found: Iterable[tuple[str, float]]) -> None:
    for label, side in found:
        boxes[label] = max(side, boxes.get(label, 0.0))


def _joined(digests: Iterable[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


@dataclass(slots=True)
class _Look:
    """What a shard holds: its usable samples with their labels and digests; splits and texts of all samples.

    ``left_out`` counts samples of the split that are not usable; ``bad`` are the places of those whose
    pictures cannot be read, where that was tried.
    """

    samples: list[str] = field(default_factory=list)
    left_out: int = 0
    scenes: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    boxes: dict[str, float] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    annotations: str = ""
    splits: set[str | None] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    bad: list[int] = field(default_factory=list)
    first_bad: str = ""

    def add(self, record: Record) -> None:
        """Count a usable sample."""
        note = record.annotation
        self.samples.append(short_id(record.sample_id))
        self.scenes |= set(note.get("scene", ()))
        self.sources.add(record.source)
        regions = list(regions_of(note))
        _widen(self.boxes, ((region.label, math.sqrt(region.box.area)) for region in regions))
        self.names |= {region.label: region.name for region in regions}


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
        look.add(record)
        people = record.captions if weight_of(CAPTIONS, texts) > 0 else ()
        digest.update(repr((record.sample_id, sorted(record.texts.items()), *people)).encode())
        annotations.update(repr(note).encode())
    look.digest, look.annotations = digest.hexdigest(), annotations.hexdigest()
    return look


def _pictured(split: str | None, shard: str) -> _Look:
    look, digest, annotations = _Look(), hashlib.sha256(), hashlib.sha256()
    for place, found in enumerate(read_pictures(shard)):
        if isinstance(found, Record):
            look.splits.add(found.annotation.get("split"))
            if not found.in_split(split):
                continue
        if why := trouble(found):
            look.bad.append(place)
            look.first_bad = look.first_bad or f"{shard}/{found.key}: {why}"
            look.left_out += 1
        elif isinstance(found, Record):
            look.add(found)
            digest.update(repr(found.sample_id).encode())
            annotations.update(repr(found.annotation).encode())
    look.digest, look.annotations = digest.hexdigest(), annotations.hexdigest()
    return look
