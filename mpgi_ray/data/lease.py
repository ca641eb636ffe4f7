"""A lease on an output folder: one driver at a time works on it, and gives a sign of life every few seconds.

The lease is a file. Who finds it there is refused and told who holds it; a holder whose process is gone from
this machine is replaced at once, any other only if asked to, and only if it gives no sign while it is
watched. Clocks are not compared. Two drivers that take over at the same time both write, and the one whose
lease is gone when it looks again gives way; what both publish meanwhile is published once (`Storage.create`).
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.job_copy import require_lasting
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, MpgiError, OutputError

LEASE = "lease.json"
BEAT = 10.0  # seconds between two signs of life
WATCHED = 2.5  # beats without a sign, after which a holder may be replaced
SETTLE = 1.0  # seconds after which a lease that was taken over is looked at again


class Holder(BaseModel):
    """Who works on a folder, as its lease says.

    Attributes:
        machine: of the process: where its id means something.
        born: when the process started, in the machine's own unit: ids come again.
        since, seen: when it took the lease, and its last sign of life, by its clock.
        beats: counts the signs.
        total: how many pieces of work the job has in all, those that were done before among them; None if
            it did not say.
    """

    model_config = ConfigDict(extra="ignore")

    token: str
    job: str
    user: str
    host: str
    pid: int
    machine: str
    born: str
    since: str
    seen: str
    beats: int = 0
    total: int | None = None

    def __str__(self) -> str:
        return (
            f"`mpgi {self.job}` of {self.user} on {self.host} (process {self.pid}, since {self.since}, "
            f"last seen {self.seen})"
        )

    def is_gone(self) -> bool:
        """Whether its process was one of this machine and does not run any more."""
        runs = _runs(self.pid) and (not self.born or _born(self.pid) == self.born)
        return self.machine == _machine() and not runs


class Lease:
    """A lease that this process holds; a thread renews it.

    Attributes:
        lost: set when another process took the folder over.
    """

    def __init__(self, storage: Storage, holder: Holder) -> None:
        self._storage, self._holder = storage, holder
        self._other: Holder | None = None
        self._total: int | None = None
        self.lost = threading.Event()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Whether it is still held.

        Raises:
            OutputError: another process took the folder over.
        """
        if self._other is not None:
            raise OutputError(f"{self._storage.url} was taken over by {self._other}: this run has ended")

    def tell(self, total: int) -> None:
        """Let the next sign of life say how many pieces of work the job has in all."""
        self._total = total

    def release(self) -> None:
        self._end.set()
        self._thread.join()
        if self._other is None:
            self._storage.delete(LEASE)

    def _live(self) -> None:
        while not self._end.wait(BEAT):
            try:
                found = holder_of(self._storage)
                if found is not None and found.token != self._holder.token:
                    self._other = found
                    self.lost.set()
                    return
                beats, seen = self._holder.beats + 1, _now()
                signs = {"beats": beats, "seen": seen, "total": self._total}
                self._holder = self._holder.model_copy(update=signs)
                self._storage.publish_json(LEASE, self._holder.model_dump())
            except MpgiError:  # the storage is away: what the job writes meets the same trouble, and tells it
                continue


@contextmanager
def held(storage: Storage, job: str, *, takeover: bool = False) -> Iterator[Lease]:
    """Work on a folder alone.

    Args:
        job: a command of `mpgi`.
        takeover: replace a holder that gives no sign of life for as long as it is watched.

    Raises:
        OutputError: another process works on it, the folder cannot be written, or it would not stay.
    """
    require_lasting(storage)
    lease = Lease(storage, _take(storage, job, takeover))
    try:
        yield lease
    except BaseException:
        with suppress(MpgiError):  # what ended the job is told: the same trouble, mostly
            lease.release()
        raise
    lease.release()


def _take(storage: Storage, job: str, takeover: bool) -> Holder:
    holder = Holder(
        token=uuid.uuid4().hex,
        job=job,
        user=_user(),
        host=socket.gethostname(),
        pid=os.getpid(),
        machine=_machine(),
        born=_born(os.getpid()),
        since=_now(),
        seen=_now(),
    )
    own: dict[str, Any] = holder.model_dump()
    while not storage.create(LEASE, json.dumps(own).encode()):
        other = holder_of(storage)
        if other is None:
            continue  # it was released in between
        if not other.is_gone():
            _watch(storage, other, takeover)
        print(f"taking over {storage.url} from {other}", file=sys.stderr)
        storage.publish_json(LEASE, own)
        time.sleep(SETTLE)
        found = holder_of(storage)
        if found is None or found.token != holder.token:
            raise OutputError(f"{storage.url} is worked on by {found}, which took it over at the same time")
        break
    return holder


def _watch(storage: Storage, other: Holder, takeover: bool) -> None:
    """Return if a holder gives no sign of life.

    Raises:
        OutputError: it does, or it is not to be watched.
    """
    if not takeover:
        raise OutputError(
            f"{storage.url} is worked on by {other}: wait until that has ended, or, if it runs no more, "
            "use --takeover"
        )
    time.sleep(WATCHED * BEAT)
    found = holder_of(storage)
    if found is not None and (found.token, found.beats) != (other.token, other.beats):
        raise OutputError(f"{storage.url} is worked on by {found}, which is alive: end that run first")


def holder_of(storage: Storage) -> Holder | None:
    """Who holds the lease; None if nobody does.

    Raises:
        InputError, OutputError: the lease is damaged.
    """
    try:
        return Holder.model_validate(storage.read_json(LEASE))
    except InputError:
        if not storage.exists(LEASE):
            return None
        raise
    except ValidationError as error:
        raise OutputError(
            f"{storage.path(LEASE)} is not a lease ({first_problem(error)}): delete it if nobody works there"
        ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def _machine() -> str:
    """Names where process ids are unique: a boot of a machine, and a container's view of it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def _born(pid: int) -> str:
    """When a process started, in a unit of its own; empty if it does not run, or is not shown."""
    try:
        # the name in brackets may hold anything; field 22 of proc(5) is the 20th after it
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
