"""What each shard gives: the candidates about its pictures, published as a part, so that a job goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from mpgi_ray.data.final import Record, read_records
from mpgi_ray.data.image import real_suffix
from mpgi_ray.data.instructions import Turn
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import create_table, read_table
from mpgi_ray.instruct.asked import candidates
from mpgi_ray.instruct.box_text import BoxText
from mpgi_ray.instruct.known import Candidate, known_of
from mpgi_ray.truth.verdict import Verdict, check, verdict_of

PARTS = "parts"  # folder of a table for each shard
_LEFT_OUT = b"left_out"
_PICTURES = b"pictures"
_SCHEMA = pa.schema(
    {
        "sample_id": pa.string(),
        "kind": pa.string(),
        "question": pa.string(),
        "answer": pa.string(),
        "truth": pa.string(),
        "about": pa.string(),
        "told": pa.string(),
        "untold": pa.bool_(),
        "follow": pa.string(),
    }
)


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture lies, and what the shards say of it.

    Attributes:
        file: its name in its shard.
    """

    sample_id: str
    shard: str
    file: str
    source: str
    split: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """What a shard gives.

    Attributes:
        left_out: what makes no question, by reason.
        rows: the candidates, one a row.
    """

    pictures: tuple[Picture, ...]
    left_out: Mapping[str, int]
    rows: pa.Table

    def candidates(self, rows: Sequence[int]) -> Iterator[tuple[str, Candidate]]:
        """The candidates of some rows, in their order, with the sample ids of their pictures."""
        for row in self.rows.take(pa.array(rows, pa.int64())).to_pylist():
            yield row["sample_id"], _candidate(row)


@dataclass(frozen=True, slots=True)
class Asking:
    """What to ask about the pictures of a shard; see `MakeConfig`.

    Attributes:
        texts: the names of those that describe pictures, by kind of question.
    """

    kinds: tuple[str, ...]
    each: int
    writes: BoxText
    texts: Mapping[str, str]
    split: str | None
    measured: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A final shard.

    Attributes:
        name: its path without suffix, below the folder that all shards lie in: of shards in several folders
            file names may be the same.
    """

    url: str
    name: str


def named(shards: Sequence[str]) -> tuple[Shard, ...]:
    """The shards with their names."""
    folders = [url.split("/")[:-1] for url in shards]
    shared = 0
    while folders and all(shared < len(one) and one[shared] == folders[0][shared] for one in folders):
        shared += 1
    return tuple(Shard(url, "/".join(url.split("/")[shared:]).removesuffix(".tar")) for url in shards)


def make_part(asking: Asking, folder: str, shard: Shard) -> None:
    """Publish the candidates about the pictures of a final shard, unless they are there.

    Raises:
        InputError: the shard cannot be read.
        OutputError: the part cannot be written.
    """
    left_out: Counter[str] = Counter()
    rows, pictures = [], []
    for record in read_records([shard.url]):
        pictures.append(_picture(record, shard.name))  # of all splits: a picture may lie in two
        if record.in_split(asking.split):
            rows += [_row(record.sample_id, one) for one in _asked(record, asking, left_out)]
    told = {_LEFT_OUT: json.dumps(left_out), _PICTURES: json.dumps(pictures)}
    table = pa.Table.from_pylist(rows, _SCHEMA).replace_schema_metadata(told)
    create_table(Storage(folder).child(PARTS), f"{shard.name}.parquet", table)


def read_part(folder: Storage, shard: Shard) -> Part:
    """The part of a shard.

    Raises:
        InputError: it cannot be read.
    """
    table = read_table(folder.child(PARTS), f"{shard.name}.parquet")
    told = table.schema.metadata
    pictures = tuple(Picture(*one) for one in json.loads(told[_PICTURES]))
    return Part(pictures, json.loads(told[_LEFT_OUT]), table)


def _asked(record: Record, asking: Asking, left_out: Counter[str]) -> Iterator[Candidate]:
    known = known_of(record, asking.seed, measured=asking.measured)
    texts, given = {}, record.with_people()
    for kind, name in asking.texts.items():
        if kind not in asking.kinds:
            continue
        if not (text := given.get(name)):
            left_out[f"pictures without a text {name}"] += 1
        elif verdict_of(check(text, known.facts)) is Verdict.CONTRADICTED:
            left_out[f"texts {name} that the facts contradict"] += 1
        else:
            texts[kind] = text
    return candidates(replace(known, texts=texts), asking.kinds, asking.each, asking.writes)


def _picture(record: Record, shard: str) -> Sequence[str | None]:
    split = record.annotation.get("split")
    return record.sample_id, shard, f"{record.key}.{real_suffix(record.image)}", record.source, split


def _row(sample_id: str, one: Candidate) -> dict[str, object]:
    turn = one.turn
    return {
        "sample_id": sample_id,
        "kind": turn.kind,
        "question": turn.question,
        "answer": turn.answer,
        "truth": json.dumps(turn.truth, sort_keys=True),
        "about": one.about,
        "told": one.told,
        "untold": one.untold,
        "follow": one.follow,
    }


def _candidate(row: Mapping[str, str]) -> Candidate:
    turn = Turn(row["kind"], row["question"], row["answer"], truth=json.loads(row["truth"]))
    return Candidate(turn, row["about"], row["told"], row["follow"])
