"""``missing.parquet``: the samples of a release that an ingest or a curation did not find."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mpgi_ray.data.release import Entry

MISSING = "missing.parquet"
NOT_FOUND = "not_found"  # no picture of this name, and none of these bytes
OTHER_BYTES = "other_bytes"  # a picture of this name is there, with other bytes
OTHER_PIXELS = "other_pixels"  # the file is there, its pixels are made of it in another way
UNUSABLE = "rejected"  # the file is there and cannot be used: rejected.parquet says why

_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("image", pa.string()),
        ("window", pa.list_(pa.int64(), 4)),
        ("sha256", pa.string()),
        ("reason", pa.string()),
    ]
)


def missing_table(lost: Sequence[tuple[Entry, str]]) -> pa.Table:
    """Samples of a release, with the reason why each is missing."""
    rows = [
        {
            "source": one.source,
            "image": one.image,
            "window": one.window and list(one.window),
            "sha256": one.sha256,
            "reason": reason,
        }
        for one, reason in lost
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def missing_in_words(table: pa.Table) -> str:
    """How many are missing and why, with the first of each reason."""
    first: dict[str, list[str]] = {}
    for image, window, reason in zip(
        *(table[name].to_pylist() for name in ("image", "window", "reason")), strict=True
    ):
        first.setdefault(reason, []).append(image if window is None else f"{image} at {tuple(window)}")
    told = [
        f"{len(names):,} {reason}, such as {', '.join(names[:2])}" for reason, names in sorted(first.items())
    ]
    return f"{table.num_rows:,} samples of the release are missing: {'; '.join(told)}" if told else ""
