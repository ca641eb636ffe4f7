"""Rows as a Ray Data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import ray.data

from mpgi_ray.read.part import Part


class _Reader:
    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def __call__(self, batch: Mapping[str, Sequence[int]]) -> pa.Table:
        (number,) = batch["part"]
        return self._parts[number]()


def as_ray(parts: Sequence[Part]) -> ray.data.Dataset:
    """A task for each part."""
    numbers = ray.data.from_items(
        [{"part": n} for n in range(len(parts))], override_num_blocks=max(1, len(parts))
    )
    return numbers.map_batches(_Reader(parts).__call__, batch_size=1)
