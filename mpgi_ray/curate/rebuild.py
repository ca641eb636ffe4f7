"""Final shards made again of a release and of the originals' shards.

A source shard's samples that the release names are spilled without texts; a final shard then joins those that
fall to it with its own table of the release, which holds the same range of the global order. So a task holds
one shard and one table, whatever the size of the release.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from mpgi_ray.data.caption import Caption
from mpgi_ray.data.final import CAPTIONS, Final
from mpgi_ray.data.image import ImageError
from mpgi_ray.data.missing import MISSING, NOT_FOUND, missing_table
from mpgi_ray.data.rejected import DROPPED, dropped_table
from mpgi_ray.data.release import Entry, Release
from mpgi_ray.data.release_rows import rebuilt_note, source_of
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shards import encode_json
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.errors import InputError

NOT_NAMED = "not_in_release"
_IDS = "release.ids"  # in the work folder: a hash of each sample that the release names, sorted


def publish_ids(work: Storage, release: Release) -> None:
    """Write what `named` looks samples up in: eight bytes each.

    Raises:
        InputError: a table of the release is missing or damaged.
    """
    hashes = [_hashed(one.source, one.sample_name, one.sample_id) for one in release.entries()]
    work.publish(_IDS, np.sort(np.array(hashes, "<u8")).tobytes())


def named(
    shard: str, entries: Iterable[Sample | Rejected], work: Storage
) -> tuple[list[Final], list[tuple[int, str, str]]]:
    """The samples of a source shard that the release names, without texts.

    Returns:
        They, and place, key and reason of each of the others.
    """
    ids = np.frombuffer(work.read(_IDS), "<u8")
    kept: list[Final] = []
    dropped: list[tuple[int, str, str]] = []
    for entry in entries:
        made = entry.reason if isinstance(entry, Rejected) else _without_texts(shard, entry, ids)
        if isinstance(made, Final):
            kept.append(made)
        else:
            dropped.append((entry.index, entry.key, made))
    return kept, dropped


def rebuilt(
    samples: Sequence[Final], release: Release, bucket: int, listed: bool, work: Storage
) -> list[Final]:
    """The samples of a final shard as they were.

    Those that are not there are written to a table, and so are those that are there once too often: of
    several the one is taken that lies where it lay, or else is of the same split.

    Args:
        samples: without texts.
        bucket: number of the final shard.
        listed: whether what people wrote stands in ``captions.csv``.
    """
    there: dict[tuple[str, str, str], list[Final]] = defaultdict(list)
    for sample in samples:
        note = json.loads(sample.record)
        there[source_of(note["annotation"]), note["name"], sample.sample_id].append(sample)
    made: list[Final] = []
    lost: list[tuple[Entry, str]] = []
    for rows in _by_sample(release.table(bucket)):
        first = rows[0]
        if found := there.get((first["source"], first["sample_name"], first["sample_id"])):
            nearest = max(range(len(found)), key=lambda n: _near(first, found[n]))
            made.append(_final(found.pop(nearest), rows, listed))
        else:
            fields = {name: first[name] for name in Entry.__slots__ if name != "window"}
            window = first["window"] and tuple(first["window"])
            lost.append((Entry(**fields, window=window), NOT_FOUND))
    publish_table(work, lost_name(bucket), missing_table(lost))
    spare = [(one, name) for (_, name, _), found in there.items() for one in found]
    tables = [dropped_table(one.shard, [(one.index, name, NOT_NAMED)]) for one, name in spare]
    publish_table(work, spare_name(bucket), pa.concat_tables([dropped_table("", []), *tables]))
    return made


def _near(row: Mapping[str, Any], sample: Final) -> tuple[bool, bool]:
    """Whether a sample lies where that of a release lay, and whether it is of the same split."""
    here = (sample.shard, sample.index) == (row["source_shard"], row["source_index"])
    return here, json.loads(sample.record)["annotation"].get("split") == row["split"]


def lost_name(bucket: int) -> str:
    """The table in the work folder of what a final shard lacks."""
    return f"{bucket:06d}.{MISSING}"


def spare_name(bucket: int) -> str:
    """The table in the work folder of what is there once too often."""
    return f"{bucket:06d}.{DROPPED}"


def _final(sample: Final, rows: Sequence[Mapping[str, Any]], listed: bool) -> Final:
    note = rebuilt_note(json.loads(sample.record), rows)
    main = next((row["text"] for row in rows if row["main"]), None)
    if main is None:
        raise InputError(f"the release has no main text of {rows[0]['key']}: fetch it again")
    texts = tuple(row["text"] for row in rows if listed or row["name"] != CAPTIONS)
    return replace(
        sample,
        shard=rows[0]["source_shard"],
        index=rows[0]["source_index"],
        record=encode_json(note),
        text=main,
        texts=texts,
    )


def _by_sample(table: pa.Table) -> list[list[dict[str, Any]]]:
    """The rows of each sample, which follow each other."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        groups.setdefault(row["key"], []).append(row)
    return list(groups.values())


def _without_texts(shard: str, sample: Sample, ids: Any) -> Final | str:
    source = source_of({"source": sample.annotation.source})
    number = _hashed(source, sample.name, sample.sample_id)
    place = int(np.searchsorted(ids, np.uint64(number)))
    if place == len(ids) or int(ids[place]) != number:
        return NOT_NAMED
    # what it says stands in the release; here it only takes the place of a text
    none = Caption(caption_id="", sample_id=sample.sample_id, shard=shard, index=0, key="", stage="")
    try:
        return Final.of(shard, sample, [none], none.perspective)
    except ImageError as error:
        return error.reason


def _hashed(source: str, name: str, sample_id: str) -> int:
    told = f"{source}\0{name}\0{sample_id}".encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "little")
