"""How far and how fast a job is, from the times at which its files were published; nothing is read here.

Times are seconds since 1970 of the storage's clock, and ``now`` is of the machine that asks: a difference
between the two shows as activity that is so much older or newer, and no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from mpgi_ray.data.lease import BEAT, WATCHED

STALE = WATCHED * BEAT  # seconds without a sign of life, after which a holder counts as gone
_NEWEST = 200  # pieces whose times tell the rate
_PAUSE = 20  # times the usual time between two pieces, at least `_SHORTEST`: the job stood still
_SHORTEST = 60.0  # seconds


class State(StrEnum):
    """What becomes of a folder."""

    RUNNING = "running"
    CRASHED = "crashed"  # its holder left the lease, and gives no sign of life
    STOPPED = "stopped"  # unfinished, and nobody works on it
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of piece that a job publishes.

    Attributes:
        what: their name, in the plural.
        done: how many there are.
        total: how many there will be; None if the output does not tell.
        estimated: ``total`` is made of what is known of some shards.
        per_second: pieces a second since the job last stood still; None before two are there.
    """

    what: str
    done: int
    total: int | None = None
    estimated: bool = False
    per_second: float | None = None

    @property
    def left(self) -> int | None:
        return None if self.total is None else max(self.total - self.done, 0)

    @property
    def seconds_left(self) -> float | None:
        """At this rate; None if that or the number is not known."""
        return None if self.left is None or not self.per_second else self.left / self.per_second


def work(what: str, times: Sequence[float], total: int | None = None, *, estimated: bool = False) -> Work:
    """The work whose pieces were published at these times."""
    return Work(what, len(times), total, estimated, rate(times))


def rate(times: Sequence[float]) -> float | None:
    """Pieces a second over the newest ones, back to where the job stood still.

    Returns:
        None for fewer than two pieces, or if all have the same time.
    """
    newest = sorted(times)[-_NEWEST:]
    gaps = [later - earlier for earlier, later in pairwise(newest)]
    if not gaps:
        return None
    pause = max(_PAUSE * median(gaps), _SHORTEST)
    begins = max((place + 1 for place, gap in enumerate(gaps) if gap > pause), default=0)
    passed = newest[-1] - newest[begins]
    return (len(newest) - 1 - begins) / passed if passed > 0 else None


def state_of(*, finished: bool, silent: float | None, gone: bool = False) -> State:
    """The state of a folder.

    Args:
        finished: what the job writes last is there.
        silent: seconds since the lease was renewed; None if there is none.
        gone: its holder was a process of this machine and runs no more.
    """
    if silent is not None and silent <= STALE and not gone:
        return State.RUNNING
    if finished:
        return State.FINISHED
    return State.STOPPED if silent is None else State.CRASHED


def in_words(seconds: float) -> str:
    """``3 s``, ``12 min``, ``5 h 20 min``, ``3 days``; what lies ahead, by another clock, is ``0 s``."""
    seconds = max(seconds, 0)
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours / 24:.0f} days"
