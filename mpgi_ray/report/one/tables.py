"""The rows that searches and scorings have of a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.searches import GROUPS, HASHES, LEAKS, PAIRS
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_batches, read_table
from mpgi_ray.report.finished import finished
from mpgi_ray.report.kinds import Kind
from mpgi_ray.report.one.curated import fate
from mpgi_ray.report.one.place import COLUMNS, Place, Search

_SCORES = "scores"
_OF_SAMPLE = ("shard", "index", "key", "sample_id", "text_hash")  # of a row of scores; the same in all


def samples(kind: Kind, path: str, key: str) -> list[dict[str, Any]]:
    """The sample of this key, with its rows.

    Raises:
        InputError: there is none, the job is not finished, or a table cannot be read.
    """
    job = {Kind.SCORES: "score", Kind.DUPLICATES: "duplicates", Kind.LEAKS: "leaks"}[kind]
    storage = finished(path, job).storage
    rows = _ROWS[job]
    places = _places(storage.child(_SCORES if kind is Kind.SCORES else HASHES), path, key)
    return [_of(place) | {_NAMES[job]: rows(storage, _of(place))} for place in places]


def beside(sample: Mapping[str, Any], folders: Mapping[str, str]) -> dict[str, Any]:
    """What other jobs' folders know of a sample of a caption folder.

    Raises:
        InputError: a folder is of another job, not finished, or cannot be read.
    """
    told: dict[str, Any] = {}
    if "final" in folders:
        told["fate"] = fate(folders["final"], dict(sample))
    for option, job in (("scores", "score"), ("duplicates", "duplicates"), ("leaks", "leaks")):
        if option in folders:
            told[option] = _ROWS[job](finished(folders[option], job).storage, sample)
    return told


def _of(place: Place) -> dict[str, Any]:
    return {"key": place.key, "shard": place.shard, "index": place.index, "sample_id": place.sample_id}


def _places(folder: Storage, path: str, key: str) -> list[Place]:
    """The sample's places by the tables of shards; those of hashes stand in the folder of their shard."""
    search = Search(path, key)
    for name in folder.list(".parquet"):
        table = read_table(folder, name)
        if "shard" not in table.column_names:
            shard = pa.array([name.removesuffix(".parquet")] * len(table), pa.string())
            table = table.append_column("shard", shard)
        search.add(table.select(COLUMNS))
    return search.found()


def _scores(storage: Storage, sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a text: its name, its number, its scores."""
    folder, name = storage.child(_SCORES), f"{sample['shard']}.parquet"
    if not folder.exists(name):
        return []
    table = read_table(folder, name)
    here = pc.and_(
        pc.equal(table["index"], sample["index"]), pc.equal(table["sample_id"], sample["sample_id"])
    )
    rows: list[dict[str, Any]] = table.filter(here).drop_columns(list(_OF_SAMPLE)).to_pylist()
    return rows


def _copies(storage: Storage, sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups of a picture, with their members and the pairs that they were found by."""
    table, sample_id = read_table(storage, GROUPS), sample["sample_id"]
    numbers = pc.unique(table.filter(pc.equal(table["sample_id"], sample_id))["group"])
    groups = []
    for number in numbers.to_pylist():
        members = table.filter(pc.equal(table["group"], number)).drop_columns(["group"]).to_pylist()
        groups.append({"group": number, "members": members, "pairs": _pairs(storage, sample_id)})
    return groups


def _pairs(storage: Storage, sample_id: str) -> list[dict[str, Any]]:
    """What was compared with a picture."""
    return _rows(storage, PAIRS, ("sample_id_a", "sample_id_b"), sample_id)


def _leaks(storage: Storage, sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where a picture leaks, or is leaked."""
    return _rows(storage, LEAKS, ("sample_id", "evaluation_id"), sample["sample_id"])


def _rows(storage: Storage, name: str, columns: tuple[str, str], sample_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for batch in read_batches(storage, name):
        first, second = (pc.equal(batch[column], sample_id) for column in columns)
        rows += batch.filter(pc.or_kleene(first, second)).to_pylist()
    return rows


_NAMES = {"score": "scores", "duplicates": "duplicates", "leaks": "leaks"}
_ROWS: Mapping[str, Callable[[Storage, Mapping[str, Any]], list[dict[str, Any]]]] = {
    "score": _scores,
    "duplicates": _copies,
    "leaks": _leaks,
}
