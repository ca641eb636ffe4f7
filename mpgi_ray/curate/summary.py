"""The result of a curation, as a value and as ``summary.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mpgi_ray.curate.selection.outcome import Selected
from mpgi_ray.curate.telling import NOT_COUNTED, TextTelling
from mpgi_ray.data.records import read_record
from mpgi_ray.data.shard_list import shards_in_words
from mpgi_ray.data.storage import Storage

SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class CurateSummary:
    """The result of a curation; ``str()`` of it is one line.

    Attributes:
        samples_in: ``kept`` and the sum of ``dropped``.
        dropped: reason to number of samples.
        texts: of the samples that were kept.
        telling: what the texts of each name tell; empty for a curation of an earlier version.
        selection: what the rules did, if there are any; what could not be published after all is not taken
            off there.
        unreadable_shards: source shards without captions, whose samples nobody could count.
        missing: what a release names and the shards do not hold, in words; empty if nothing is missing.
        nothing_to_do: the curation was already finished; the numbers are those of an earlier start.
    """

    samples_in: int
    kept: int
    dropped: dict[str, int]
    texts: int
    shards: int
    seed: int
    telling: Mapping[str, TextTelling] = field(default_factory=dict)
    selection: Selected | None = None
    unreadable_shards: tuple[str, ...] = ()
    missing: str = ""
    nothing_to_do: bool = False

    def __str__(self) -> str:
        dropped = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items()) or "none"
        head = "nothing to do: " if self.nothing_to_do else ""
        unreadable, shards = ", ".join(self.unreadable_shards), shards_in_words(self.shards)
        return (
            f"{head}{self.samples_in:,} samples in, {self.kept:,} kept in {shards} with "
            f"{self.texts:,} texts; dropped: {dropped}"
            f"{f'; left out, as they cannot be read: {unreadable}' if unreadable else ''}"
            f"{f'; {self.missing}' if self.missing else ''}"
        )

    def record(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        left_out = {"nothing_to_do", *(["missing"] if not self.missing else [])}
        left_out |= {"selection"} if self.selection is None else set()
        record = {name: value for name, value in asdict(self).items() if name not in left_out}
        return record | ({"note": note} if (note := self.note) else {})

    @property
    def note(self) -> str:
        """What is missing among the figures, if anything is."""
        return NOT_COUNTED if any(told.tokens is None for told in self.telling.values()) else ""


def read_summary(output: Storage) -> CurateSummary:
    """The summary of an earlier start.

    Raises:
        InputError: ``summary.json`` is damaged.
    """
    fix = "delete it and curate again"
    return replace(read_record(output, SUMMARY, CurateSummary, "curate", fix), nothing_to_do=True)
