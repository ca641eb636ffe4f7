"""What a start of the caption job leaves at its end: its entry in the log, the metrics, and the verdict."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from mpgi_ray.caption.todo import Pilot
from mpgi_ray.data.caption_folder import LOG, METRICS, CaptionFolder
from mpgi_ray.data.caption_metrics import metrics
from mpgi_ray.data.ledger import Survey, figures_of, save, survey

_TELLING = 10  # chunks


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a start of the job did.

    Attributes:
        samples: captioned or refused in this start.
        new: samples that either stage worked on; what a pilot or an earlier start published is taken over.
        records, not_ok: rows of those samples, and how many are rejected or failed.
        startup_seconds: until the first chunk was finished, of every phase.
        images_per_second: new ones, in the time after that.
        problem: why work was left undone; empty if none was.
        chunks: finished in the last phase.
        versions: of mpgi-ray that the run was started with, up to this one.
    """

    samples: int = 0
    new: int = 0
    records: int = 0
    not_ok: int = 0
    seconds: float = 0.0
    startup_seconds: float = 0.0
    images_per_second: float = 0.0
    problem: str = ""
    chunks: int = 0
    versions: tuple[str, ...] = ()


def concluded(folder: CaptionFolder, outcome: Outcome, pilot: Pilot | None) -> Survey:
    """Write the log, the ledger and the metrics; returns what the folder holds.

    Raises:
        InputError: a part cannot be read, or does not belong to those beside it.
        OutputError: something cannot be written.
    """
    record = {
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "pilot": pilot is not None,
        "samples": outcome.samples,
        "new": outcome.new,
        "records": outcome.records,
        "not_ok": outcome.not_ok,
        "seconds": round(outcome.seconds, 3),
        "startup_seconds": round(outcome.startup_seconds, 3),
        "chunks": outcome.chunks,
        # a few chunks end together: that says nothing of the speed
        "images_per_second": round(outcome.images_per_second, 3) if outcome.chunks >= _TELLING else None,
    }
    log = [*folder.log(), record]
    folder.storage.publish(LOG, "".join(f"{json.dumps(entry)}\n" for entry in log).encode())
    found = survey(folder)
    save(folder, found)
    found.require_whole()
    folder.storage.publish_json(METRICS, metrics(figures_of(found.merged()), log))
    return found
