"""What a replica of the caption job tells Ray's metrics: records, chunks, its engine, its idle time."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from mpgi_ray.data.caption import Caption
from mpgi_ray.engines.base import Engine
from mpgi_ray.engines.choice import is_embedded
from mpgi_ray.runtime import metrics
from mpgi_ray.runtime.export import count, observe


def observed(stage: str) -> Callable[[Sequence[Caption]], None]:
    """What counts the new records of a chunk that a stage has finished."""
    return partial(_observe, stage)


def _observe(stage: str, made: Sequence[Caption]) -> None:
    count(metrics.CHUNKS, stage=stage)
    count(metrics.SAMPLES, len({c.index for c in made}), stage=stage)
    kinds = Tally((c.model, c.perspective, c.status, c.reason) for c in made)
    for (model, perspective, status, reason), number in kinds.items():
        tags = {"model": model, "perspective": perspective, "status": status, "reason": reason}
        count(metrics.TEXTS, number, stage=stage, **tags)
    for kind in ("prompt", "cached", "completion"):
        count(metrics.TOKENS, sum(getattr(c, f"{kind}_tokens") for c in made), stage=stage, kind=kind)
    if kinds and not is_embedded(made[0].engine):
        for caption in made:
            if caption.seconds > 0:
                observe(metrics.REQUEST_SECONDS, caption.seconds, stage=stage)


def started(start: Callable[[], Engine], stage: str) -> Engine:
    """An engine, whose start is counted."""
    begun = time.monotonic()
    engine = start()
    count(metrics.ENGINE_STARTS, stage=stage)
    count(metrics.ENGINE_START_SECONDS, time.monotonic() - begun, stage=stage)
    return engine


class Occupied:
    """How long a replica holds chunks, and how long it waits for one."""

    def __init__(self, stage: str) -> None:
        self._stage, self._held, self._since = stage, 0, time.monotonic()

    @contextmanager
    def chunk(self) -> Iterator[None]:
        """While a chunk is held."""
        self._change(1)
        count(metrics.CHUNKS_BEGUN, stage=self._stage)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        now = time.monotonic()
        passed = metrics.BUSY_SECONDS if self._held else metrics.IDLE_SECONDS
        count(passed, now - self._since, stage=self._stage)
        self._held, self._since = self._held + by, now
