"""Samples of shards, and final samples, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from mpgi_ray.data.annotated import annotation_of
from mpgi_ray.data.final import Record, read_records
from mpgi_ray.data.sample import Annotation, Rejected, Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.read.rows import Rows

_NAMES = pa.list_(pa.string())
_ABOUT = [("scene", _NAMES), ("captions", _NAMES), ("source", pa.string()), ("split", pa.string())]
_SHARD = pa.schema(
    [
        ("shard", pa.string()),
        ("index", pa.int64()),
        ("key", pa.string()),
        ("sample_id", pa.string()),
        ("name", pa.string()),
        ("image", pa.large_binary()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        *_ABOUT,
        ("annotation", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)
_FINAL = pa.schema(
    [
        ("shard", pa.string()),
        ("key", pa.string()),
        ("sample_id", pa.string()),
        ("image", pa.large_binary()),
        ("texts", pa.map_(pa.string(), pa.string())),
        *_ABOUT,
        ("annotation", pa.string()),
    ]
)


def read_shards(
    shards: str | Sequence[str], *, pictures: bool = True, fields: ShardFields | None = None
) -> Rows:
    """The samples of WebDataset shards, ours or of other programs.

    A row is a sample: ``shard``, ``index`` (place in the shard), ``key``, ``sample_id`` (SHA-256 in hex),
    ``name`` (in the source), ``image`` (encoded bytes), ``width`` and ``height`` in pixels, ``scene``,
    ``captions`` (people's), ``source``, ``split`` and ``annotation`` (JSON of `Annotation`, boxes in pixels).
    What cannot be used is a row too, without them and with a ``reason`` and a ``detail``.

    Args:
        shards: a folder, a glob, a brace range, or a list of these, local or ``s3://…``.
        pictures: False leaves the column ``image`` out.
        fields: where shards of other programs keep what is read.

    Raises:
        InputError: there are no shards, or some are missing; while reading: one cannot be read as a whole.
    """
    found = find_shards(_absolute(shards))
    found.require_all()
    schema = _without_pictures(_SHARD, pictures)
    parts = [
        partial(_shard_table, found.root.url, file, name, fields, schema)
        for name, file in found.files.items()
    ]
    return Rows(schema, parts, tuple(f"{found.root.url}/{file}" for file in found.files.values()))


def read_final(shards: str | Sequence[str], *, pictures: bool = True, split: str | None = None) -> Rows:
    """The samples of final shards, as `mpgi curate` writes them.

    A row is a sample: ``shard`` (its address), ``key``, ``sample_id``, ``image`` (JPEG or PNG, 8-bit grey or
    RGB), ``texts`` (by perspective), ``captions`` (people's), ``scene``, ``source``, ``split`` and
    ``annotation`` (JSON).

    Args:
        pictures: False leaves the column ``image`` out.
        split: samples of this split alone.

    Raises:
        InputError: as `read_shards`, or a sample is not a final one.
    """
    found = find_shards(_absolute(shards))
    found.require_all()
    schema = _without_pictures(_FINAL, pictures)
    places = tuple(f"{found.root.url}/{file}" for file in found.files.values())
    return Rows(schema, [partial(_final_table, place, split, schema) for place in places], places, split)


def _absolute(places: str | Sequence[str]) -> list[str]:
    return [absolute(place) for place in ([places] if isinstance(places, str) else places)]


def _without_pictures(schema: pa.Schema, pictures: bool) -> pa.Schema:
    return schema if pictures else schema.remove(schema.get_field_index("image"))


def _shard_table(root: str, file: str, name: str, fields: ShardFields | None, schema: pa.Schema) -> pa.Table:
    entries = read_shard(Storage(root).read(file), file, fields)
    return _table([_entry(entry) | {"shard": name} for entry in entries], schema)


def _entry(entry: Sample | Rejected) -> dict[str, Any]:
    told = {"index": entry.index, "key": entry.key, "sample_id": entry.sample_id}
    if isinstance(entry, Rejected):
        return told | {"reason": entry.reason, "detail": entry.detail}
    note = entry.annotation
    about = {"name": entry.name, "image": entry.image, "width": note.width, "height": note.height}
    return told | about | _about(note) | {"annotation": note.model_dump_json(exclude_defaults=True)}


def _about(note: Annotation) -> dict[str, Any]:
    return {"scene": note.scene, "captions": note.captions, "source": note.source, "split": note.split}


def _final_table(place: str, split: str | None, schema: pa.Schema) -> pa.Table:
    records = read_records([place], pictures="image" in schema.names)
    return _table([_record(record) for record in records if record.in_split(split)], schema)


def _record(record: Record) -> dict[str, Any]:
    note = annotation_of(record)
    told = {"shard": record.shard, "key": record.key, "sample_id": record.sample_id, "image": record.image}
    texts = {"texts": list(record.texts.items()), "captions": record.captions}
    return told | _about(note) | texts | {"annotation": note.model_dump_json(exclude_defaults=True)}


def _table(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.table(columns, schema=schema)
