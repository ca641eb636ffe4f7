"""``merged.parquet``: what exact duplicates say of a kept picture, and what of it came from which of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from mpgi_ray.curate.duplicates.groups import EXACT
from mpgi_ray.curate.duplicates.hashing import Job
from mpgi_ray.curate.duplicates.merging import Part, encoded, merged
from mpgi_ray.data.sample import Annotation, Sample

_PARTS = pa.list_(
    pa.struct(
        [
            ("what", pa.string()),  # a field of the annotation
            ("shard", pa.string()),
            ("index", pa.int64()),
            ("key", pa.string()),
            ("source", pa.string()),
            ("licence", pa.string()),
        ]
    )
)
MERGED_SCHEMA = pa.schema(
    [
        ("shard", pa.string()),
        ("index", pa.int64()),
        ("key", pa.string()),
        ("sample_id", pa.string()),
        ("before", pa.string()),  # a digest of what the picture's own source says
        ("annotation", pa.string()),  # JSON
        ("taken", _PARTS),
        ("refused", _PARTS),
    ]
)
_Place = tuple[str, int]


def merged_table(job: Job, groups: pa.Table, files: Mapping[str, str], each: Callable[..., Any]) -> pa.Table:
    """A row for each kept picture that exact duplicates say more of, or would, but for a licence.

    The driver holds the annotations of these pictures and of their exact duplicates.

    Args:
        groups: as `groups_table` gives it, which decides the order of rows.
        files: whole paths by shard.
        each: a task for each of many calls.
    """
    kept: dict[str, dict[str, Any]] = {}
    others: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in groups.to_pylist():
        if row["keep"]:
            kept[row["sample_id"]] = row
        elif row["reason"] == EXACT and row["sample_id"] == row["duplicate_of"]:
            others[row["sample_id"]].append(row)
    wanted: dict[str, list[int]] = defaultdict(list)
    for sample_id, rows in others.items():
        for row in (kept[sample_id], *rows):
            wanted[row["shard"]].append(row["index"])
    calls = [(job, files[shard], indices) for shard, indices in sorted(wanted.items())]
    told: dict[_Place, bytes] = {}
    for (shard, _), found in zip(sorted(wanted.items()), each(told_of, calls), strict=True):
        told |= {(shard, index): annotation for index, annotation in found}
    rows = [_row(kept[sample_id], rows, told) for sample_id, rows in others.items()]
    return pa.Table.from_pylist([row for row in rows if row["taken"] or row["refused"]], MERGED_SCHEMA)


def told_of(job: Job, url: str, indices: Sequence[int]) -> list[tuple[int, bytes]]:
    """The annotations of some samples of a shard as JSON, each with its place.

    Raises:
        InputError: the shard cannot be read.
    """
    places = set(indices)
    entries = (entry for entry in job.entries(url) if isinstance(entry, Sample))
    return [(entry.index, encoded(entry.annotation)) for entry in entries if entry.index in places]


def digest_of(annotation: Annotation) -> str:
    """What tells an annotation from others, 16 hex digits."""
    return hashlib.sha256(encoded(annotation)).hexdigest()[:16]


def _row(
    kept: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], told: Mapping[_Place, bytes]
) -> dict[str, Any]:
    own, *others = (Annotation.model_validate_json(told[row["shard"], row["index"]]) for row in (kept, *rows))
    found = merged(own, others)

    def parts(moved: Sequence[Part]) -> list[dict[str, Any]]:
        return [
            {
                "what": part.name,
                **{name: rows[part.other][name] for name in ("shard", "index", "key")},
                "source": others[part.other].source,
                "licence": others[part.other].licence,
            }
            for part in moved
        ]

    return {
        **{name: kept[name] for name in ("shard", "index", "key", "sample_id")},
        "before": digest_of(own),
        "annotation": encoded(found.annotation).decode(),
        "taken": parts(found.taken),
        "refused": parts(found.refused),
    }
