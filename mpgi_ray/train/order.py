"""Which samples make up which step, worked out before anything is read.

The order follows from the configuration and the number of samples in each shard alone, so a run that goes on
after a stop goes on at the same step, and any number of workers sees the same steps.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mpgi_ray.errors import InputError

BUFFER = 16  # batches that are shuffled together; the shards are in a random order already


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive usable samples of a shard: numbers ``start`` to ``end`` (exclusive)."""

    shard: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """Steps that are read and shuffled together.

    Attributes:
        first: the first step, from 1, counted over the whole run.
        steps: how many, at most `BUFFER`.
        pieces: where their samples lie, as many as they need; two may be of one shard.
    """

    epoch: int
    first: int
    steps: int
    pieces: tuple[Piece, ...]

    def order(self, seed: int) -> list[int]:
        """The samples of the window in the order in which they fill its steps, as places in ``pieces``."""
        places = list(range(sum(piece.end - piece.start for piece in self.pieces)))
        random.Random(f"{seed}:{self.epoch}:{self.first}").shuffle(places)
        return places


def windows(counts: Sequence[int], batch: int, steps: int, seed: int) -> Iterator[Window]:
    """The windows of a run.

    Each epoch puts the shards in a new order, starts anywhere in it and goes round to the start: the samples
    that are too few for another batch are others each time.

    Args:
        counts: usable samples of each shard.
        batch: samples of a step over all workers.
        steps: of the run.

    Raises:
        InputError: the shards hold fewer samples than a batch.
    """
    total = sum(counts)
    per_epoch = total // batch
    if not per_epoch:
        raise InputError(
            f"{total:,} samples are fewer than a batch of {batch:,}: take a smaller one (--batch)"
        )
    for first in range(1, steps + 1, per_epoch):
        epoch = (first - 1) // per_epoch
        order = list(range(len(counts)))
        drawn = random.Random(f"{seed}:{epoch}")
        drawn.shuffle(order)
        begin = drawn.randrange(total)
        rest = min(per_epoch, steps - first + 1)
        for done in range(0, rest, BUFFER):
            size = min(BUFFER, rest - done)
            start, end = begin + done * batch, begin + (done + size) * batch
            pieces = tuple(_pieces(counts, [*order, *order], start, end))
            yield Window(epoch, first + done, size, pieces)


def _pieces(counts: Sequence[int], order: Sequence[int], start: int, end: int) -> Iterator[Piece]:
    """Samples ``start`` to ``end`` of the shards in a row."""
    passed = 0
    for shard in order:
        first, last = max(start - passed, 0), min(end - passed, counts[shard])
        if first < last:
            yield Piece(shard, first, last)
        passed += counts[shard]
