"""The job that makes a benchmark of final shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mpgi_ray.config import Config
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.final import list_shards, splits_in_words
from mpgi_ray.data.instructions import INSTRUCTIONS, Conversation, read_instructions, write_instructions
from mpgi_ray.data.lease import held
from mpgi_ray.data.storage import Storage, absolute, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.instruct.benchmark.blind import Baseline, baselines
from mpgi_ray.instruct.benchmark.groups import Asked, groups
from mpgi_ray.instruct.benchmark.lhrs import LHRS, as_lhrs
from mpgi_ray.instruct.benchmark.pictures import asked_of, publish_pictures, splits_of
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop
from mpgi_ray.version import VERSION

_JOB = "benchmark"
_LEFT_OUT = "left_out.json"
_PICTURES = "pictures"
_LAST = (LHRS, _LEFT_OUT, INSTRUCTIONS)
_TEST = "test"
_Place = Annotated[str, AfterValidator(absolute)]


class BenchmarkConfig(Config):
    """What a benchmark is made of.

    Attributes:
        shards: folder of final shards.
        output: folder for ``instructions.parquet`` and ``lhrs_bench.json``.
        split: samples of this split only; by default of ``test`` where there is one, or else all.
        most: questions of each kind; a group is not cut, so that there may be three more.
        measured: ask for colours, which are measured in the pixels.
        pictures: also write the pictures that are asked about, as files.
        seed: of which pictures are asked what.
    """

    shards: _Place
    output: _Place
    split: str | None = None
    most: Annotated[int, Field(ge=2)] = 1000
    measured: bool = True
    pictures: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a run left.

    Attributes:
        kinds: the baseline of each kind of questions.
        pictures: how many are asked about.
        left_out: how many pictures are not, by reason.
    """

    kinds: Sequence[Baseline]
    pictures: int
    left_out: Mapping[str, int]


def make_benchmark(config: BenchmarkConfig, *, takeover: bool = False, grace: float = GRACE) -> Benchmark:
    """Publish ``instructions.parquet``: single-choice questions about the pictures of one split.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: shards cannot be read, hold no picture of the split, or nothing can be asked of them.
        OutputError: the output belongs to another job, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
    """
    shards, output = list_shards(config.shards), Storage(config.output)
    identity = _identity(config, shards)
    look(output, record_of(_JOB), identity, last=_LAST, results=())
    with held(output, _JOB, takeover=takeover) as lease:
        if claim(output, _JOB, identity, last=_LAST, results=()) is not Claim.FINISHED:
            stop = Stop(grace)
            with ray_session(cpus_held=0), stop.listening():
                _publish(config, shards, output, partial(fan_out, stop=stop, check=lease.check))
        asked = read_instructions(config.output)
        turns = [turn for own in asked.values() for one in own for turn in one.turns]
        return Benchmark(baselines(turns), len(asked), output.read_json(_LEFT_OUT))


def _publish(config: BenchmarkConfig, shards: Sequence[str], output: Storage, each: Any) -> None:
    wanted, left_out = _wanted(config, each(splits_of, [(shard,) for shard in shards]))
    calls = [(shard, ids) for shard, ids in zip(shards, wanted, strict=True) if ids]
    found = each(partial(asked_of, measured=config.measured), calls)
    pictures: list[Asked] = [one for of_shard in found for one in of_shard]
    conversations = chosen(groups(pictures, config.seed), config.most)
    if not conversations:
        raise InputError(
            f"nothing can be asked of the {len(pictures):,} pictures of {config.shards} that tells two of "
            "them apart: expected shards of which a source annotates scenes, objects or masks"
        )
    ids = frozenset(one.sample_id for one in conversations)
    left_out["no question that another picture answers otherwise"] = len(pictures) - len(ids)
    if config.pictures:
        folder = f"{config.output}/{_PICTURES}"
        each(publish_pictures, [(shard, folder, own & ids) for shard, own in calls])
    output.publish_json(LHRS, as_lhrs(conversations, {one.sample_id: one.file for one in pictures}))
    output.publish_json(_LEFT_OUT, {reason: count for reason, count in left_out.items() if count})
    write_instructions(output, conversations)


def chosen(made: Iterable[Sequence[Conversation]], most: int) -> list[Conversation]:
    """Whole groups of questions, of each kind until there are ``most``, in an order by their ids."""
    counts: Counter[str] = Counter()
    found: list[Conversation] = []
    for group in sorted(made, key=lambda group: group[0].id):
        kind = group[0].turns[0].kind
        if counts[kind] < most:
            counts[kind] += len(group)
            found += group
    return sorted(found, key=lambda one: (one.sample_id, one.turns[0].kind, one.id))


def _wanted(
    config: BenchmarkConfig, known: Sequence[Sequence[tuple[str, str | None]]]
) -> tuple[list[frozenset[str]], Counter[str]]:
    """The ids of the pictures to ask about, by shard, each once; and how many are left out, by reason."""
    splits: dict[str, set[str | None]] = {}
    for sample_id, split in (one for of_shard in known for one in of_shard):
        splits.setdefault(sample_id, set()).add(split)
    there = {split for own in splits.values() for split in own}
    split = _TEST if config.split is None and _TEST in there else config.split
    if not there or (split is not None and split not in there):
        what = splits_in_words(there) if there else "hold no samples"
        raise InputError(f"there is nothing to ask about in {config.shards}: the shards {what}")
    left_out: Counter[str] = Counter()
    found, seen = [], set[str]()
    for of_shard in known:
        own = {sample_id for sample_id, at in of_shard if split is None or at == split} - seen
        seen |= own
        twice = {sample_id for sample_id in own if len(splits[sample_id]) > 1}
        left_out["in two splits"] += len(twice)
        found.append(frozenset(own - twice))
    return found, left_out


def _identity(config: BenchmarkConfig, shards: Sequence[str]) -> dict[str, Any]:
    places = {file: split_url(file) for file in shards}
    stamps = {file: storage.stamp(name) for file, (storage, name) in places.items()}
    values = config.model_dump(mode="json", exclude={"output", "shards"})
    return values | {"shards": stamps, "version": VERSION}
