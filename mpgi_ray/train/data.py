"""Final shards to batches: which samples, which text of each, in which order, on which worker.

Everything here follows from the configuration and the shards alone, so that each worker works out the
same plan by itself. Pictures are never mirrored: that would make "left" and "right" in the texts untrue.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import torch
import webdataset

from mpgi_ray.errors import InputError
from mpgi_ray.train.checkpoint import Preprocess, Tokenize
from mpgi_ray.train.records import Record, preprocessed, read_records

SHUFFLE_BUFFER = 1000  # samples; the shards are in a random order already
CACHE_BYTES = 2**30  # a worker's preprocessed pictures: small data sets are decoded once, not every epoch


@dataclass(frozen=True, slots=True)
class Source:
    """The samples of a run.

    Attributes:
        split: only samples of this split; None takes all.
        texts: the perspectives a text may be drawn from.
        counts: usable samples of each shard.
    """

    shards: tuple[str, ...]
    split: str | None
    texts: tuple[str, ...]
    counts: tuple[int, ...]

    def usable(self, record: Record) -> bool:
        """Whether the sample is of the split and has a text of the wanted perspectives."""
        return record.in_split(self.split) and any(record.texts.get(name) for name in self.texts)


@dataclass(frozen=True, slots=True)
class Batch:
    """One worker's part of a step.

    Attributes:
        images: float32 (batch, 3, height, width), preprocessed.
        tokens: int64 (batch, context length).
        keys: ``shard/key`` of the samples, for messages.
    """

    images: torch.Tensor
    tokens: torch.Tensor
    keys: tuple[str, ...]

    def to(self, device: torch.device) -> Batch:
        return Batch(self.images.to(device), self.tokens.to(device), self.keys)


def scan(shards: Sequence[str], split: str | None, texts: tuple[str, ...]) -> Source:
    """Count the usable samples of every shard.

    Raises:
        InputError: no sample is usable; the message lists the splits and perspectives found.
    """
    empty = Source(tuple(shards), split, texts, ())
    counts, splits, names = [], set(), set()
    for shard in shards:
        records = list(read_records([shard], pictures=False))
        counts.append(sum(empty.usable(record) for record in records))
        splits |= {str(record.annotation.get("split")) for record in records}
        names |= {name for record in records for name, text in record.texts.items() if text}
    if not sum(counts):
        raise InputError(
            f"no usable text: wanted split {split!r} and a text of {', '.join(texts)}; "
            f"the shards hold splits {_listed(splits)} and texts {_listed(names)}"
        )
    return Source(tuple(shards), split, texts, tuple(counts))


def all_texts(source: Source) -> Iterator[str]:
    """Every text that training may draw."""
    for record in read_records(source.shards, pictures=False):
        if source.usable(record):
            yield from (record.texts[name] for name in source.texts if record.texts.get(name))


def choose_text(record: Record, names: Sequence[str], seed: int, epoch: int) -> str:
    """The text of this sample in this epoch: one of the wanted that it has, by hash."""
    present = [name for name in names if record.texts.get(name)]
    digest = hashlib.sha256(f"{seed}:{epoch}:{record.sample_id}".encode()).digest()
    return record.texts[present[int.from_bytes(digest[:8]) % len(present)]]


@dataclass(frozen=True, slots=True)
class EpochPlan:
    """Who reads what in one epoch.

    Attributes:
        parts: the shards of each worker, as indices into the source's.
        steps: batches of every worker: as many as the one with the fewest samples can fill.
    """

    parts: tuple[tuple[int, ...], ...]
    steps: int


def plan_epoch(counts: Sequence[int], workers: int, share: int, seed: int, epoch: int) -> EpochPlan:
    """Deal the shards out anew; what a worker holds beyond ``steps`` full shares waits for another epoch.

    Args:
        counts: usable samples of each shard.
        share: samples of one worker in a step.

    Raises:
        InputError: some worker cannot fill a single share.
    """
    order = list(range(len(counts)))
    random.Random(f"{seed}:{epoch}").shuffle(order)
    parts = tuple(tuple(order[worker::workers]) for worker in range(workers))
    fewest = min(sum(counts[index] for index in part) for part in parts)
    if fewest < share:
        raise InputError(
            f"{sum(counts)} samples in {len(counts)} shards are too little for {workers} worker(s): one gets "
            f"{fewest} samples and needs {share} for a step; lower batch or workers, or write more shards"
        )
    return EpochPlan(parts, fewest // share)


class Loader:
    """Batches of one worker; keeps preprocessed pictures between epochs, within `CACHE_BYTES`."""

    def __init__(
        self,
        source: Source,
        preprocess: Preprocess,
        tokenize: Tokenize,
        *,
        share: int,
        seed: int,
        threads: int,
    ) -> None:
        self._source = source
        self._preprocess = preprocess
        self._tokenize = tokenize
        self._share = share
        self._seed = seed
        self._threads = threads
        self._cache: dict[str, torch.Tensor] = {}
        self._room = CACHE_BYTES

    def epoch(self, plan: EpochPlan, worker: int, epoch: int) -> Iterator[Batch]:
        """The ``plan.steps`` batches of a worker; the next one is made while the last one is used."""
        shards = [self._source.shards[index] for index in plan.parts[worker]]
        usable = filter(self._source.usable, read_records(shards))
        rng = random.Random(f"{self._seed}:{epoch}:{worker}")
        shuffled = webdataset.filters.shuffle(SHUFFLE_BUFFER, initial=SHUFFLE_BUFFER, rng=rng)(usable)
        with ThreadPoolExecutor(self._threads) as pool, ThreadPoolExecutor(1) as ahead:
            pending = ahead.submit(self._batch, shuffled, epoch, pool)
            for step in range(plan.steps):
                batch = pending.result()
                if step + 1 < plan.steps:
                    pending = ahead.submit(self._batch, shuffled, epoch, pool)
                yield batch

    def _batch(self, records: Iterator[Record], epoch: int, pool: ThreadPoolExecutor) -> Batch:
        chosen = list(islice(records, self._share))
        if len(chosen) < self._share:
            raise InputError("the shards changed during training: they hold fewer samples than at its start")
        images = torch.stack(list(pool.map(self._pixels, chosen)))
        texts = [choose_text(record, self._source.texts, self._seed, epoch) for record in chosen]
        return Batch(
            images, self._tokenize(texts), tuple(f"{record.shard}/{record.key}" for record in chosen)
        )

    def _pixels(self, record: Record) -> torch.Tensor:
        if (cached := self._cache.get(record.sample_id)) is not None:
            return cached
        pixels = preprocessed(record, self._preprocess)
        if pixels.nbytes <= self._room:  # racing threads may overshoot by a picture each
            self._room -= pixels.nbytes
            self._cache[record.sample_id] = pixels
        return pixels


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
