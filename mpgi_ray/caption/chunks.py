"""From a shard to the chunks that still need work, and the form in which a chunk travels."""

from __future__ import annotations

import gc
import hashlib
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from mpgi_ray.data.caption import UNDONE, Caption
from mpgi_ray.data.image import ImageError, Picture, to_view
from mpgi_ray.data.index import INDEX
from mpgi_ray.data.parts import ChunkId, split_chunks
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.data.stop_flag import StopFlag
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, StorageError
from mpgi_ray.rules import Facts

Row = dict[str, Any]  # what Ray Data carries between stages: strings, integers and one blob

# why a shard cannot be read; why the whole job must stop: said in rows, because an exception in a Ray Data
# task reaches the driver without its message
WELL = {"unreadable": "", "fatal": ""}

# Bytes of pixels in a chunk: room for the default of 64 pictures at the usual budget of 768 × 768 (113 MB).
# While a row is made its reader holds them about twice, and each chunk that waits in Ray's object store holds
# them once; the pictures beyond are sent encoded, and decoded again by the replica that shows them.
_ROOM = 128 << 20


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard to read.

    Attributes:
        sha256: of the file, as its index tells; empty where none does.
        done: chunk numbers whose texts are all published.
        pilot: number of samples to caption of this shard, or None for all.
        at_random: the pilot's samples are spread over the shard by hash, instead of its first ones.
        max_pixels: larger pictures are scaled down for the models; None leaves pictures as they are.
        output: folder of the run, whose stop ends the reading, too.
    """

    shard: str
    root: str
    file: str
    output: str
    fields: ShardFields
    chunk_size: int
    sha256: str = ""
    done: frozenset[int] = frozenset()
    pilot: int | None = None
    at_random: bool = False
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class ChunkWork:
    """A chunk on its way through the stages.

    Attributes:
        entries: the samples to caption; all of the chunk, or a pilot's choice. Pictures end at stage 1.
        pictures: by index, those that had to be scaled or converted for the models, each a pickled `Picture`:
            only those that are looked at become pictures again. Their samples carry no bytes.
        left: how many chunks of the shard this pass has to do.
        pilot: results are published as a pilot's.
        perspectives: stage 1 records of the entries, and the facts of those that can be integrated.
        new: samples that a model of stage 1 was asked about.
    """

    chunk: ChunkId
    entries: Sequence[Sample | Rejected]
    left: int
    shard_sha256: str
    pilot: bool
    pictures: Mapping[int, bytes] = field(default_factory=dict)
    perspectives: Sequence[Caption] = ()
    facts: Mapping[int, Facts] = field(default_factory=dict)
    new: int = 0

    def picture(self, index: int) -> Picture | None:
        """The decoded picture of a sample; None if it travels as the sample's bytes."""
        packed = self.pictures.get(index)
        return None if packed is None else cast(Picture, pickle.loads(packed))

    def row(self) -> Row:
        return {"shard": self.chunk.shard, **WELL, "work": pickle.dumps(self, protocol=5)}

    def counts(self, rows: Sequence[Caption] = ()) -> Row:
        """What the driver is told of a finished chunk, with its records of both stages."""
        return told({"shard": self.chunk.shard, **WELL}) | {
            "samples": len({caption.index for caption in rows}),
            "new": self.new,
            "records": len(rows),
            "not_ok": sum(caption.status in UNDONE for caption in rows),
            "left": self.left,
        }


def told(row: Row) -> Row:
    """A row for the driver without a finished chunk: why there is none."""
    counts = dict.fromkeys(("samples", "new", "records", "not_ok", "left"), 0)
    return {key: row[key] for key in ("shard", *WELL)} | counts


@cache
def settle() -> None:
    """Exclude the objects of the imported libraries from garbage collection, once a process."""
    gc.collect()
    gc.freeze()


def read_chunks(task: ShardTask, read: Callable[[int], None] = lambda size: None) -> Iterator[Row]:
    """The chunks of a shard that still need work; trouble with shard or storage is a row with the error.

    Args:
        read: is told the bytes of the shard.
    """
    settle()
    try:
        yield from _chunks(task, read)
    except StorageError as error:
        yield {"shard": task.shard, **WELL, "fatal": str(error), "work": b""}


def _chunks(task: ShardTask, read: Callable[[int], None]) -> Iterator[Row]:
    stop = StopFlag(Storage(task.output))
    if stop.is_set():
        return
    try:
        data = Storage(task.root).read(task.file)
        read(len(data))
        digest = hashlib.sha256(data).hexdigest()
        if digest != (task.sha256 or digest):
            raise InputError(
                f"{task.file} is damaged: its sha256 is not the one that its {INDEX} tells; delete it and "
                "run the command again that made it, or bring the whole file back"
            )
        entries = read_shard(data, task.file, task.fields)
    except InputError as error:
        yield {"shard": task.shard, **WELL, "unreadable": str(error), "work": b""}
        return
    del data
    wanted = _pilot_choice(task, len(entries))
    todo = []
    for chunk, part in split_chunks(task.shard, entries, task.chunk_size):
        chosen = part if wanted is None else [entry for entry in part if entry.index in wanted]
        if chunk.index not in task.done and (chosen or wanted is None):
            todo.append((chunk, chosen))
    for chunk, chosen in todo:
        if stop.is_set():
            return
        yield _work(chunk, chosen, len(todo), digest, task).row()  # no pixels are held while the row is taken


def _work(
    chunk: ChunkId, entries: Sequence[Sample | Rejected], left: int, digest: str, task: ShardTask
) -> ChunkWork:
    shown, pictures = (entries, {}) if task.max_pixels is None else _shown(entries, task.max_pixels)
    return ChunkWork(chunk, shown, left, digest, task.pilot is not None, pictures)


def _shown(
    entries: Sequence[Sample | Rejected], max_pixels: int
) -> tuple[Sequence[Sample | Rejected], Mapping[int, bytes]]:
    """Samples and packed pictures as models get them."""
    shown: list[Sample | Rejected] = []
    pictures: dict[int, bytes] = {}
    room = _ROOM
    for entry in entries:
        try:
            picture = to_view(entry.image, max_pixels) if isinstance(entry, Sample) else None
        except ImageError as error:
            shown.append(Rejected(entry.key, entry.index, error.reason, str(error), entry.sample_id))
            continue
        if isinstance(entry, Rejected) or picture is None:
            shown.append(entry)
        elif (size := 3 * picture.pixels.width * picture.pixels.height) <= room:
            room -= size
            pictures[entry.index] = pickle.dumps(picture, protocol=5)
            shown.append(entry.shown_as(b""))
        else:
            shown.append(entry.shown_as(picture.encoded()))
    return shown, pictures


def _pilot_choice(task: ShardTask, size: int) -> set[int] | None:
    if task.pilot is None:
        return None
    if not task.at_random:
        return set(range(min(task.pilot, size)))
    ranked = sorted(range(size), key=lambda i: hashlib.sha256(f"{task.shard}\0{i}".encode()).digest())
    return set(ranked[: task.pilot])
