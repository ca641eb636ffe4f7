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

AHEAD = 8  # entries, and the threads that read them


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
    with ThreadPoolExecutor(AHEAD) as readers:
        waiting: deque[Future[list[Sample | Rejected]]] = deque()
        try:
            for index, entry in enumerate(items):
                if not _is_chosen(entry.key if isinstance(entry, Rejected) else entry.name, share):
                    continue
                large = isinstance(entry, Item) and (tiling is not None or entry.raster is not None)
                while waiting and (large or len(waiting) >= AHEAD):
                    yield from waiting.popleft().result()
                if large:
                    yield from _become(entry, index, source, tiling)
                else:
                    waiting.append(readers.submit(_all_of, entry, index, source, tiling))
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()


def _become(
    entry: Entry, index: int, source: SourceConfig, tiling: Tiling | None
) -> Iterator[Sample | Rejected]:
    if isinstance(entry, Rejected):
        yield replace(entry, index=index)
    else:
        yield from load(entry, source, index, tiling)


def _all_of(entry: Entry, index: int, source: SourceConfig, tiling: Tiling | None) -> list[Sample | Rejected]:
    return list(_become(entry, index, source, tiling))


def _is_chosen(name: str, share: float) -> bool:
    """Whether an entry is in a share: a larger one holds those of a smaller one."""
    if share >= 1:
        return True
    digest = hashlib.sha256(f"share\0{name}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
