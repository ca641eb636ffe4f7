"""Whether too much of a run was rejected."""

from __future__ import annotations

import textwrap
from collections import Counter

import pyarrow.compute as pc

from mpgi_ray.data.caption import UNDONE, Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.errors import UnfinishedError

_SHOWN = 3  # reasons
_LENGTH = 200  # characters of a detail


def judge(folder: CaptionFolder, max_reject_rate: float) -> None:
    """Fail a run if too large a share of its samples, of all starts, has a record that is not ok.

    Raises:
        UnfinishedError: it has; with the most frequent reasons and the first record of each.
    """
    samples = not_ok = 0
    first: dict[str, Caption] = {}
    counts: Counter[str] = Counter()
    for table in folder.tables():
        bad = from_table(table.filter(pc.field("status").isin(list(UNDONE))))
        samples += pc.count_distinct(table["index"]).as_py()
        not_ok += len({row.index for row in bad})
        for row in bad:
            first.setdefault(row.reason, row)
            counts[row.reason] += 1
    if not_ok > max_reject_rate * samples:
        told = "; ".join(
            f"{reason} ({count:,}), first {_line(first[reason])}"
            for reason, count in counts.most_common(_SHOWN)
        )
        raise UnfinishedError(
            f"{not_ok:,} of {samples:,} samples have a rejected or failed record ({not_ok / samples:.1%}), "
            f"max_reject_rate allows {max_reject_rate:.1%}: {told}; "
            f"see `mpgi inspect {folder.storage.url} --rejects 20`"
        )


def _line(row: Caption) -> str:
    detail = textwrap.shorten(row.detail, _LENGTH, placeholder=" …")
    return f"{row.shard}/{row.key} ({row.perspective or row.stage}{detail and f': {detail}'})"
