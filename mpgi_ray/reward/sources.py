"""What preferences are made of: a final shard's texts, the answers of caption runs, files of ratings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.final import read_records, short_id
from mpgi_ray.data.preferences import Preference
from mpgi_ray.reward.answered import Answered, answered, texts_of
from mpgi_ray.reward.answers import Answer, Asked, preferred
from mpgi_ray.reward.ratings import UNKNOWN, rated, read_ratings
from mpgi_ray.reward.swaps import Told, swapped
from mpgi_ray.rules.of_sample import facts_of_record

NOT_HELD = "texts about pictures that the shards do not hold"
_NAMED = 3  # of those that are not known
Answers = Mapping[str, Mapping[str, Sequence[Answer]]]  # by picture and question
Each = Callable[..., list[Any]]  # see `fan_out`


def ids_of(split: str | None, shard: str) -> frozenset[str]:
    """The ids of the samples of a final shard."""
    records = read_records([shard], pictures=False)
    return frozenset(record.sample_id for record in records if record.in_split(split))


def of_shard(
    shard: str, answers: Answers, *, split: str | None, measured: bool, seed: int | None, balanced: bool
) -> tuple[list[Preference], Counter[str]]:
    """The preferences of a final shard's pictures, and how much made none, by reason.

    Args:
        answers: about these pictures.
        seed: of swaps; None for none.
    """
    told, asked = [], []
    for record in read_records([shard], pictures=measured):
        own = answers.get(record.sample_id)
        if not record.in_split(split) or (seed is None and own is None):
            continue
        facts = facts_of_record(record, measured=measured)
        told.append(Told(record.sample_id, facts, dict(record.texts)))
        if own is not None:
            asked.append(Asked(record.sample_id, facts, own))
    swaps = [] if seed is None else list(swapped(told, seed))
    lists, left_out = preferred(asked, balanced=balanced)
    return swaps + lists, left_out


def answers_of_runs(
    runs: Sequence[str], pictures: frozenset[str], each: Each
) -> tuple[dict[str, Mapping[str, Sequence[Answer]]], Counter[str]]:
    """The answers about pictures that are known, and how many replies are none, by reason.

    Args:
        each: runs a function for each of many arguments.
    """
    calls = [(run, chunk) for run in runs for chunk in sorted(CaptionFolder(run).files())]
    found = Answered()
    for one in each(answered, calls):
        found.add(one)
    unknown = sorted(found.answers.keys() - pictures)
    texts = sum(len(own) for one in unknown for own in found.answers[one].values())
    left_out = found.left_out + Counter({_named(NOT_HELD, unknown): texts})
    return {one: own for one, own in found.answers.items() if one in pictures}, left_out


def ratings_of(
    files: Sequence[str], runs: Sequence[str], pictures: frozenset[str]
) -> tuple[list[Preference], Counter[str]]:
    """The lists that people's ratings make, and how much makes none, by reason."""
    raters = [read_ratings(file) for file in files]
    wanted = frozenset(rating.caption_id for ratings in raters for rating in ratings)
    lists, left_out, unknown = rated(raters, texts_of(runs, wanted), pictures)
    if unknown:
        left_out[_named(UNKNOWN, unknown)] = left_out.pop(UNKNOWN)
    return lists, left_out


def _named(reason: str, unknown: Sequence[str]) -> str:
    """A reason with the first of those that it is about."""
    more = " …" if len(unknown) > _NAMED else ""
    return f"{reason} ({', '.join(map(short_id, unknown[:_NAMED]))}{more})"
