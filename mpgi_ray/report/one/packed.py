"""A sample of shards: its members, its annotation, its texts."""

from __future__ import annotations

from typing import Any

from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.data.tar import group_members, read_members
from mpgi_ray.report.one.picture import of_entry
from mpgi_ray.report.one.place import LEAST, unknown


def samples(path: str, key: str) -> list[dict[str, Any]]:
    """The samples of this key or identity in a shard, or in any of several, which are read one by one.

    Raises:
        InputError: there is none, or a shard cannot be read.
    """
    shards = find_shards(path)
    shards.require_all()
    keys: set[str] = set()
    records = []
    for shard in shards.files:
        data = shards.read(shard)
        groups = group_members(read_members(data, shard), shard, None)
        for group, entry in zip(groups, read_shard(data, shard, ShardFields()), strict=True):
            keys.add(group.key)
            begins = len(key) >= LEAST and entry.sample_id.startswith(key.lower())
            if group.key == key or begins:
                place = {"key": group.key, "shard": shard, "index": entry.index, "sample_id": entry.sample_id}
                records.append(place | of_entry(entry, group.fields)[0])
    if not records:
        raise unknown(path, key, keys)
    return records
