"""The job that makes instructions of final shards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.final import list_shards
from mpgi_ray.data.instructions import INSTRUCTIONS, Conversation, read_instructions, write_instructions
from mpgi_ray.data.lease import Lease, held
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.instruct.chosen import Asked, Cut, chosen
from mpgi_ray.instruct.config import MakeConfig
from mpgi_ray.instruct.conversations import conversations
from mpgi_ray.instruct.forms import publish_json, publish_tars
from mpgi_ray.instruct.parts import PARTS, Picture, make_part, name_of, read_part
from mpgi_ray.instruct.reworded import FOLDER, Rewording
from mpgi_ray.instruct.splits import groups_of, splits_of
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
            _make(config, shards, output, lease, grace)
        told = output.read_json(SUMMARY)
        return Made(**told)


def _make(config: MakeConfig, shards: Sequence[str], output: Storage, lease: Lease, grace: float) -> None:
    groups = groups_of(config.duplicates) if config.duplicates else {}
    stop, pool = Stop(grace), config.pool
    pools = [pool] if pool else []
    held_cpus, held_gpus = sum(p.count * p.cpus for p in pools), sum(p.count * p.gpus for p in pools)
    with ray_session(held_cpus, held_gpus, pools), stop.listening():
        each = partial(fan_out, stop=stop, check=lease.check)
        there = {*output.child(PARTS).list(".parquet")}
        each(
            partial(make_part, config.asking, config.output),
            [(shard,) for shard in shards if f"{name_of(shard)}.parquet" not in there],
        )
        made, pictures, left_out, cut = _composed(config, shards, output, groups)
        of_shard = _by_shard(shards, made, pictures)
        if config.engine is not None and pool is not None:
            made = _reworded(config, pool, of_shard, output, stop, lease)
            of_shard = _by_shard(shards, made, pictures)
        if "webdataset" in config.forms:
            calls = ((shard, _by_picture(own)) for shard, own in of_shard.items() if own)
            each(partial(publish_tars, config.output), calls)
    for form in config.forms:
        if form != "webdataset":
            publish_json(output, form, made, pictures)
    write_instructions(output, made)
    found = Made.of(made, left_out, cut)
    output.publish_json(SUMMARY, {name: getattr(found, name) for name in Made.__slots__})


def _composed(
    config: MakeConfig, shards: Sequence[str], output: Storage, groups: Mapping[str, str]
) -> tuple[list[Conversation], dict[str, Picture], dict[str, int], Cut]:
    """The conversations, where pictures lie, what was left out, by reason, and what was cut to balance."""
    parts = [read_part(output, shard) for shard in shards]
    listed = [picture for part in parts for picture in part.pictures]
    splits = splits_of(((p.sample_id, p.split) for p in listed), groups, config.held_out, config.seed)
    left_out: Counter[str] = Counter()
    for part in parts:
        left_out.update(part.left_out)
    pictures: dict[str, Picture] = {}
    for picture in listed:
        pictures.setdefault(picture.sample_id, picture)
    left_out["pictures whose copies are of another split"] += len(pictures.keys() - splits.keys())
    asked = (
        Asked(sample_id, splits[sample_id], one)
        for part in parts
        for sample_id, one in part.candidates
        if sample_id in splits
    )
    kept, cut = chosen(asked, config.seed, config.untold)
    if not kept:
        why = "; ".join(f"{count:,} {reason}" for reason, count in left_out.items() if count)
        raise InputError(
            f"no question of the kinds {', '.join(config.kinds)} can be asked about the pictures of "
            f"{config.shards}{f': {why}' if why else ''}; expected shards with annotations or texts"
        )
    sources = {picture.sample_id: picture.source for picture in pictures.values()}
    made = conversations(kept, sources, config.turns, config.seed)
    return made, pictures, dict(+left_out), cut


def _reworded(
    config: MakeConfig,
    pool: Pool,
    of_shard: Mapping[str, Sequence[Conversation]],
    output: Storage,
    stop: Stop,
    lease: Lease,
) -> list[Conversation]:
    assert config.engine is not None
    job = Rewording(config.engine, config.output, config.sampling, config.measured)

    def left() -> list[tuple[str, Sequence[Conversation]]]:
        return [
            (shard, own)
            for shard, own in of_shard.items()
            if own and not output.child(f"{FOLDER}/{name_of(shard)}").exists(INSTRUCTIONS)
        ]

    for _ in pooled(job.open, left, pool, stop=stop, check=lease.check):
        stop.check()
    found = [
        read_instructions(output.child(f"{FOLDER}/{name_of(shard)}").url)
        for shard, own in of_shard.items()
        if own
    ]
    made = [one for table in found for own in table.values() for one in own]
    return sorted(made, key=lambda one: one.sample_id)


def _by_shard(
    shards: Sequence[str], made: Sequence[Conversation], pictures: Mapping[str, Picture]
) -> dict[str, list[Conversation]]:
    found: dict[str, list[Conversation]] = defaultdict(list)
    for one in made:
        found[pictures[one.sample_id].shard].append(one)
    return {shard: found[name_of(shard)] for shard in shards}


def _by_picture(made: Sequence[Conversation]) -> dict[str, list[Conversation]]:
    found: dict[str, list[Conversation]] = defaultdict(list)
    for one in made:
        found[one.sample_id].append(one)
    return dict(found)
