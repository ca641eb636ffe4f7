"""Entries of a source become samples, some ahead of their turn: storage answers slowly, and one at a time."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.load import load
from mpgi_ray.ingest.source import SourceConfig
from mpgi_ray.ingest.windows import Tiling

AHEAD = 16  # entries that are read before their turn
_READERS = 8  # of an object store, an entry each
_OF_DISK = 8  # entries to a reader: a disk answers sooner than threads of Python take turns
Batch = list[tuple[int, Entry]]


def loaded(
    items: Listing, source: SourceConfig, tiling: Tiling | None, share: float
) -> Iterator[Sample | Rejected]:
    """What becomes of the entries, in their order.

    Those that become windows are not read ahead: they may be larger than memory.

    Args:
        share: of the entries that is taken, see `IngestConfig`.

    Raises:
        StorageError: storage does not answer.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        waiting: deque[Future[list[Sample | Rejected]]] = deque()
        try:
            for batch in _batches(items, tiling, share):
                large = _is_large(batch[0][1], tiling)
                while waiting and (large or (len(waiting) + 1) * len(batch) > AHEAD):
                    yield from waiting.popleft().result()
                if large:
                    yield from _become(batch, source, tiling)
                else:
                    waiting.append(readers.submit(_all_of, batch, source, tiling))
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()


def _batches(items: Listing, tiling: Tiling | None, share: float) -> Iterator[Batch]:
    """The entries that are taken, with their positions; those that become windows alone."""
    batch: Batch = []
    for index, entry in enumerate(items):
        if not _is_chosen(entry.key if isinstance(entry, Rejected) else entry.name, share):
            continue
        if batch and (len(batch) == _OF_DISK or _is_large(entry, tiling)):
            yield batch
            batch = []
        batch.append((index, entry))
        if _is_large(entry, tiling) or not (isinstance(entry, Rejected) or entry.root.is_local):
            yield batch
            batch = []
    if batch:
        yield batch


def _is_large(entry: Entry, tiling: Tiling | None) -> bool:
    return isinstance(entry, Item) and (tiling is not None or entry.raster is not None)


def _become(batch: Batch, source: SourceConfig, tiling: Tiling | None) -> Iterator[Sample | Rejected]:
    for index, entry in batch:
        if isinstance(entry, Rejected):
            yield replace(entry, index=index)
        else:
            yield from load(entry, source, index, tiling)


def _all_of(batch: Batch, source: SourceConfig, tiling: Tiling | None) -> list[Sample | Rejected]:
    return list(_become(batch, source, tiling))


def _is_chosen(name: str, share: float) -> bool:
    """Whether an entry is in a share: a larger one holds those of a smaller one."""
    if share >= 1:
        return True
    digest = hashlib.sha256(f"share\0{name}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
