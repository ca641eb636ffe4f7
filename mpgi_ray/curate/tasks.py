"""The kinds of task of a curation: join and sort one source shard, merge one final shard, compare texts.

Each writes a small JSON beside its result, last: a task whose JSON is there is done and only read again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpgi_ray.curate.counts import Counts
from mpgi_ray.curate.csv_rows import encode_rows
from mpgi_ray.curate.join import Dropped, assemble
from mpgi_ray.curate.order import in_order, with_keys
from mpgi_ray.curate.rebuild import named, rebuilt
from mpgi_ray.curate.runs import decode_range, encode_run
from mpgi_ray.curate.select import Filter
from mpgi_ray.curate.selection.chosen import choose
from mpgi_ray.curate.selection.offered import Offer
from mpgi_ray.curate.sources import Source, read_source
from mpgi_ray.curate.telling import compare, text_rows
from mpgi_ray.data.final import CAPTIONS, Final
from mpgi_ray.data.rejected import DROPPED, dropped_table
from mpgi_ray.data.release import Release
from mpgi_ray.data.release_rows import rows_of
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.data.tar_write import write_members

WORK = ".work"  # folder within the output for what a job keeps until it is done


@dataclass(frozen=True, slots=True)
class Job:
    """What every task of a curation needs to know.

    Attributes:
        captions: folder of the caption run; None: the captions in the shards are the texts.
        root: folder of the source shards.
        main_text: the text that becomes ``.txt``.
        buckets: number of final shards.
        names: of the texts that are published, in order.
        chosen: whether `names` were chosen; if not, all are published.
        parts: ranges of hashes in which texts are compared.
        filters: what a sample must pass, beside having the main text.
        offer: what is decided about each text by rules, if there are any: then one text is enough.
        release: folder of the release whose shards are made again; then it has the texts.
    """

    captions: str | None
    output: str
    root: str
    fields: ShardFields
    main_text: str
    buckets: int
    seed: int
    names: tuple[str, ...]
    chosen: bool
    parts: int
    filters: tuple[Filter, ...] = ()
    offer: Offer | None = None
    release: str | None = None

    @property
    def texts(self) -> tuple[str, ...] | None:
        """The texts that were chosen, if any were."""
        return self.names if self.chosen else None

    @property
    def work(self) -> Storage:
        return Storage(self.output).child(WORK)


def final_name(bucket: int) -> str:
    return f"shard-{bucket:06d}"


def dropped_name(shard: str) -> str:
    return f"{shard}.{DROPPED}"


def split(job: Job, source: Source) -> dict[str, Any]:
    """Spill a source shard as a sorted run.

    Returns:
        ``samples`` (in the shard), ``dropped`` (number by reason; which ones stands in a file beside it) and
        ``ranges`` (bucket, start, end); ``unreadable`` for a shard without captions that cannot be read;
        with rules, ``unusable`` (place, key, reason) of samples with a text that was kept in vain.

    Raises:
        InputError: the shard is not the one that was captioned.
    """
    done = f"{source.shard}.split.json"  # a name of its own: an earlier version did not say what it dropped
    if job.work.exists(done):
        return job.work.read_json(done)
    if (read := read_source(source, job.root, job.fields, job.captions)) is None:
        return {"shard": source.shard, "samples": 0, "dropped": {}, "ranges": [], "unreadable": True}
    entries, captions = read
    unusable: Dropped = []
    if job.release is not None:
        kept, dropped = named(source.shard, entries, job.work)
    elif job.offer is None:
        kept, dropped = assemble(source.shard, entries, captions, job.main_text, job.filters, job.texts)
    else:
        reasons, shard = job.offer.reasons, source.shard
        told = job.texts, reasons, job.filters
        kept, dropped, unusable = choose(job.work, shard, entries, captions, *told)
    run, ranges = encode_run(in_order(kept, job.seed), job.seed, job.buckets)
    job.work.publish(f"{source.shard}.run", run)
    if dropped:
        publish_table(job.work, dropped_name(source.shard), dropped_table(source.shard, dropped))
    counts = Counter(reason for _, _, reason in dropped)
    result = {"shard": source.shard, "samples": len(entries), "dropped": counts, "ranges": ranges}
    result |= {"unusable": unusable} if job.offer else {}
    job.work.publish_json(done, result)
    return result


def merge(job: Job, bucket: int, slices: Sequence[tuple[str, int, int]]) -> dict[str, Any]:
    """Publish a final shard from its range of every run.

    Args:
        slices: ``(source shard, start, end)``.

    Returns:
        ``shard``, ``samples``, ``texts``, ``bytes``, ``sha256``: a row of the index; ``ends`` and ``tokens``
        of `text_rows`; ``counts`` for the card.
    """
    name = final_name(bucket)
    done = f"{name}.counted.json"  # a name of its own: what an earlier version left has no `counts`
    output, file = Storage(job.output), f"{name}.tar"
    if job.work.exists(done) and output.exists(file):
        result = job.work.read_json(done)
        if output.size(file) == result["bytes"]:
            return result
    parts = [decode_range(job.work.read_range(f"{shard}.run", start, end)) for shard, start, end in slices]
    samples = [sample for part in parts for sample in part]
    if job.release is not None:
        samples = rebuilt(
            samples, Release(job.release), bucket, job.chosen and CAPTIONS in job.names, job.work
        )
    keyed = with_keys(in_order(samples, job.seed))
    data = write_members((key, sample.fields()) for key, sample in keyed)
    rows = [(f"{name}/{key}.{s.suffix}", text) for key, s in keyed for text in s.texts]
    told, ends, tokens = text_rows((sample for _, sample in keyed), job.names, job.parts)
    if not output.create(file, data):  # one that is damaged; a whole one stays as it is
        output.publish(file, data)
    job.work.publish(f"{name}.csv", encode_rows(rows))
    job.work.publish(f"{name}.texts", told)
    result = {
        "shard": name,
        "samples": len(keyed),
        "texts": len(rows),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "ends": ends,
        "tokens": tokens,
        "counts": _counted(keyed),
    }
    job.work.publish_json(done, result)
    return result


def _counted(keyed: Sequence[tuple[str, Final]]) -> dict[str, Any]:
    """What the card tells of a final shard."""
    counts = Counts()
    for key, sample in keyed:
        note = json.loads(sample.record)
        counts.add(rows_of(note, sample.text, "", key), note["annotation"], sample.suffix)
    return counts.record()


def tell(job: Job, slices: Sequence[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
    """Compare the texts of a range of hashes; see `compare`.

    Args:
        slices: ``(final shard, start, end)``.
    """
    rows = b"".join(job.work.read_range(f"{shard}.texts", start, end) for shard, start, end in slices)
    return compare(rows, job.names)
