"""Lists of hashes: an evaluation set without its pixels, which can be published and compared by others.

Beside the 64 bits that find candidates a picture has 256 finer ones: whether each of the 16 × 16 lowest
frequencies of its pattern (`mpgi_ray.curate.duplicates.confirm.pattern`) is above their median. They confirm
candidates where there are no pixels to compare: copies of ``ucm`` and ``eurosat`` nearly all differ in less
than `MOST_FINE` of them, different pictures with near hashes in 68 and more (docs/curation.md). Of pictures
that are mostly of one grey too little is left to tell them apart by: they have no hashes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.fft import dct

from mpgi_ray.curate.duplicates.confirm import pattern, plainness
from mpgi_ray.curate.duplicates.crowds import MANY
from mpgi_ray.curate.duplicates.hashing import LINEAGE, Job
from mpgi_ray.curate.duplicates.pairing import Block, load
from mpgi_ray.curate.duplicates.phash import SIDE, SYMMETRIES, turned
from mpgi_ray.curate.duplicates.pictures import Pictures
from mpgi_ray.curate.duplicates.search import near
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table, table_at
from mpgi_ray.errors import InputError

HASH_LIST = "hashes.parquet"
MOST_FINE = 64  # of 256 bits
MOST_PLAIN = 0.7  # share of one grey
_LOW = 16
_FORM = {"mpgi_hashes": "2"}
_SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("sample_id", pa.string()),
        ("phash", pa.string()),
        ("fine", pa.string()),
        *LINEAGE,
    ]
)
MATCHES = pa.schema([(name, pa.int64()) for name in ("a", "row", "fine", "distance", "symmetry")])


def fine_hashes(reduced: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The 256 bits of reduced pictures of shape (n, 32, 32), as (n, 32) bytes."""
    low = dct(dct(pattern(reduced), axis=-2), axis=-1)[:, :_LOW, :_LOW].reshape(len(reduced), _LOW**2)
    return np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1)


def publish_hash_list(output: Storage, job: Job, pictures: Pictures, side: str) -> None:
    """Write ``hashes.parquet``: the pictures of a side, in hex; without hashes where they have none."""
    tables = [_SCHEMA.empty_table()]
    for shard in pictures.shards:
        if shard.partition("/")[0] == side:
            columns = ("key", "sample_id", "hashes", "reduced", *(field.name for field in LINEAGE))
            tables.append(_listed(job.table(shard, *columns).replace_schema_metadata(None)))
    publish_table(output, HASH_LIST, pa.concat_tables(tables).replace_schema_metadata(_FORM))


def read_hash_list(path: str) -> pa.Table:
    """A list that `publish_hash_list` wrote.

    Args:
        path: of the file, or of the folder that holds it.

    Raises:
        InputError: it cannot be read, is something else, or holds what is no hash.
    """
    storage, name = table_at(path, HASH_LIST)
    table = read_table(storage, name)
    form = (table.schema.metadata or {}).get(b"mpgi_hashes")
    if form != _FORM["mpgi_hashes"].encode() or table.schema.remove_metadata() != _SCHEMA:
        raise InputError(
            f"{storage.path(name)} is no list of hashes of this version: expected the {HASH_LIST} that "
            "`mpgi leaks` writes"
        )
    for row in table.to_pylist():
        if wrong := next(_faults(row), None):
            raise InputError(f"{storage.path(name)}: {row['key']!r:.80} has {wrong}; get the list again")
    return table.replace_schema_metadata(None)


def match(job: Job, block: Block, number: int, path: str) -> str:
    """Publish which pictures of a block are copies of those of a list; `MATCHES` by the list's rows.

    Args:
        number: of the list.

    Returns:
        The file's name.
    """
    name = f"listed-{number:05d}-{block.number:05d}.parquet"
    if job.work.exists(name):
        return name
    listed, ours = read_hash_list(path), load(job, block)
    rows = np.flatnonzero(listed["phash"].is_valid().to_numpy())
    hashes = np.array([int(one, 16) for one in listed["phash"].drop_null().to_pylist()], np.uint64)
    finer = bytes.fromhex("".join(listed["fine"].drop_null().to_pylist()))
    fine = np.frombuffer(finer, np.uint8).reshape(-1, _LOW**2 // 8)
    best: dict[tuple[int, int], tuple[int, int, int]] = {}
    shown, met = plainness(ours.reduced) < MOST_PLAIN, np.zeros(len(ours.numbers), np.int64)
    for i, found, distances in near(hashes, ours.hashes.ravel(), job.radius):
        j, symmetries = np.divmod(found, len(SYMMETRIES))
        some = shown[j] & (met[j] < MANY)
        i, j, symmetries, distances = i[some], j[some], symmetries[some], distances[some]
        bits = differing(fine[i], ours.reduced[j], symmetries)
        told = np.stack([ours.numbers[j], rows[i], bits, distances, symmetries], axis=1)[bits <= MOST_FINE]
        np.add.at(met, j[bits <= MOST_FINE], 1)
        for picture, row, *one in told.tolist():
            best[picture, row] = min(best.get((picture, row), (256, 0, 0)), tuple(one))
    columns = np.array([(*pair, *one) for pair, one in sorted(best.items())], np.int64).reshape(-1, 5)
    publish_table(job.work, name, pa.table(list(columns.T), MATCHES))
    return name


def _faults(row: dict[str, Any]) -> Iterator[str]:
    """What of a row of a list cannot be."""
    for column, digits in (("sample_id", 64), ("phash", 16), ("fine", 64)):
        value = row[column]
        if value is None and (column == "sample_id" or row["phash"] != row["fine"]):
            yield f"no {column}"
        elif value is not None and not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
            yield f"the {column} {value!r:.80}, which is not of {digits} hexadecimal digits"
    for column in ("window", "bounds"):
        if row[column] is not None and (len(row[column]) != 4 or None in row[column]):
            yield f"the {column} {row[column]!r:.80}, which is not of four numbers"


def _listed(table: pa.Table) -> pa.Table:
    rows = table.drop_columns(["hashes", "reduced"]).to_pylist()
    for row, hashes, reduced in zip(
        rows, table["hashes"].to_pylist(), table["reduced"].to_pylist(), strict=True
    ):
        if hashes is not None:
            small = np.frombuffer(reduced, np.uint8).reshape(1, SIDE, SIDE)
            if plainness(small)[0] < MOST_PLAIN:
                row |= {"phash": hashes[:8].hex(), "fine": fine_hashes(small).tobytes().hex()}
    return pa.Table.from_pylist(rows, _SCHEMA)


def differing(
    fine: NDArray[np.uint8], reduced: NDArray[np.uint8], symmetries: NDArray[np.int64]
) -> NDArray[np.int64]:
    """In how many of the fine bits pictures, each turned by its symmetry, differ from those of a list."""
    differ = np.zeros(len(fine), np.int64)
    for symmetry in range(len(SYMMETRIES)):
        chosen = symmetries == symmetry
        own = fine_hashes(turned(reduced[chosen], symmetry))
        differ[chosen] = np.bitwise_count(own ^ fine[chosen]).sum(1)
    return differ
