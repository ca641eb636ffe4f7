"""A sample of a caption folder: its records, with the claims of its texts, and what its shard holds of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import ShardList, find_shards
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.data.tables import read_table
from mpgi_ray.data.tar import group_members, read_members
from mpgi_ray.errors import InputError
from mpgi_ray.report.one.picture import of_entry
from mpgi_ray.report.one.place import COLUMNS, Place, Search
from mpgi_ray.rules import Facts
from mpgi_ray.truth.verdict import Verdict, check

_AT_ONCE = 8  # parts that are read


def samples(path: str, key: str) -> list[dict[str, Any]]:
    """The samples of this key, one record each.

    Raises:
        InputError: there is none, or a part cannot be read.
    """
    folder = CaptionFolder(path)
    told = folder.run_record()["recipe"]["input"]
    found = _places(folder, path, key)
    shards: ShardList | InputError
    try:
        shards = find_shards(told["shards"])
    except InputError as error:
        shards = error
    fields = ShardFields.model_validate(told["fields"])
    records = []
    for shard, places in groupby(sorted(found), key=lambda place: place.shard):
        inside = list(places)
        entries = _entries(shards, shard, fields, inside)
        for place in inside:
            about, facts = entries[place.index]
            rows = _rows(folder, found[place], place)
            texts = [_text(row, facts) for row in rows]
            known = {"key": place.key, "shard": shard, "index": place.index, "sample_id": place.sample_id}
            records.append(known | about | {"texts": texts})
    return records


def _places(folder: CaptionFolder, path: str, key: str) -> dict[Place, list[ChunkId]]:
    """Where the sample lies, by the tables of stage 1, and the chunks with its records."""
    names = {name: chunk for chunk, files in folder.files().items() for name in files}

    def read(name: str) -> tuple[ChunkId, pa.Table]:
        return names[name], read_table(folder.storage, name, COLUMNS)

    search, chunks = Search(path, key), dict[str, list[ChunkId]]()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for chunk, table in pool.map(read, names):
            search.add(table)
            chunks.setdefault(chunk.shard, []).append(chunk)
    return {place: sorted(set(chunks[place.shard])) for place in search.found()}


def _rows(folder: CaptionFolder, chunks: list[ChunkId], place: Place) -> list[Caption]:
    for chunk in chunks:
        rows = folder.table(chunk).filter(pc.field("index") == place.index)
        if len(rows):
            return from_table(rows)
    return []


def _entries(
    shards: ShardList | InputError, shard: str, fields: ShardFields, places: list[Place]
) -> dict[int, tuple[dict[str, Any], Facts | None]]:
    """What the shard holds of the samples, or why that is not known, by their index."""
    try:
        if isinstance(shards, InputError):
            raise shards
        if shard not in shards.files:
            raise InputError(f"{shard} is no longer among the input shards")
        data = shards.read(shard)
        entries = read_shard(data, shard, fields)
        groups = group_members(read_members(data, shard), shard, fields.image)
    except InputError as error:
        return {place.index: ({"trouble": str(error)}, None) for place in places}
    told: dict[int, tuple[dict[str, Any], Facts | None]] = {}
    for place in places:
        entry = entries[place.index] if place.index < len(entries) else None
        if entry is None or (isinstance(entry, Sample) and entry.sample_id != place.sample_id):
            changed = {"trouble": "the shard has changed since: another picture is here now"}
            told[place.index] = changed, None
        else:
            told[place.index] = of_entry(entry, groups[place.index].fields)
    return told


def _text(row: Caption, facts: Facts | None) -> dict[str, Any]:
    """A record as a person and a program want it: what is empty is left out."""
    told: dict[str, Any] = {"perspective": row.perspective, "stage": row.stage, "status": row.status}
    told |= {name: getattr(row, name) for name in ("reason", "detail", "text", "shown") if getattr(row, name)}
    if not row.text and row.raw:
        told["raw"] = row.raw
    if row.text and facts is not None:
        told["claims"] = _claims(row.text, facts)
    told |= {
        name: getattr(row, name) for name in ("engine", "model", "revision", "prompt_hash", "caption_id")
    }
    told |= {"attempt": row.attempt, "draw": row.draw}
    told["tokens"] = {kind: getattr(row, f"{kind}_tokens") for kind in ("prompt", "cached", "completion")}
    told |= {"seconds": row.seconds, "parents": list(row.parents), "scores": json.loads(row.scores)}
    return told


def _claims(text: str, facts: Facts) -> dict[str, list[str]]:
    """The words of each claim, by its verdict, with what is so where it is contradicted."""
    told: dict[str, list[str]] = {verdict.value: [] for verdict in Verdict}
    for one in check(text, facts):
        words = text[one.claim.start : one.claim.end]
        what = f"{one.claim.about.value}: {words}{one.fact and f' ({one.fact})'}"
        told[one.verdict.value].append(what)
    return told
