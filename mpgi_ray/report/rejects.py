"""What a job left out and why: rejected rows of an ingest, a caption run or a curation, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mpgi_ray.data.caption import UNDONE, Caption, from_table
from mpgi_ray.data.caption_folder import RUN, CaptionFolder
from mpgi_ray.data.claim import record_of
from mpgi_ray.data.rejected import DROPPED, REJECTED
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import InputError
from mpgi_ray.report.gather import first_line

_RECORDS = {
    "ingest": (REJECTED, ("name", "reason", "detail")),
    "curate": (DROPPED, ("shard", "key", "reason")),
}
_CAPTIONS = ("shard", "key", "text", "model", "status", "reason", "reply")


@dataclass(frozen=True, slots=True)
class Rejects:
    """Rows of text under their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def rejects(folder: str, limit: int = 50) -> Rejects:
    """The first ``limit`` rows, in the order of the source or of the run.

    Args:
        folder: output of `mpgi ingest`, `mpgi caption` or `mpgi curate`.

    Raises:
        InputError: it is none of these, it is not finished, or it does not tell them one by one.
    """
    storage = Storage(folder)
    for job, (name, columns) in _RECORDS.items():
        if storage.exists(record_of(job)):
            return Rejects(columns, _listed(storage, job, name, columns, limit))
    if not storage.exists(RUN):
        raise InputError(
            f"{folder} holds no {RUN}, ingest.json or curate.json: give the output folder of `mpgi ingest`, "
            "`mpgi caption` or `mpgi curate`"
        )
    return Rejects(_CAPTIONS, tuple(map(_row, rejected_captions(folder, limit))))


def rejected_captions(captions: str, limit: int = 50) -> list[Caption]:
    """The first ``limit`` records that are rejected or failed, in the run's order.

    Raises:
        InputError: this is not a caption folder.
    """
    folder = CaptionFolder(captions)
    folder.run_record()
    found: list[Caption] = []
    for chunk in folder.chunks():
        if len(found) >= limit:
            break
        found += from_table(folder.table(chunk).filter(pc.field("status").isin(list(UNDONE))))
    return found[:limit]


def print_rejects(shown: Rejects, console: Console) -> None:
    """One line a row."""
    table = Table(*shown.columns)
    for row in shown.rows:
        table.add_row(*map(Text, row))
    console.print(table if shown.rows else "No row was rejected, dropped or failed.")


def _listed(
    storage: Storage, job: str, name: str, columns: Sequence[str], limit: int
) -> tuple[tuple[str, ...], ...]:
    if not storage.exists(name):
        raise InputError(
            f"{storage.url} holds no {name}: `mpgi {job}` has not ended there, or was of an earlier version, "
            "which only counted what it dropped"
        )
    rows = read_table(storage, name, columns).slice(0, limit).to_pylist()
    return tuple(tuple(first_line(row[column] or "") for column in columns) for row in rows)


def _row(row: Caption) -> tuple[str, ...]:
    """Where, which text, why, and the beginning of the reply."""
    where = (row.shard, row.key, row.perspective or row.stage, row.model, row.status)
    return (*where, first_line(row.why), first_line(row.raw))
