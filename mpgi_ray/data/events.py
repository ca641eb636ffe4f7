"""``log/START.jsonl``: what happened in one start of a job, one JSON object a line, for people and programs.

Each start has a file of its own, which is written whole with each event, as object stores have no files that
grow. Events are few: starts, passes, ends; what is done stands in the published files. A file without a last
event (`ENDS`) is that of a start that was killed, or that still runs.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import MpgiError, StoppedError
from mpgi_ray.version import VERSION

FOLDER = "log"
ENDS = ("ended", "stopped", "failed")
Fact = str | int | float | bool | None


class Events:
    """The events of a start."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._lines = storage, list[str]()
        # names are in the order of starts
        self._name = f"{FOLDER}/{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}.jsonl"

    def add(self, event: str, **facts: Fact) -> None:
        """Write down an event, with the time.

        Raises:
            OutputError: it cannot be written.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._lines.append(json.dumps({"at": at, "event": event, **facts}))
        self._storage.publish(self._name, "".join(f"{line}\n" for line in self._lines).encode())


@contextmanager
def recorded(storage: Storage, job: str, **facts: Fact) -> Iterator[Events]:
    """The events of a start, from ``started`` to one of `ENDS`; who enters adds ``ended`` with its figures.

    Raises:
        OutputError: an event cannot be written.
    """
    events = Events(storage)
    events.add("started", job=job, version=VERSION, **facts)
    try:
        yield events
    except BaseException as error:
        with suppress(MpgiError):  # what ended the job is told: the same trouble, mostly
            reason = str(error) if isinstance(error, MpgiError) else type(error).__name__
            events.add("stopped" if isinstance(error, StoppedError) else "failed", reason=reason)
        raise


def events_of(storage: Storage) -> dict[str, list[dict[str, object]]]:
    """The events of all starts, by file, in the order of the starts.

    Raises:
        InputError: a file is damaged.
    """
    folder = storage.child(FOLDER)
    return {name: list(folder.read_json_lines(name)) for name in folder.list(".jsonl")}
