"""The job that makes a benchmark of final shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mpgi_ray.config import Config
from mpgi_ray.data.claim import Claim, claim, look, record_of, stamps
from mpgi_ray.data.final import list_shards, splits_in_words
from mpgi_ray.data.instructions import INSTRUCTIONS, Conversation, read_instructions, write_instructions
from mpgi_ray.data.lease import held
from mpgi_ray.data.searches import GROUPS
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.instruct.benchmark.blind import Baseline, baselines
from mpgi_ray.instruct.benchmark.groups import Asked, groups
from mpgi_ray.instruct.benchmark.lhrs import LHRS, as_lhrs
from mpgi_ray.instruct.benchmark.pictures import asked_of, publish_pictures, read_splits
from mpgi_ray.instruct.config import HELD_OUT
from mpgi_ray.instruct.splits import groups_of, splits_of
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop
from mpgi_ray.version import VERSION

_JOB = "benchmark"
_LEFT_OUT = "left_out.json"
_PICTURES = "pictures"
_LAST = (LHRS, _LEFT_OUT, INSTRUCTIONS)
_HELD_OUT = ("test", "val")
_Place = Annotated[str, AfterValidator(absolute)]


class BenchmarkConfig(Config):
    """What a benchmark is made of.

    Attributes:
        shards: folder of final shards.
        output: folder for ``instructions.parquet`` and ``lhrs_bench.json``.
        split: samples of this split only; by default ``test`` where there is one, else ``val``, else all.
        whole: of shards that name no splits, ask about all pictures, and not only about those that
            `mpgi instruct make` puts into ``test``.
        duplicates: folder of `mpgi duplicates`: a picture with a copy in another split is left out.
        most: questions of each kind; a group is not cut, so that there may be three more.
        measured: ask for colours, which are measured in the pixels.
        pictures: also write the pictures that are asked about, as files.
        seed: of which pictures are asked what.
    """

    shards: _Place
    output: _Place
    split: str | None = None
    whole: bool = False
    duplicates: _Place | None = None
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
    with held(output, "instruct benchmark", takeover=takeover) as lease:
        if claim(output, _JOB, identity, last=_LAST, results=()) is not Claim.FINISHED:
            stop = Stop(grace)
            with ray_session(cpus_held=0), stop.listening():
                _publish(config, shards, output, partial(fan_out, stop=stop, check=lease.check))
        asked = read_instructions(config.output)
        turns = [turn for own in asked.values() for one in own for turn in one.turns]
        return Benchmark(baselines(turns), len(asked), output.read_json(_LEFT_OUT))


def _publish(config: BenchmarkConfig, shards: Sequence[str], output: Storage, each: Any) -> None:
    wanted, splits, left_out = _wanted(config, each(read_splits, [(shard,) for shard in shards]))
    calls = [(shard, ids) for shard, ids in zip(shards, wanted, strict=True) if ids]
    found = each(partial(asked_of, measured=config.measured), calls)
    pictures: list[Asked] = [
        replace(one, split=splits[one.sample_id]) for of_shard in found for one in of_shard
    ]
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
) -> tuple[list[frozenset[str]], Mapping[str, str | None], Counter[str]]:
    """The ids of the pictures to ask about, by shard, each once; their splits; how many are left out."""
    given = [one for of_shard in known for one in of_shard]
    groups = groups_of(config.duplicates) if config.duplicates else {}
    splits: dict[str, str | None] = {**splits_of(given, groups, HELD_OUT)}
    named_none = not any(split for _, split in given)
    if config.whole and named_none:
        splits = dict.fromkeys(splits)
    there = {*splits.values()}
    split = config.split
    if split is None:
        split = next((one for one in _HELD_OUT if one in there), None)
        if split is None and named_none and there and not config.whole:
            raise InputError(
                f"none of the {len(splits):,} pictures of {config.shards} is held out as "
                "`mpgi instruct make` divides them: --whole asks about all of them, learned or not"
            )
    if not there or (split is not None and split not in there):
        what = splits_in_words(there) if there else "hold no samples"
        raise InputError(f"there is nothing to ask about in {config.shards}: the shards {what}")
    named: dict[str, set[str]] = {}
    for sample_id, own in given:
        named.setdefault(groups.get(sample_id, sample_id), set()).update([own] if own else [])
    left_out: Counter[str] = Counter()
    found, seen = [], set[str]()
    for of_shard in known:
        ids = {sample_id for sample_id, _ in of_shard if sample_id in splits} - seen
        ids = {sample_id for sample_id in ids if split is None or splits[sample_id] == split}
        seen |= ids
        twice = {sample_id for sample_id in ids if len(named[groups.get(sample_id, sample_id)]) > 1}
        left_out["as they or their copies are of another split, too"] += len(twice)
        found.append(frozenset(ids - twice))
    return found, splits, left_out


def _identity(config: BenchmarkConfig, shards: Sequence[str]) -> dict[str, Any]:
    values = config.model_dump(mode="json", exclude={"output", "shards", "duplicates"})
    if config.duplicates:
        values["duplicates"] = Storage(config.duplicates).stamp(GROUPS)
    return values | {"shards": stamps(shards), "version": VERSION}
