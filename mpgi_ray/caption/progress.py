"""One line that tells how far a job is, how fast it goes and when it will end."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

_PAUSE_TERMINAL = 0.5  # seconds between two tellings
_PAUSE_LOG = 30.0
_SHORTEST = 1.0  # seconds that tell a rate


@dataclass
class Progress:
    """Counts finished samples of chunks; a terminal's line is rewritten, a log gets one from time to time.

    Attributes:
        shards: that the pass under way has to do.
        first: when the first chunk was finished.
    """

    shards: int = 0
    out: TextIO = field(default_factory=lambda: sys.stderr)
    samples: int = 0
    records: int = 0
    not_ok: int = 0
    chunks: int = 0
    started: float = field(default_factory=time.monotonic)
    first: float | None = None
    _at_first: int = 0
    _shown: float = 0.0
    _told: int = -1  # chunks in the last line
    _before: int = 0  # chunks of earlier passes
    _totals: dict[str, int] = field(default_factory=dict)

    def begin(self, shards: int) -> None:
        """A pass over so many shards, of which some may be done in part."""
        self.shards, self._before = shards, self.chunks
        self._totals.clear()

    def skip(self) -> None:
        """A shard of the pass cannot be read."""
        self.shards -= 1

    def add(self, shard: str, left: int, samples: int, records: int, not_ok: int) -> None:
        """A finished chunk of a shard of which the pass had ``left`` chunks to do."""
        now = time.monotonic()
        if self.first is None:
            self.first, self._at_first = now, samples
        self._totals[shard] = left
        self.samples += samples
        self.records += records
        self.not_ok += not_ok
        self.chunks += 1
        if now - self._shown >= (_PAUSE_TERMINAL if self.out.isatty() else _PAUSE_LOG):
            self._show(now)

    @property
    def startup(self) -> float:
        """Seconds until the first chunk was finished."""
        return (self.first or time.monotonic()) - self.started

    def rate(self) -> float:
        """Samples a second since the first chunk was finished; since the start while little else is done."""
        now = time.monotonic()
        # replicas finish their first chunks at about the same time, which tells nothing of their speed
        if self.first is None or self.chunks < 2 or now - self.first < _SHORTEST:
            return self.samples / max(now - self.started, 1e-6)
        return (self.samples - self._at_first) / (now - self.first)

    def end(self) -> None:
        """The last line; it is not repeated in a log that has it already."""
        if self.out.isatty() or self._told != self.chunks:
            self._show(time.monotonic(), last=True)

    def _show(self, now: float, last: bool = False) -> None:
        self._shown, self._told = now, self.chunks
        # shards not read yet are taken to be as long as those that were
        known = sum(self._totals.values())
        chunks = self._before + known * self.shards / max(len(self._totals), 1)
        left = max(chunks - self.chunks, 0) * (self.samples / max(self.chunks, 1)) / max(self.rate(), 1e-6)
        share = 100 * self.chunks / max(chunks, 1)
        text = (
            f"{self.samples:,} samples ({share:.0f} %), {self.rate():,.1f}/s, "
            f"{self.not_ok:,} of {self.records:,} records not ok"
        )
        if self.chunks > 1 and left and not last:  # a first chunk tells of start-up, not of speed
            text += f", {left // 60:.0f} min {left % 60:.0f} s left"
        terminal = self.out.isatty()
        end = "\n" if last or not terminal else ""
        self.out.write(f"\r\x1b[K{text}{end}" if terminal else f"{text}{end}")
        self.out.flush()
