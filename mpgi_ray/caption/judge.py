"""Whether too much of a run was rejected."""

from __future__ import annotations

import textwrap
from collections import Counter

import pyarrow.compute as pc

from mpgi_ray.data.caption import UNDONE, Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.ledger import Survey
from mpgi_ray.errors import UnfinishedError

_SHOWN = 3  # reasons
_LENGTH = 200  # characters of a detail


def judge(folder: CaptionFolder, max_reject_rate: float, found: Survey) -> None:
    """Fail a run if too large a share of its samples, of all starts, has a record that is not ok.

    Args:
        found: what the folder holds; its parts are read for a message alone.

    Raises:
        UnfinishedError: it has; with the most frequent reasons and the first record of each.
    """
    samples = sum(entry.samples for entry in found.merged())
    not_ok = sum(entry.not_ok for entry in found.merged())
    if not_ok <= max_reject_rate * samples:
        return
    first: dict[str, Caption] = {}
    counts: Counter[str] = Counter()
    for table in folder.tables():
        bad = from_table(table.filter(pc.field("status").isin(list(UNDONE))))
        for row in bad:
            first.setdefault(row.reason, row)
            counts[row.reason] += 1
    told = "; ".join(
        f"{reason} ({count:,}), first {_line(first[reason])}" for reason, count in counts.most_common(_SHOWN)
    )
    raise UnfinishedError(
        f"{not_ok:,} of {samples:,} samples have a rejected or failed record ({not_ok / samples:.1%}), "
        f"max_reject_rate allows {max_reject_rate:.1%}: {told}; "
        f"see `mpgi inspect {folder.storage.url} --rejects 20`"
    )


def _line(row: Caption) -> str:
    detail = textwrap.shorten(row.detail, _LENGTH, placeholder=" …")
    return f"{row.shard}/{row.key} ({row.perspective or row.stage}{detail and f': {detail}'})"
