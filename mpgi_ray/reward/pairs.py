"""The job that makes preferences of final shards: each sentence is held against its picture and others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError

from mpgi_ray.config import Config, first_problem
from mpgi_ray.data.claim import Claim, claim, look, record_of
from mpgi_ray.data.final import Record, list_shards, read_records
from mpgi_ray.data.lease import held
from mpgi_ray.data.preferences import PREFERENCES, Preference, read_preferences, write_preferences
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.storage import Storage, absolute, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.reward.swaps import Told, swapped
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop
from mpgi_ray.version import VERSION

_JOB = "pairs"


class PairsConfig(Config):
    """What preferences are made of.

    Attributes:
        shards: folder of final shards.
        output: folder for ``preferences.parquet``.
        split: samples of this split only; None takes all.
        measured: hold colours against the pixels, too.
        seed: of the order in which sentences are tried.
    """

    shards: Annotated[str, AfterValidator(absolute)]
    output: Annotated[str, AfterValidator(absolute)]
    split: str | None = None
    measured: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a run left.

    Attributes:
        kinds: how many pairs there are, by what their false texts are wrong about.
        pictures: how many pictures have one.
    """

    kinds: Mapping[str, int]
    pictures: int


def make_pairs(config: PairsConfig, *, takeover: bool = False, grace: float = GRACE) -> Pairs:
    """Publish ``preferences.parquet``: pairs of texts, in swaps of two pictures of a shard.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: the shards cannot be read, or no two of their pictures can swap a sentence.
        OutputError: the output belongs to another job, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
    """
    shards, output = list_shards(config.shards), Storage(config.output)
    identity = _identity(config, shards)
    look(output, record_of(_JOB), identity, last=(PREFERENCES,), results=())
    with held(output, _JOB, takeover=takeover) as lease:
        if claim(output, _JOB, identity, last=(PREFERENCES,), results=()) is not Claim.FINISHED:
            stop, task = Stop(grace), partial(_of_shard, config)
            with ray_session(cpus_held=0), stop.listening():
                found = fan_out(task, [(shard,) for shard in shards], stop=stop, check=lease.check)
            made = [one for of_shard in found for one in of_shard]
            if not made:
                raise InputError(
                    f"no two pictures of {config.shards} can swap a sentence: expected shards of which a "
                    "source annotates objects, with texts that say something of these"
                )
            write_preferences(output, made)
        lists = read_preferences(config.output)
        kinds = Counter(one.kind for own in lists.values() for one in own)
        return Pairs(dict(kinds.most_common()), len(lists))


def _identity(config: PairsConfig, shards: tuple[str, ...]) -> dict[str, Any]:
    stamps = {}
    for shard in shards:
        storage, name = split_url(shard)
        stamps[shard] = storage.stamp(name)
    values = config.model_dump(mode="json", exclude={"output", "shards"})
    return {**values, "shards": stamps, "version": VERSION}


def _of_shard(config: PairsConfig, shard: str) -> list[Preference]:
    told = [
        Told(record.sample_id, facts_of_sample(_sample(record), measured=config.measured), dict(record.texts))
        for record in read_records([shard], pictures=config.measured)
        if record.in_split(config.split)
    ]
    return list(swapped(told, config.seed))


def _sample(record: Record) -> Sample:
    try:
        annotation = Annotation.model_validate(record.annotation)
    except ValidationError as error:
        raise InputError(
            f"{record.shard}/{record.key}: {first_problem(error)}; curate the shards again"
        ) from error
    return Sample(record.key, 0, record.image, "jpg", annotation, record.key)
