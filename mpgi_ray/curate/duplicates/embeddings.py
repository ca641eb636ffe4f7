"""Candidates by the features of a model: the nearest neighbours of each picture by cosine, exact.

They need not have near hashes: a corner of a picture is like the whole to a model that knows what it shows.
Only local features confirm them, see `mpgi_ray.curate.duplicates.looking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.hashing import Job
from mpgi_ray.curate.duplicates.pairing import CANDIDATES, UNLIKE, Block
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.tables import publish_table, read_table

NEIGHBOURS = 10  # of each picture
_ROWS = 1024  # pictures whose cosines with a block are in memory: 256 MiB
NEAREST = pa.schema([("a", pa.int64()), ("b", pa.int64()), ("cosine", pa.float32())])


def embed_shard(job: Job, shard: str, url: str) -> None:
    """Publish the unit features of the pictures of a shard that have hashes, as 16-bit floats.

    Raises:
        InputError, RecipeError: the model cannot be loaded.
    """
    name = f"embeddings/{shard}.parquet"
    if job.work.exists(name):
        return
    table = job.table(shard, "index", "reason")
    places = np.flatnonzero(table["reason"].is_null().to_numpy())
    entries = job.entries(url) if len(places) else []
    samples = [entries[index] for index in table["index"].take(places).to_pylist()]
    pictures = (decode(sample.image).pixels for sample in samples if isinstance(sample, Sample))
    features = _model(job.embeddings or "").pictures(pictures).astype(np.float16) if len(places) else []
    told = {"place": places, "features": pa.array([one.tobytes() for one in features], pa.binary())}
    publish_table(job.work, name, pa.table(told))


def nearest(job: Job, one: Block, blocks: Sequence[Block]) -> str:
    """Publish the nearest neighbours of each picture of a block among those of all blocks; see `NEAREST`.

    Returns:
        The file's name.
    """
    name = f"nearest-{one.number:05d}.parquet"
    if job.work.exists(name):
        return name
    numbers, features = _features(job, one)
    best = np.full((len(numbers), NEIGHBOURS), -1, np.int64)
    cosines = np.full(best.shape, -2, np.float32)
    for block in blocks:
        others, theirs = _features(job, block)
        for start in range(0, len(numbers) if len(others) else 0, _ROWS):
            rows = slice(start, start + _ROWS)
            found = features[rows] @ theirs.T
            found[numbers[rows, None] == others] = -2  # itself
            columns = np.argsort(-found, axis=1, kind="stable")[:, :NEIGHBOURS]
            both = np.hstack([cosines[rows], np.take_along_axis(found, columns, 1)])
            named = np.hstack([best[rows], others[columns]])
            order = np.lexsort((named, -both), axis=1)[:, :NEIGHBOURS]
            best[rows] = np.take_along_axis(named, order, 1)
            cosines[rows] = np.take_along_axis(both, order, 1)
    there = cosines > -2
    pairs = np.repeat(numbers, NEIGHBOURS).reshape(best.shape)[there], best[there], cosines[there]
    publish_table(job.work, name, pa.table(list(pairs), NEAREST))
    return name


def with_neighbours(candidates: pa.Table, job: Job, names: Sequence[str]) -> pa.Table:
    """Candidates, and those pairs of neighbours that are none yet; in order."""
    tables = [NEAREST.empty_table(), *(read_table(job.work, name) for name in names)]
    found = pa.concat_tables(tables)
    pairs = np.sort(np.stack([found["a"].to_numpy(), found["b"].to_numpy()], axis=1), axis=1)
    known = np.stack([candidates["a"].to_numpy(), candidates["b"].to_numpy()], axis=1)
    pairs, first = np.unique(np.concatenate([known, pairs]), axis=0, return_index=True)
    new = first >= len(known)
    columns: dict[str, Any] = {
        **{"a": pairs[new, 0], "b": pairs[new, 1], "symmetry": np.zeros(new.sum(), np.int64)},
        "cosine": found["cosine"].to_numpy()[first[new] - len(known)],
        "verdict": np.full(new.sum(), UNLIKE),
    }
    nothing = [None] * int(new.sum())
    more = pa.table([pa.array(columns.get(f.name, nothing), f.type) for f in CANDIDATES], CANDIDATES)
    return pa.concat_tables([candidates, more]).sort_by([("a", "ascending"), ("b", "ascending")])


def _features(job: Job, block: Block) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The numbers of a block's pictures that are compared, and their features, a row each."""
    numbers, rows, start = [], [], block.first
    for shard in block.shards:
        table = read_table(job.work, f"embeddings/{shard}.parquet")
        numbers.append(start + table["place"].to_numpy())
        rows += table["features"].to_pylist()
        start += len(job.table(shard, "index"))
    all_numbers = np.concatenate(numbers)
    features = np.frombuffer(b"".join(rows), np.float16).astype(np.float32).reshape(len(rows), -1)
    stays = ~np.isin(all_numbers, list(block.left_out))
    return all_numbers[stays], features[stays]


@lru_cache(1)
def _model(place: str) -> Any:
    from mpgi_ray.models.embed import Model

    return Model.load(place)
