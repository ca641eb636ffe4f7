"""A folder of questions: what its table holds, and where their pictures lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpgi_ray.data.claim import record_of
from mpgi_ray.data.final import list_shards
from mpgi_ray.data.instructions import INSTRUCTIONS, read_turns
from mpgi_ray.data.shard_list import shards_in_words
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.report.finished import Finished
from mpgi_ray.report.grid import Table
from mpgi_ray.report.questions.answered import answered, who
from mpgi_ray.report.questions.counts import Counts
from mpgi_ray.report.questions.tables import tables_of, tables_of_answers

_JOBS = {"instruct": "instruct make", "benchmark": "instruct benchmark"}  # with their commands


@dataclass(frozen=True, slots=True)
class Questions:
    """What is known of a folder of questions.

    Attributes:
        settings: what the job was told; empty of another program.
        shards: paths of the final shards that the pictures lie in.
        run: answers of an engine to these questions; None without any.
    """

    storage: Storage
    settings: Mapping[str, Any]
    shards: Sequence[str]
    counts: Counts
    run: Finished | None = None

    @property
    def name(self) -> str:
        return "/".join(self.storage.path("").split("/")[-2:])

    @property
    def summary(self) -> str:
        """The whole in a line."""
        counts, places = self.counts, sorted({path.rpartition("/")[0] for path in self.shards})
        more = f" and {len(places) - 1:,} more folders" if len(places) > 1 else ""
        of = f", of {shards_in_words(len(self.shards))} in {places[0]}{more}" if places else ""
        return (
            f"{counts.questions:,} questions in {counts.turns.total():,} conversations about "
            f"{len(counts.pictures):,} pictures{of}"
        )

    @property
    def tables(self) -> list[Table]:
        """What there is, and how right the answers are."""
        return [*tables_of(self.counts), *self.accuracies]

    @property
    def accuracies(self) -> list[Table]:
        """How right an engine was; the first note of each says which one."""
        if self.run is None:
            return []
        told = self.run.summary
        found = tables_of_answers(told["kinds"], told["descriptions"])
        return [Table(one.title, (who(told), *one.notes), one.columns, one.rows) for one in found]


def open_questions(path: str, *, answers: str | None = None, shards: str | None = None) -> Questions:
    """Look into a folder with ``instructions.parquet``; the table is read once.

    Args:
        answers: folder of a run that asked an engine these questions.
        shards: folder of the final shards, where they no longer lie where the questions were made of them.

    Raises:
        InputError: it is not finished, a table cannot be read, or the answers are to other questions.
    """
    storage = Storage(path)
    job = next((job for job in _JOBS if storage.exists(record_of(job))), None)
    if not storage.exists(INSTRUCTIONS):
        command = (
            f"run the same `mpgi {_JOBS[job]}` again first" if job else "give the folder that it lies in"
        )
        raise InputError(f"{path} has no {INSTRUCTIONS} yet: {command}")
    settings = storage.read_json(record_of(job)) if job else {}
    places = [*settings.get("shards", ())] if shards is None else list_shards(shards)
    run = None if answers is None else answered(answers, path)
    return Questions(storage, settings, places, Counts.of(read_turns(path)), run)
