"""From the candidates of all shards to conversations: what is kept, and in which split."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.data.instructions import Conversation
from mpgi_ray.data.storage import Storage
from mpgi_ray.instruct.chosen import Asked, Cut, chosen, turn_of
from mpgi_ray.instruct.config import MakeConfig
from mpgi_ray.instruct.conversations import conversations
from mpgi_ray.instruct.parts import Part, Picture, Shard, read_part
from mpgi_ray.instruct.splits import splits_of

_ELSEWHERE = "pictures whose copies are of another split"


@dataclass(frozen=True, slots=True)
class Composed:
    """The instructions, before a model words them.

    Attributes:
        made: conversations by shard, as the job was given it.
        pictures: of each shard, by sample id.
        left_out: what makes no instruction, by reason.
        cut: what was left out to balance answers.
    """

    made: Mapping[Shard, Sequence[Conversation]]
    pictures: Mapping[Shard, Mapping[str, Picture]]
    left_out: Mapping[str, int]
    cut: Cut


def composed(
    config: MakeConfig, shards: Sequence[Shard], output: Storage, groups: Mapping[str, str]
) -> Composed:
    """Choose among the candidates of all shards, and make conversations of them.

    The parts are read twice, so that only what decides about a candidate is held of all of them.

    Args:
        groups: see `groups_of`.

    Raises:
        InputError: a part cannot be read.
    """
    pictures: dict[Shard, dict[str, Picture]] = {}
    left_out: Counter[str] = Counter()
    for shard in shards:
        part = read_part(output, shard)
        pictures[shard] = {picture.sample_id: picture for picture in part.pictures}
        left_out.update(part.left_out)
    listed = [(p.sample_id, p.split) for own in pictures.values() for p in own.values()]
    splits = splits_of(listed, groups, config.held_out)
    left_out[_ELSEWHERE] += len({sample_id for sample_id, _ in listed} - splits.keys())
    asked = (
        one
        for number, shard in enumerate(shards)
        for one in _asked(read_part(output, shard), number, splits, config)
    )
    kept, cut = chosen(asked, config.untold)
    rows: dict[int, list[int]] = defaultdict(list)
    for number, row in (one.place for one in kept):
        rows[number].append(row)
    made = {
        shard: _made(read_part(output, shard), rows[number], splits, config)
        for number, shard in enumerate(shards)
    }
    return Composed(made, pictures, dict(+left_out), cut)


def _asked(part: Part, number: int, splits: Mapping[str, str], config: MakeConfig) -> Iterator[Asked]:
    """Of each candidate what decides; words that come often are held once."""
    names = ("sample_id", "kind", "question", "about", "told", "untold")
    columns = [part.rows[name].to_pylist() for name in names]
    for row, values in enumerate(zip(*columns, strict=True)):
        sample_id, kind, question, about, told, untold = values
        if (split := splits.get(sample_id)) and config.split in (None, split):
            turn = turn_of(config.seed, sample_id, question)
            kind, split, about, told = map(sys.intern, (kind, split, about, told))
            yield Asked(kind, split, about, told, untold, turn, (number, row))


def _made(
    part: Part, rows: Sequence[int], splits: Mapping[str, str], config: MakeConfig
) -> list[Conversation]:
    """The conversations about the pictures of a shard, in the order of its pictures."""
    of_picture = defaultdict(list)
    for sample_id, one in part.candidates(rows):
        of_picture[sample_id].append(one)
    return [
        Conversation(p.sample_id, turns, p.source, splits[p.sample_id])
        for p in {picture.sample_id: picture for picture in part.pictures}.values()
        if p.sample_id in of_picture
        for turns in conversations(of_picture[p.sample_id], config.turns, f"{config.seed}/{p.sample_id}")
    ]
