"""Whether too much of a source was rejected."""

from __future__ import annotations

from mpgi_ray.data.rejected import REJECTED
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import InputError, UnfinishedError
from mpgi_ray.ingest.job import IngestSummary

_SHOWN = 3  # rows


def first_rejected(output: str, summary: IngestSummary) -> str:
    """The first rejected entry of each of the most frequent reasons, in one line.

    Args:
        output: folder of the shards.

    Raises:
        InputError: ``rejected.parquet`` cannot be read.
    """
    table = read_table(Storage(output), REJECTED, ["name", "reason", "detail"])
    first: dict[str, str] = {}
    for name, reason, detail in zip(*(column.to_pylist() for column in table.columns), strict=True):
        first.setdefault(reason, f"{name} ({reason}): {detail}")
    often = sorted(first, key=lambda reason: -summary.rejected.get(reason, 0))
    return "; ".join(first[reason] for reason in often[:_SHOWN])


def judge(output: str, summary: IngestSummary, max_reject_rate: float) -> None:
    """Fail an ingest, one of an earlier start too, that rejected too large a share of its entries.

    Args:
        output: folder of the shards; what was written there stays.

    Raises:
        InputError: nothing was kept.
        UnfinishedError: more than ``max_reject_rate`` was rejected.
    """
    rejected = summary.total - summary.kept
    if summary.kept and rejected <= max_reject_rate * summary.total:
        return
    where = f"`mpgi inspect {output} --rejects 20` shows them"
    first = first_rejected(output, summary)
    if not summary.kept:
        raise InputError(
            f"every entry was rejected. First: {first}. {where}. There are no shards: mend the source or the "
            f"options, and remove {output} before you ingest into it again"
        )
    raise UnfinishedError(
        f"{rejected:,} of {summary.total:,} entries were rejected ({rejected / summary.total:.1%}), "
        f"--max-reject-rate allows {max_reject_rate:.1%}. First: {first}. {where}; what was kept is whole: "
        "mend the source and ingest it into another folder, or allow more"
    )
