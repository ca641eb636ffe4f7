"""Rows as a torch data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch.distributed
from torch.utils.data import IterableDataset, get_worker_info

from mpgi_ray.read.part import Part, Row


class PartsDataset(IterableDataset[Any]):
    """The rows of the parts of this rank and of this worker of a ``DataLoader``."""

    def __init__(self, parts: Sequence[Part], transform: Callable[[Row], Any] | None) -> None:
        self._parts, self._transform = parts, transform

    def __iter__(self) -> Iterator[Any]:
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        rank, ranks = (
            (torch.distributed.get_rank(), torch.distributed.get_world_size()) if distributed else (0, 1)
        )
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        for part in self._parts[rank::ranks][number::workers]:
            for batch in part().to_batches(max_chunksize=256):
                for row in batch.to_pylist():
                    yield row if self._transform is None else self._transform(row)
