"""What a replica does: score the texts of source shards, one shard a call."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mpgi_ray.curate.join import captioned
from mpgi_ray.curate.scores.scorer import Scorer, Shown, Value, shown
from mpgi_ray.curate.scores.table import FOLDER, Column, Tally, scores_table
from mpgi_ray.curate.sources import Source, read_source
from mpgi_ray.data import searches
from mpgi_ray.data.caption import UNDONE, Caption, Stage
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.stop_flag import StopFlag, Stopping
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import create_table
from mpgi_ray.runtime import metrics
from mpgi_ray.runtime.export import count


@dataclass(frozen=True)
class Job:
    """What every replica needs to know.

    Attributes:
        captions: folder of the caption run; None: the captions in the shards are the texts.
        root: folder of the source shards.
        names: of the texts that models wrote, in order.
        columns: of all scorers, in their order.
    """

    captions: str | None
    output: str
    root: str
    fields: ShardFields
    names: tuple[str, ...]
    scorers: tuple[Scorer, ...]
    columns: tuple[Column, ...]
    gpu: bool


@dataclass(frozen=True)
class Done:
    """A shard that was scored.

    Attributes:
        unreadable: it has no captions and cannot be read, so that nothing was published of it.
    """

    shard: str
    unreadable: bool = False


class Scoring:
    """A replica: its scorers were opened, and score shard after shard."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._scores = [scorer.open(job.gpu) for scorer in job.scorers]
        self._stop = StopFlag(Storage(job.output))

    def __call__(self, source: Source) -> Done:
        """Publish ``scores/SHARD.parquet``, unless it is there.

        Raises:
            InputError: the shard cannot be read, or is not the one that was captioned.
            Stopping: the job was asked to begin nothing more.
        """
        if self._stop.is_set():
            raise Stopping
        output, name = Storage(self.job.output).child(FOLDER), f"{source.shard}.parquet"
        if output.exists(name):
            return Done(source.shard)
        read = read_source(source, self.job.root, self.job.fields, self.job.captions)
        if read is None:
            return Done(source.shard, unreadable=True)
        samples, tally = texts_of(source.shard, *read, self.job.names)
        values = self._values(samples)
        origin = {searches.PLACE: f"{self.job.root}/{source.file}", searches.RUN: self.job.captions or ""}
        table = scores_table(source.shard, samples, self.job.columns, values, tally, origin)
        create_table(output, name, table)
        count(metrics.SCORED_SHARDS)
        count(metrics.SCORED_TEXTS, len(table))
        return Done(source.shard)

    def _values(self, samples: Sequence[Shown]) -> Iterator[tuple[Value, ...]]:
        """Of each text, the values of all scorers."""
        texts = sum(len(one.texts) for one in samples)
        found = [list(score(samples)) for score in self._scores]
        for scorer, rows in zip(self.job.scorers, found, strict=True):
            if len(rows) != texts:
                raise ValueError(f"{type(scorer).__module__} scored {len(rows)} texts of {texts}")
        return (tuple(value for row in rows for value in row) for rows in zip(*found, strict=True))


def texts_of(
    shard: str,
    entries: Sequence[Sample | Rejected],
    captions: Sequence[Caption] | None,
    names: Sequence[str],
) -> tuple[list[Shown], Tally]:
    """The samples that have texts, and what is left out.

    Args:
        captions: the records of a caption run; None: the captions in the samples are the texts.
        names: of the texts that models wrote, in order.
    """
    by_index: dict[int, list[Caption]] = defaultdict(list)
    for caption in captions or ():
        by_index[caption.index].append(caption)
    undone = (row.status for row in captions or () if row.stage != Stage.INPUT and row.status in UNDONE)
    tally, samples = Tally(texts_left_out=Counter(undone)), []
    for entry in entries:
        joined = captioned(shard, entry, None if captions is None else by_index[entry.index])
        if isinstance(joined, str):
            tally.left_out[joined] += 1
        elif (one := shown(joined, names)).texts:
            samples.append(one)
        else:
            tally.left_out["no_text"] += 1
    return samples, tally
