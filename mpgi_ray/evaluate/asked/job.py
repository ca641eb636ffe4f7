"""The job that asks an engine questions about the pictures of final shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from mpgi_ray.data.answers import ANSWERS, published, read_answers
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.final import list_shards, read_records, short_id
from mpgi_ray.data.instructions import Conversation, fingerprint, read_instructions
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.stop_flag import StopFlag
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, StoppedError, StorageError
from mpgi_ray.evaluate.asked import figures
from mpgi_ray.evaluate.asked.replica import Asking, Part
from mpgi_ray.evaluate.asked.settings import AskConfig
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.pool import pooled
from mpgi_ray.runtime.room import Pool
from mpgi_ray.runtime.stopping import GRACE, Stop
from mpgi_ray.version import VERSION

_JOB = "asked"
SUMMARY = "summary.json"
_RESULTS = (f"{ANSWERS}/*",)
_PICTURES = 64  # of a part: what is lost at most when the job is killed


@dataclass(frozen=True, slots=True)
class Asked:
    """What was answered.

    Attributes:
        kinds: see `figures.kinds`.
        descriptions: see `figures.descriptions`.
    """

    engine: str
    pictures: bool
    kinds: Sequence[figures.Row]
    descriptions: Sequence[figures.Row]

    def record(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        kinds, told = [dict(row) for row in self.kinds], [dict(row) for row in self.descriptions]
        return {"engine": self.engine, "pictures": self.pictures, "kinds": kinds, "descriptions": told}


def ask_engine(config: AskConfig, *, takeover: bool = False, grace: float = GRACE) -> Asked:
    """Publish ``answers/*.parquet`` and, last, ``summary.json``; what is answered is not asked again.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which pictures that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: shards or questions cannot be read or do not belong together.
        OutputError: the output belongs to another job, is worked on, or cannot be written.
        ResourceError: the cluster is too small, or a package is missing.
        StoppedError: the process was asked to stop.
        UnfinishedError: the engine is in trouble, or the cluster lost replicas again and again.
    """
    shards, output = list_shards(config.shards), Storage(config.output)
    identity = _identity(config, shards)
    look(output, record_of(_JOB), identity, last=(SUMMARY,), results=_RESULTS)
    conversations = _asked(config)
    with held(output, "evaluate", takeover=takeover) as lease:
        if claim(output, _JOB, identity, last=(SUMMARY,), results=_RESULTS) is not Claim.FINISHED:
            parts = list(_parts(conversations, shards))
            lease.tell(len(parts))
            _ask_all(config, parts, _classes(conversations), lease, grace)
            output.publish_json(SUMMARY, _summed(config, output, conversations).record())
        told = output.read_json(SUMMARY)
        return Asked(told["engine"], told["pictures"], told["kinds"], told["descriptions"])


def _asked(config: AskConfig) -> Mapping[str, Sequence[Conversation]]:
    """The conversations to hold, by picture."""
    everything = read_instructions(config.questions)
    found = {
        sample_id: own
        for sample_id, all_of in everything.items()
        if (own := [one for one in all_of if config.split in (None, one.split)])
    }
    if not found:
        splits = {one.split or "none" for own in everything.values() for one in own}
        raise InputError(
            f"{config.questions} asks nothing about pictures of split {config.split!r}: its splits are "
            f"{', '.join(sorted(splits)) or 'none'}"
        )
    return found


def _parts(asked: Mapping[str, Sequence[Conversation]], shards: Sequence[str]) -> Iterator[Part]:
    """The questions by shard, in parts; a picture that lies in several shards is asked about once."""
    left = dict(asked)
    for number, shard in enumerate(shards):
        there = dict.fromkeys(one.sample_id for one in read_records([shard], pictures=False))
        own = [sample_id for sample_id in there if sample_id in left]
        for start in range(0, len(own), _PICTURES):
            some = {sample_id: left.pop(sample_id) for sample_id in own[start : start + _PICTURES]}
            yield Part(f"{number:05d}-{start:07d}.parquet", shard, some)
    if left:
        raise InputError(
            f"the shards hold no picture of {len(left):,} of {len(asked):,} that questions are about, of "
            f"{short_id(min(left))} for example: expected the shards that the questions were made of"
        )


def _ask_all(
    config: AskConfig, parts: Sequence[Part], classes: Mapping[str, Sequence[str]], lease: Lease, grace: float
) -> None:
    output, engine = Storage(config.output), config.asked.engine

    def left() -> list[Part]:
        there = published(output)
        return [part for part in parts if part.name not in there]

    if not left():
        return
    flag = StopFlag(output)
    flag.clear()  # a driver that was killed may have left it
    stop = Stop(grace, flag.set)
    pool = Pool(f"replica of {config.asked.named}", engine.replicas.min, engine.cpus, engine.gpus)
    opened = partial(Asking, config.asked, config.output, classes, pictures=config.pictures)
    held_cpus, held_gpus = pool.count * pool.cpus, pool.count * pool.gpus
    try:
        with ray_session(held_cpus, held_gpus, [pool], reading=0), stop.listening():
            for _ in pooled(opened, left, pool, stop=stop, check=lease.check):
                pass
    except StoppedError:
        raise stop.error(f"{len(left()):,} of {len(parts):,} parts are left") from None
    finally:
        with suppress(StorageError):  # what ended the job is told; the next start clears it, too
            flag.clear()


def _summed(config: AskConfig, output: Storage, asked: Mapping[str, Sequence[Conversation]]) -> Asked:
    turns = {(one.id, at): turn for own in asked.values() for one in own for at, turn in enumerate(one.turns)}
    answers = list(read_answers(output))
    told = figures.descriptions(answers, [turns[one.conversation, one.turn] for one in answers])
    return Asked(config.asked.named, config.pictures, figures.kinds(answers), told)


def _classes(asked: Mapping[str, Sequence[Conversation]]) -> dict[str, list[str]]:
    """The scene classes that questions of each source have for their answers."""
    found: dict[str, set[str]] = {}
    for one in (one for own in asked.values() for one in own):
        labels = (turn.truth.get("label") for turn in one.turns if turn.kind == "classification")
        found.setdefault(one.source, set()).update(label for label in labels if label)
    return {source: sorted(labels) for source, labels in found.items()}


def _identity(config: AskConfig, shards: Sequence[str]) -> dict[str, Any]:
    names = hashlib.sha256("\n".join(shards).encode()).hexdigest()[:16]
    told = {
        "questions": fingerprint(config.questions),
        "shards": names,
        "split": config.split,
        "pictures": config.pictures,
    }
    return told | config.asked.identity() | {"version": VERSION}
