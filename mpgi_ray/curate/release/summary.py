"""The result of a release, as a value and as ``summary.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mpgi_ray.data.records import read_record
from mpgi_ray.data.release import SUMMARY
from mpgi_ray.data.storage import Storage


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Samples of a source that are not published, and the words of the licence that forbid it."""

    source: str
    licence: str
    why: str
    samples: int
    texts: int = 0

    def __str__(self) -> str:
        licence = f"its licence is {self.licence!r}" if self.licence else "no licence is stated"
        return f"{self.source}: {self.samples:,} pictures ({self.why}: {licence})"


@dataclass(frozen=True, slots=True)
class ReleaseSummary:
    """The result of a release; ``str()`` of it is one line.

    Attributes:
        samples, texts: that are in it.
        shards: final shards that they come from.
        left_out: sources whose texts are not in it.
        pictures, picture_texts: that were unpacked; None where that was not asked for.
        kept_back: sources whose pictures were not unpacked.
        nothing_to_do: the release was already finished; the numbers are those of an earlier start.
    """

    samples: int
    texts: int
    shards: int
    left_out: tuple[LeftOut, ...] = ()
    pictures: int | None = None
    picture_texts: int | None = None
    kept_back: tuple[LeftOut, ...] = ()
    nothing_to_do: bool = False

    def __str__(self) -> str:
        head = "nothing to do: " if self.nothing_to_do else ""
        told = f"{head}{self.texts:,} texts about {self.samples:,} pictures"
        if self.pictures is None:
            return told
        return f"{told}; {self.pictures:,} pictures unpacked, with {self.picture_texts:,} texts"

    def record(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        return {name: value for name, value in asdict(self).items() if name != "nothing_to_do"}


def joined(counted: Iterable[Sequence[Any]]) -> tuple[LeftOut, ...]:
    """Those of all shards as one.

    Args:
        counted: source, licence, why, samples and texts.
    """
    samples: Counter[tuple[str, str, str]] = Counter()
    texts: Counter[tuple[str, str, str]] = Counter()
    for source, licence, why, number, told in counted:
        samples[source, licence, why] += number
        texts[source, licence, why] += told
    return tuple(LeftOut(*key, number, texts[key]) for key, number in sorted(samples.items()))


def read_summary(output: Storage) -> ReleaseSummary:
    """The summary of an earlier start.

    Raises:
        InputError: ``summary.json`` is damaged.
    """
    return read_record(output, SUMMARY, ReleaseSummary, "release", "delete it and run the same command again")
