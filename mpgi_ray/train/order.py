"""Which samples make up which step, worked out before anything is read.

The order follows from the configuration and the number of samples in each shard alone, so a run that goes on
after a stop goes on at the same step, and any number of workers sees the same steps.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

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
        mass: of samples that are drawn by weight: from where to where the window reaches in the sums of the
            weights of its samples. None takes each of them once.
    """

    epoch: int
    first: int
    steps: int
    pieces: tuple[Piece, ...]
    mass: tuple[float, float] | None = None

    @property
    def samples(self) -> int:
        """How many lie in its pieces."""
        return sum(piece.end - piece.start for piece in self.pieces)

    def order(self, seed: int) -> list[int]:
        """The samples of the window in the order in which they fill its steps, as places in ``pieces``."""
        places = list(range(self.samples))
        random.Random(f"{seed}:{self.epoch}:{self.first}").shuffle(places)
        return places

    def drawn(self, seed: int, weights: Sequence[float], count: int) -> list[int]:
        """So many samples of the window, drawn by weight with replacement, as places in ``pieces``.

        The range of its mass is cut into equal parts, and in each a number is drawn: a sample comes as often
        as its weight says, but for less than two.
        """
        assert self.mass is not None
        first, last = self.mass
        chance = random.Random(f"{seed}:{self.epoch}:{self.first}")
        sums = list(accumulate(weights))
        most = max(place for place, weight in enumerate(weights) if weight)  # what rounding may pass
        places = [
            min(most, bisect_right(sums, first + (last - first) * (number + chance.random()) / count))
            for number in range(count)
        ]
        chance.shuffle(places)
        return places


def windows(
    counts: Sequence[int], batch: int, steps: int, seed: int, weights: Sequence[float] | None = None
) -> Iterator[Window]:
    """The windows of a run.

    Each epoch puts the shards in a new order, starts anywhere in it and goes round to the start: the samples
    that are too few for another batch are others each time.

    Args:
        counts: usable samples of each shard.
        batch: samples of a step over all workers.
        steps: of the run.
        weights: of all samples, in the order of the shards; samples are then drawn by weight, and an epoch is
            as many draws as there are samples. None takes each sample once an epoch.

    Raises:
        InputError: the shards hold fewer samples than a batch.
    """
    total = sum(counts)
    per_epoch = total // batch
    if not per_epoch:
        raise InputError(
            f"{total:,} samples are fewer than a batch of {batch:,}: take a smaller one (--batch)"
        )
    sums = None if weights is None else _sums(counts, weights)
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
            if sums is None:
                pieces = tuple(_pieces(counts, [*order, *order], start, end))
                yield Window(epoch, first + done, size, pieces)
            else:
                pieces, mass = _heavy(sums, [*order, *order], start / total, end / total)
                yield Window(epoch, first + done, size, pieces, mass)


def _pieces(counts: Sequence[int], order: Sequence[int], start: int, end: int) -> Iterator[Piece]:
    """Samples ``start`` to ``end`` of the shards in a row."""
    passed = 0
    for shard in order:
        first, last = max(start - passed, 0), min(end - passed, counts[shard])
        if first < last:
            yield Piece(shard, first, last)
        passed += counts[shard]


def _sums(counts: Sequence[int], weights: Sequence[float]) -> list[list[float]]:
    """The sums of the weights of each shard's samples, up to each of them."""
    rest = iter(weights)
    return [list(accumulate(islice(rest, count))) for count in counts]


def _heavy(
    sums: Sequence[Sequence[float]], order: Sequence[int], start: float, end: float
) -> tuple[tuple[Piece, ...], tuple[float, float]]:
    """The samples of shards in a row that lie in a part of their mass, and where it reaches in their own.

    Args:
        start, end: in shares of the mass of all shards.
    """
    whole = sum(own[-1] for own in sums if own)
    start, end, passed = start * whole, end * whole, 0.0
    pieces: list[Piece] = []
    before = 0.0
    for shard in order:
        own = sums[shard]
        mass = own[-1] if own else 0.0
        if mass and passed < end and start < passed + mass:
            first = bisect_right(own, start - passed)
            last = bisect_left(own, end - passed, hi=len(own) - 1)
            if not pieces:
                before = passed + (own[first - 1] if first else 0.0)
            pieces.append(Piece(shard, first, last + 1))
        passed += mass
    return tuple(pieces), (start - before, end - before)
