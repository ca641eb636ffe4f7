"""The job that makes preferences: of sentences of final shards, of answers of caption runs, of ratings."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, model_validator

from mpgi_ray.config import Config
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.claim import Claim, claim, look, record_of, stamps
from mpgi_ray.data.final import list_shards
from mpgi_ray.data.lease import held
from mpgi_ray.data.preferences import PREFERENCES, Preference, read_preferences, write_preferences
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.reward.alone import told_alone
from mpgi_ray.reward.sources import answers_of_runs, ids_of, of_shard, ratings_of
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.runtime.stopping import GRACE, Stop
from mpgi_ray.version import VERSION

_JOB = "pairs"
_LEFT_OUT = "left_out.json"
_LAST = (_LEFT_OUT, PREFERENCES)
_Place = Annotated[str, AfterValidator(absolute)]
Source = Literal["swaps", "answers", "ratings"]


class PairsConfig(Config):
    """What preferences are made of.

    Attributes:
        shards: folder of final shards.
        output: folder for ``preferences.parquet``.
        captions: folders of caption runs about the same pictures.
        ratings: files that the viewer exported, one of each person.
        sources: what to make; by default all that is given: swaps of sentences of the shards' texts, answers
            of the caption runs, ratings of people.
        balanced: keep an order of two answers only beside its reverse, see `reward.answers`.
        split: samples of this split only; None takes all.
        measured: hold colours against the pixels, too.
        seed: of the order in which sentences are tried.
    """

    shards: _Place
    output: _Place
    captions: tuple[_Place, ...] = ()
    ratings: tuple[_Place, ...] = ()
    sources: tuple[Source, ...] = ()
    balanced: bool = True
    split: str | None = None
    measured: bool = True
    seed: int = 0

    @model_validator(mode="after")
    def _given(self) -> Self:
        if self.ratings and not self.captions:
            raise ValueError("ratings name texts of caption runs: give the folders of these, too")
        for source, given in (("answers", self.captions), ("ratings", self.ratings)):
            if source in self.sources and not given:
                raise ValueError(f"no {source} without {'captions' if source == 'answers' else source}")
        return self

    @property
    def made_of(self) -> tuple[Source, ...]:
        """What is made: what is named, or all that is given."""
        if self.sources:
            return self.sources
        given: tuple[Source, ...] = ("swaps",)
        return (*given, *(("answers",) if self.captions else ()), *(("ratings",) if self.ratings else ()))


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a run left.

    Attributes:
        kinds: how many lists there are, by what their false texts are wrong about, or who preferred them.
        pictures: how many pictures have one.
        left_out: how much made none, by reason.
        alone: see `told_alone`.
    """

    kinds: Mapping[str, int]
    pictures: int
    left_out: Mapping[str, int]
    alone: float | None


def make_pairs(config: PairsConfig, *, takeover: bool = False, grace: float = GRACE) -> Pairs:
    """Publish ``preferences.parquet``: lists of texts about a picture, the best first.

    Args:
        takeover: see `lease.held`.
        grace: seconds in which tasks that are under way may be finished when the job is asked to stop.

    Raises:
        InputError: shards, caption runs or ratings cannot be read, or no list can be made of them.
        OutputError: the output belongs to another job, is worked on, or cannot be written.
        StoppedError: the process was asked to stop.
    """
    shards, output = list_shards(config.shards), Storage(config.output)
    identity = _identity(config, shards)
    look(output, record_of(_JOB), identity, last=_LAST, results=())
    with held(output, _JOB, takeover=takeover) as lease:
        found = claim(output, _JOB, identity, last=_LAST, results=())
        if found is not Claim.FINISHED:
            stop = Stop(grace)
            with ray_session(cpus_held=0), stop.listening():
                each = partial(fan_out, stop=stop, check=lease.check)
                made, left_out = _made(config, shards, each)
            if not made:
                raise InputError(_nothing(config, left_out))
            output.publish_json(_LEFT_OUT, left_out)
            write_preferences(output, made)
        lists = read_preferences(config.output)
        own = [one for of_picture in lists.values() for one in of_picture]
        kinds = Counter(one.kind for one in own)
        return Pairs(dict(kinds.most_common()), len(lists), output.read_json(_LEFT_OUT), told_alone(own))


def _made(
    config: PairsConfig, shards: Sequence[str], each: Any
) -> tuple[list[Preference], Mapping[str, int]]:
    """The lists, and how much made none, by reason."""
    left_out: Counter[str] = Counter()
    made: list[Preference] = []
    ids: list[frozenset[str]] = [frozenset()] * len(shards)
    if config.captions:
        ids = each(partial(ids_of, config.split), [(shard,) for shard in shards])
    answers: dict[str, Any] = {}
    if "answers" in config.made_of:
        answers, counts = answers_of_runs(config.captions, frozenset().union(*ids), each)
        left_out.update(counts)
    task = partial(
        of_shard,
        split=config.split,
        measured=config.measured,
        seed=config.seed if "swaps" in config.made_of else None,
        balanced=config.balanced,
    )
    if {*config.made_of} != {"ratings"}:
        own = ({one: answers[one] for one in there if one in answers} for there in ids)
        for lists, counts in each(task, zip(shards, own, strict=True)):
            made += lists
            left_out.update(counts)
    if "ratings" in config.made_of:
        lists, counts = ratings_of(config.ratings, config.captions, frozenset().union(*ids))
        made += lists
        left_out.update(counts)
    return made, dict(left_out)


def _nothing(config: PairsConfig, left_out: Mapping[str, int]) -> str:
    if config.made_of == ("swaps",):
        return (
            f"no two pictures of {config.shards} can swap a sentence: expected shards of which a source "
            "annotates objects, with texts that say something of these"
        )
    why = "; ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "they hold no texts"
    return f"no two texts of a picture of {config.shards} are in an order: {why}"


def _identity(config: PairsConfig, shards: tuple[str, ...]) -> dict[str, Any]:
    values = config.model_dump(mode="json", exclude={"output", "shards", "captions", "ratings", "sources"})
    values |= {"sources": list(config.made_of), "shards": stamps(shards), "version": VERSION}
    if config.ratings:
        values["ratings"] = stamps(config.ratings)
    for folder in config.captions:
        run = CaptionFolder(folder)
        run.run_record()
        told = repr(sorted(run.files().items()))
        values.setdefault("captions", {})[folder] = hashlib.sha256(told.encode()).hexdigest()[:16]
    return values
