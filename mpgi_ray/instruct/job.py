"""The job that makes instructions of final shards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.final import list_shards, splits_in_words
from mpgi_ray.data.instructions import INSTRUCTIONS, Conversation, read_instructions, write_instructions
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.instruct.composed import Composed, composed
from mpgi_ray.instruct.config import MakeConfig
from mpgi_ray.instruct.forms import publish_json, publish_tars
from mpgi_ray.instruct.parts import PARTS, Shard, make_part, named
from mpgi_ray.instruct.reworded import FOLDER, Rewording
from mpgi_ray.instruct.splits import groups_of
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.pool import pooled
from mpgi_ray.runtime.room import Pool
from mpgi_ray.runtime.stopping import GRACE, Stop

_JOB = "instruct"
SUMMARY = "summary.json"
_LAST = (INSTRUCTIONS, SUMMARY)
_RESULTS = (f"{PARTS}/*", f"{FOLDER}/*")


@dataclass(frozen=True, slots=True)
class Made:
    """What a run left.

    Attributes:
        kinds: questions by kind.
        splits: conversations by split; those without one under an empty name.
        pictures, conversations: how many.
        reworded: questions in a model's words.
        left_out: what makes no instruction, by reason.
        cut: questions that were left out to balance answers, by kind and answer.
    """

    kinds: Mapping[str, int]
    splits: Mapping[str, int]
    pictures: int
    conversations: int
    reworded: int
    left_out: Mapping[str, int]
    cut: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(
        cls, made: Sequence[Conversation], left_out: Mapping[str, int], cut: Mapping[str, Mapping[str, int]]
    ) -> Made:
        turns = [turn for one in made for turn in one.turns]
        return cls(
            dict(Counter(turn.kind for turn in turns).most_common()),
            dict(sorted(Counter(one.split or "" for one in made).items())),
            len({one.sample_id for one in made}),
            len(made),
            sum(bool(turn.model) for turn in turns),
            left_out,
            cut,
        )


def make_instructions(config: MakeConfig, *, takeover: bool = False, grace: float = GRACE) -> Made:
    """Publish ``instructions.parquet`` and the other forms; a start after a stop goes on shard by shard.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: shards or duplicates cannot be read, or no question can be asked.
        OutputError: the output belongs to another job, is worked on, or cannot be written.
        ResourceError: the cluster is too small.
        StoppedError: the process was asked to stop.
    """
    shards, output = list_shards(config.shards), Storage(config.output)
    identity = config.identity(shards)
    look(output, record_of(_JOB), identity, last=_LAST, results=_RESULTS)
    with held(output, _JOB, takeover=takeover) as lease:
        if claim(output, _JOB, identity, last=_LAST, results=_RESULTS) is not Claim.FINISHED:
            _make(config, named(shards), output, lease, grace)
        told = output.read_json(SUMMARY)
        return Made(**told)


def _make(config: MakeConfig, shards: Sequence[Shard], output: Storage, lease: Lease, grace: float) -> None:
    groups = groups_of(config.duplicates) if config.duplicates else {}
    stop, pool = Stop(grace), config.pool
    pools = [pool] if pool else []
    cpus, gpus = sum(p.count * p.cpus for p in pools), sum(p.count * p.gpus for p in pools)
    with ray_session(cpus, gpus, pools), stop.listening():
        each = partial(fan_out, stop=stop, check=lease.check)
        there = {*output.child(PARTS).list(".parquet")}
        left = [(shard,) for shard in shards if f"{shard.name}.parquet" not in there]
        each(partial(make_part, config.asking, config.output), left)
        found = composed(config, shards, output, groups)
        if not any(found.made.values()):
            raise InputError(_nothing(config, found))
        made = found.made
        if config.engine is not None and pool is not None:
            job = Rewording(config.engine, config.output, config.sampling, config.measured)
            made = _reworded(job, pool, made, stop, lease)
        if "webdataset" in config.forms:
            each(
                partial(publish_tars, config.output),
                ((s, _by_picture(own)) for s, own in made.items() if own),
            )
    for form in config.forms:
        if form != "webdataset":
            own = ((one, found.pictures[s][one.sample_id]) for s in made for one in made[s])
            publish_json(output, form, own)
    everything = [one for own in made.values() for one in own]
    write_instructions(output, everything)
    told = Made.of(everything, found.left_out, found.cut)
    output.publish_json(SUMMARY, {name: getattr(told, name) for name in Made.__slots__})


def _nothing(config: MakeConfig, found: Composed) -> str:
    splits = {one.split for own in found.pictures.values() for one in own.values()}
    if config.split is not None and config.split not in splits:
        there = splits_in_words(splits)
        return f"{config.shards} has nothing of split {config.split}: the shards {there}"
    why = "; ".join(f"{count:,} {reason}" for reason, count in found.left_out.items())
    return (
        f"no question of the kinds {', '.join(config.kinds)} can be asked about the pictures of "
        f"{config.shards}{f': {why}' if why else ''}; expected shards with annotations or texts"
    )


def _reworded(
    job: Rewording, pool: Pool, made: Mapping[Shard, Sequence[Conversation]], stop: Stop, lease: Lease
) -> dict[Shard, list[Conversation]]:
    """The conversations in the words of a model, by shard."""
    folders = {shard: Storage(job.output).child(f"{FOLDER}/{shard.name}") for shard in made}

    def left() -> list[tuple[Shard, Sequence[Conversation]]]:
        return [(s, own) for s, own in made.items() if own and not folders[s].exists(INSTRUCTIONS)]

    for _ in pooled(job.open, left, pool, stop=stop, check=lease.check):
        stop.check()
    return {
        shard: [one for of_picture in read_instructions(folders[shard].url).values() for one in of_picture]
        for shard, own in made.items()
        if own
    }


def _by_picture(made: Sequence[Conversation]) -> dict[str, list[Conversation]]:
    found: dict[str, list[Conversation]] = defaultdict(list)
    for one in made:
        found[one.sample_id].append(one)
    return dict(found)
