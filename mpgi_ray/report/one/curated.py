"""A sample of final shards: its texts, where it came from; and what became of a source's sample."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from mpgi_ray.data.final import PICTURES
from mpgi_ray.data.place import bucket_of, place_of
from mpgi_ray.data.rejected import DROPPED
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.data.tar import Group, group_members, read_members
from mpgi_ray.data.text import decode_json
from mpgi_ray.errors import InputError
from mpgi_ray.report.one.place import LEAST, unknown

_CSV, _SUMMARY = "captions.csv", "summary.json"
_KEY = 24  # letters of a sample_id that a final sample's key begins with


def samples(path: str, key: str) -> list[dict[str, Any]]:
    """The final samples of this key or sample_id, and the source's of this key that were dropped.

    ``captions.csv`` tells the shard, and that one is read.

    Raises:
        InputError: there is none, the curation is not finished, or a shard cannot be read.
    """
    storage = Storage(path)
    if not storage.exists(_SUMMARY):
        raise InputError(f"{path} is not finished: run the same `mpgi curate` again first")
    listed = dict(_listed(storage))
    wanted, dropped = [one for one in listed if one == key], _dropped(storage, key)
    if not wanted and not dropped and len(key) >= LEAST:
        wanted = [one for one in listed if one.startswith(key[:_KEY].lower())]
    if not dropped and (not wanted or len({one[:_KEY] for one in wanted}) > 1):
        error = unknown(path, key, listed)
        raise InputError(
            f"{error}; final keys begin a sample_id: `mpgi inspect CAPTIONS#KEY --final {path}` finds the "
            "sample of a source's key"
        )
    return [*(_record(storage, listed[one], one) for one in wanted), *dropped]


def fate(final: str, place: dict[str, Any]) -> dict[str, Any]:
    """What became of a sample of the source in a curation.

    Args:
        place: its ``shard``, ``index`` and ``sample_id``.

    Raises:
        InputError: the curation is not finished, or a file cannot be read.
    """
    storage = Storage(final)
    if not storage.exists(_SUMMARY):
        raise InputError(f"{final} is not finished: run the same `mpgi curate` again first")
    told = storage.read_json(_SUMMARY)
    if storage.exists(DROPPED):
        table = read_table(storage, DROPPED)
        here = pc.and_(pc.equal(table["shard"], place["shard"]), pc.equal(table["index"], place["index"]))
        for row in table.filter(here).to_pylist():
            return {"kept": False, "reason": row["reason"]}
    if told["shards"]:
        shard = f"shard-{bucket_of(place_of(place['sample_id'], told['seed']), told['shards']):06d}"
        for group in _groups(storage, shard):
            note = decode_json(group.fields.get("json", b"{}"))
            if (note.get("shard"), note.get("index")) == (place["shard"], place["index"]):
                return {
                    "kept": True,
                    "shard": shard,
                    "key": group.key,
                    "texts": sorted(note.get("texts", {})),
                }
    return {"kept": False, "reason": "", "detail": "it was not offered to this curation, or by another run"}


def _listed(storage: Storage) -> Iterator[tuple[str, str]]:
    """The keys of all final samples, with their shards."""
    rows = csv.reader(io.StringIO(storage.read(_CSV).decode(), newline=""))
    next(rows, None)
    for path, *_ in rows:
        shard, _, file = path.rpartition("/")
        yield file.rpartition(".")[0], shard


def _groups(storage: Storage, shard: str) -> list[Group]:
    return group_members(read_members(storage.read(f"{shard}.tar"), shard), shard, None)


def _record(storage: Storage, shard: str, key: str) -> dict[str, Any]:
    group = next(group for group in _groups(storage, shard) if group.key == key)
    note = decode_json(group.fields["json"])
    came = {name: note.get(name) for name in ("name", "shard", "index")}
    told = {"key": key, "shard": shard, "sample_id": note.get("sample_id"), "came_from": came}
    told["members"] = {name: len(data) for name, data in group.fields.items()}
    told["picture"] = next((name for name in PICTURES if name in group.fields), None)
    told["main_text"] = group.fields.get("txt", b"").decode(errors="replace")
    return told | {
        name: note[name] for name in ("texts", "captions", "annotation", "converted") if name in note
    }


def _dropped(storage: Storage, key: str) -> list[dict[str, Any]]:
    if not storage.exists(DROPPED):
        return []
    table = read_table(storage, DROPPED)
    rows = table.filter(pc.equal(table["key"], key)).to_pylist()
    return [{**row, "fate": {"kept": False, "reason": row.pop("reason")}} for row in rows]
