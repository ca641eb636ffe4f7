"""A line that says what a job waits for, while nothing else is told: Ray that starts, models that load.

A terminal's line is rewritten every second and erased at the end; a log gets a line at once and then one from
time to time.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

_PAUSE_TERMINAL = 1.0  # seconds between two tellings
_PAUSE_LOG = 30.0


class Waiting:
    """Tells what is waited for until `over` is called, or the block is left.

    Args:
        what: the words after "waiting for"; a function of none is asked again for each line, in a thread.
        out: standard error if none is given.
    """

    def __init__(self, what: str | Callable[[], str], out: TextIO | None = None) -> None:
        self._what = what
        self._out = out or sys.stderr
        self._started = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    @property
    def runs(self) -> bool:
        """Whether it still tells."""
        return not self._end.is_set()

    def over(self) -> None:
        """Stop telling; what is written next begins a line."""
        if self._end.is_set():
            return
        self._end.set()
        self._thread.join(_PAUSE_TERMINAL)  # what it asks may take longer: it writes nothing any more
        if self._out.isatty():
            self._write("\r\x1b[K")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, trace: TracebackType | None) -> None:
        self.over()

    def _live(self) -> None:
        terminal = self._out.isatty()
        while not self._end.is_set():
            what = self._what if isinstance(self._what, str) else self._what()
            line = waiting_line(what, time.monotonic() - self._started)
            if self._end.is_set():
                return
            self._write(f"\r\x1b[K{line}" if terminal else f"{line}\n")
            self._end.wait(_PAUSE_TERMINAL if terminal else _PAUSE_LOG)

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):  # nobody reads it any more: the job goes on
            self._end.set()


def waiting_line(what: str, seconds: float) -> str:
    """``waiting for Ray to start (12 s)``; with what is told in brackets, these hold the seconds, too."""
    told = f"{seconds:.0f} s" if seconds < 120 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    head, bracket, inside = what.removesuffix(")").partition(" (")
    if not bracket:
        return f"waiting for {what} ({told})" if seconds >= 1 else f"waiting for {what}"
    return f"waiting for {head} ({inside}, {told})" if seconds >= 1 else f"waiting for {what}"
