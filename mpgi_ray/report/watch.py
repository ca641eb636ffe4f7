"""``mpgi inspect FOLDER --status``: what a job has done, is left with and rejected, and whether it runs.

All of it comes from the output alone, so that any machine that sees the folder can ask: from one listing with
the times of its files, the lease, and a few small files.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mpgi_ray.data.caption import UNDONE
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.claim import record_of
from mpgi_ray.data.events import ENDS, FOLDER
from mpgi_ray.data.index import read_index
from mpgi_ray.data.lease import LEASE, holder_of
from mpgi_ray.data.ledger import survey
from mpgi_ray.data.rejected import REJECTED
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import InputError
from mpgi_ray.report.activity import State, Work, in_words, state_of
from mpgi_ray.report.kinds import Kind
from mpgi_ray.report.status import ONLY_A_PILOT
from mpgi_ray.report.works import CAN_TELL, PILOT, Times, is_finished, works_of

_ALSO_OF_OTHERS = {Kind.SHARDS: "ingest", Kind.INSTRUCTIONS: "instruct"}  # by our job that writes them
_NEWEST = 16  # parts of a caption run that is not finished, whose records are looked at


@dataclass(frozen=True, slots=True)
class Rejects:
    """What was not usable.

    Attributes:
        number: of rows or samples, out of ``of``.
        where: which ones were looked at.
    """

    number: int
    of: int
    where: str

    def __str__(self) -> str:
        return f"{self.number:,} of {self.of:,} {self.where}"


@dataclass(frozen=True, slots=True)
class Watched:
    """The state of a folder.

    Attributes:
        works: what its job publishes, piece by piece.
        holder: who works on it, or left it in a crash, in words; empty if nobody does.
        silent: seconds since that one's last sign of life.
        ending: how the last start ended, if that is known and it did not end well.
        last: when a file of the output was published last; None if there is none.
        last_name: that file.
        now: when all this was so.
    """

    path: str
    kind: Kind
    state: State
    works: tuple[Work, ...]
    rejects: Rejects | None
    holder: str
    silent: float | None
    ending: str
    last: float | None
    last_name: str
    now: float

    def record(self) -> dict[str, Any]:
        """What ``--status --json`` prints."""
        return {
            "path": self.path,
            "kind": self.kind.name.lower(),
            "state": self.state.value,
            "work": [
                {
                    "what": one.what,
                    "done": one.done,
                    "total": one.total,
                    "estimated": one.estimated,
                    "left": one.left,
                    "per_second": one.per_second,
                    "seconds_left": one.seconds_left if self.state is State.RUNNING else None,
                }
                for one in self.works
            ],
            "rejects": None
            if self.rejects is None
            else {"number": self.rejects.number, "of": self.rejects.of, "where": self.rejects.where},
            "holder": self.holder or None,
            "seconds_silent": self.silent,
            "ending": self.ending or None,
            "last_activity": None if self.last is None else _at(self.last),
            "last_file": self.last_name or None,
            "seconds_since": None if self.last is None else self.now - self.last,
        }

    def lines(self) -> list[str]:
        """The same for a person."""
        since = "" if self.last is None else in_words(self.now - self.last)
        told = [f"{self.path}: {self.kind.value}, {self.state.value}"]
        if self.state is State.CRASHED:
            told[0] += f": last activity {since or 'never'} ago, lease stale"
        told += [_line(one, self.state) for one in self.works]
        if self.rejects is not None:
            told.append(f"rejected: {self.rejects}")
        if self.last is not None:
            told.append(f"last activity: {since} ago ({_at(self.last)}), {self.last_name}")
        if self.holder:
            told.append(f"held by {self.holder}; last sign of life {in_words(self.silent or 0)} ago")
        if self.ending and self.state is State.STOPPED:
            told.append(f"the last start {self.ending}")
        if self.state is State.STOPPED and self._is_pilot:
            told.append(ONLY_A_PILOT)
        elif self.state in (State.CRASHED, State.STOPPED):
            told.append("The same command goes on from here.")
        return told

    @property
    def _is_pilot(self) -> bool:
        """Whether nothing but a pilot is done, which the same command would find done."""
        return [one.what for one in self.works if one.done] == [PILOT]


def watch(path: str, kind: Kind, now: float | None = None) -> Watched:
    """Look at the output of a job.

    Args:
        now: seconds since 1970; by default by this machine's clock.

    Raises:
        InputError: it is not the output of a job that publishes piece by piece, or cannot be read.
    """
    storage = Storage(path)
    written_by = _ALSO_OF_OTHERS.get(kind)
    if kind not in CAN_TELL or (written_by and not storage.exists(record_of(written_by))):
        raise InputError(f"{path} is {kind.value}: --status is of the output folder of a job")
    # listed before it is read: what a job publishes meanwhile can only be newer
    times = storage.times("")
    holder = holder_of(storage)
    now = time.time() if now is None else now
    silent = now - times.get(LEASE, now) if holder else None
    works = works_of(kind, storage, times, holder.total if holder else None)
    finished = is_finished(kind, storage, times, works)
    published = {name: at for name, at in times.items() if name != LEASE}
    last_name = max(published, key=lambda name: (published[name], name), default="")
    return Watched(
        path=path,
        kind=kind,
        state=state_of(finished=finished, silent=silent, gone=holder is not None and holder.is_gone()),
        works=works,
        rejects=_rejects(kind, storage, times, finished),
        holder=str(holder or ""),
        silent=silent,
        ending=_ending(storage, times),
        last=published.get(last_name),
        last_name=last_name,
        now=now,
    )


def _ending(storage: Storage, times: Times) -> str:
    """What the newest log says last, if that is the end of a start that did not go well."""
    logs = sorted(name for name in times if name.startswith(f"{FOLDER}/") and name.endswith(".jsonl"))
    told = storage.read_json_lines(logs[-1])[-1:] if logs else ()
    for event in told:
        if event.get("event") in ENDS and (why := event.get("reason") or event.get("problem")):
            return f"{event['event']}: {why}"
    return ""


def _line(one: Work, state: State) -> str:
    about = "about " if one.estimated else ""
    told = f"{one.what}: {one.done:,}"
    if one.total is not None:
        told += f" of {about}{one.total:,}, {one.left:,} left"
    if one.per_second:
        told += f"; {_pace(one.per_second)}"
    if one.left and one.seconds_left is not None and state is State.RUNNING:
        told += f"; {about}{in_words(one.seconds_left)} to go"
    return told


def _pace(per_second: float) -> str:
    pace, unit = (per_second, "second") if per_second >= 1 else (60 * per_second, "minute")
    return f"{pace:,.0f} a {unit}" if pace >= 10 else f"{pace:.2g} a {unit}"


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _rejects(kind: Kind, storage: Storage, times: Times, finished: bool) -> Rejects | None:
    """What was rejected, as far as a few files tell; None where they do not."""
    if kind is Kind.CAPTIONS:
        folder = CaptionFolder(storage.url)
        return _in_all(folder) if finished else _in_the_newest(folder, times)
    if kind is Kind.SHARDS and finished and REJECTED in times:
        rejected = len(read_table(storage, REJECTED, ["reason"]))
        kept = sum(row.samples for row in read_index(storage).values())
        return Rejects(rejected, rejected + kept, "entries of the source")
    if kind is Kind.FINAL and finished:
        told = storage.read_json("summary.json")
        return Rejects(told["samples_in"] - told["kept"], told["samples_in"], "samples were dropped")
    return None


def _in_all(folder: CaptionFolder) -> Rejects:
    entries = survey(folder).merged()  # the ledger of a finished run knows them all
    samples = sum(entry.samples for entry in entries)
    return Rejects(sum(entry.not_ok for entry in entries), samples, "samples have a record that is not ok")


def _in_the_newest(folder: CaptionFolder, times: Times) -> Rejects | None:
    parts = [name for name in times if name.endswith(".parquet") and "/" in name]
    newest = sorted(parts, key=lambda name: times[name])[-_NEWEST:]
    statuses = [_statuses(folder, name) for name in newest]
    rows = sum(map(len, statuses))
    not_ok = sum(status in UNDONE for part in statuses for status in part)
    return Rejects(not_ok, rows, f"records of the newest {len(newest)} parts") if newest else None


def _statuses(folder: CaptionFolder, name: str) -> Sequence[str]:
    try:
        statuses: list[str] = read_table(folder.storage, name, ["status"])["status"].to_pylist()
    except InputError:
        if folder.storage.exists(name):
            raise
        return ()  # the job took its rows over meanwhile
    return statuses
