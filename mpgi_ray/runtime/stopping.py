"""An orderly end: a SIGTERM or Ctrl-C asks a job to finish what is nearly done, a second one ends it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mpgi_ray.errors import StoppedError

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
GRACE = 30.0  # seconds


class Stop:
    """Whether the job was asked to stop.

    Args:
        asked: called in a thread of its own when it is.
        grace: seconds from then until `StoppedError` is raised wherever the main thread is.
    """

    def __init__(self, grace: float = GRACE, asked: Callable[[], None] = lambda: None) -> None:
        self._grace, self._asked, self._signal = grace, asked, 0

    def __bool__(self) -> bool:
        return self._signal != 0

    def check(self) -> None:
        """Raise an error if the job was asked to stop.

        Raises:
            StoppedError: it was.
        """
        if self:
            raise self.error()

    def error(self, left: str = "") -> StoppedError:
        """What the job ends with.

        Args:
            left: says how much is left to do.
        """
        name = signal.Signals(self._signal).name
        tail = f"; {left}" if left else ""
        return StoppedError(
            f"stopped by {name}: what is published stays{tail}; the same command goes on from there",
            code=128 + self._signal,
        )

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals, in the main thread only; entered after Ray has started, which takes them too."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        alarm = signal.signal(signal.SIGALRM, self._over)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in {**before, signal.SIGALRM: alarm}.items():
                signal.signal(number, handler)

    def _take(self, number: int, _: FrameType | None) -> None:
        if self:
            os._exit(128 + number)
        self._signal = number
        threading.Thread(target=self._asked, daemon=True).start()
        signal.setitimer(signal.ITIMER_REAL, max(self._grace, 1e-3))

    def _over(self, *_: object) -> None:
        raise self.error()
