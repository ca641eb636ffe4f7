"""Instructions: questions about pictures with their answers, as a table that any job may read.

``instructions.parquet`` has a row for each question: the picture by its ``sample_id``, its ``source`` and
``split``, the ``conversation`` that the question is part of and its ``turn`` there (0 is the first), its
``kind``, the ``question``, the ``answer``, the ``choices`` of a single-choice question (empty for others; the
answer is then one of them, word by word), in ``truth`` as JSON what the answer rests on: names, numbers
and boxes, so that a program can mark an answer that is worded otherwise, and the ``model`` that worded both
(empty: templates did).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_batches, read_table, table_at, typed
from mpgi_ray.errors import InputError

INSTRUCTIONS = "instructions.parquet"
_SCHEMA = pa.schema(
    {
        "sample_id": pa.string(),
        "source": pa.string(),
        "split": pa.string(),
        "conversation": pa.string(),
        "turn": pa.int32(),
        "kind": pa.string(),
        "question": pa.string(),
        "answer": pa.string(),
        "choices": pa.list_(pa.string()),
        "truth": pa.string(),
        "model": pa.string(),
    }
)
_AT_ONCE = 10_000  # rows as Python objects, which take many times the room of a table
_MAY_LACK = frozenset({"source", "split", "model"})


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer.

    Attributes:
        kind: what is asked for: ``presence``, ``count``, ``position`` …
        choices: of a single-choice question, in the order in which they are shown; the answer is one of them.
        truth: what the answer rests on, as JSON; boxes are (x1, y1, x2, y2) in shares of the picture's
            width and height.
        model: the name of the model that worded question and answer; empty if templates did.
    """

    kind: str
    question: str
    answer: str
    choices: tuple[str, ...] = ()
    truth: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is asked and answered about a picture, one turn or more.

    Attributes:
        source: the data set that the picture is of; empty if it names none.
        split: of the picture; None if it has none.
    """

    sample_id: str
    turns: tuple[Turn, ...]
    source: str = ""
    split: str | None = None

    @property
    def id(self) -> str:
        """The same for the same questions and answers about the same picture, whenever they are made."""
        told = [[turn.kind, turn.question, turn.answer, list(turn.choices)] for turn in self.turns]
        return hashlib.sha256(json.dumps([self.sample_id, told]).encode()).hexdigest()[:16]


def write_instructions(storage: Storage, conversations: Iterable[Conversation]) -> int:
    """Publish the table.

    Returns:
        How many questions it has.

    Raises:
        OutputError: it cannot be written.
    """
    tables, rows = [_SCHEMA.empty_table()], []
    for one in conversations:
        rows += [_row(one, place, turn) for place, turn in enumerate(one.turns)]
        if len(rows) >= _AT_ONCE:
            tables.append(pa.Table.from_pylist(rows, _SCHEMA))
            rows = []
    table = pa.concat_tables([*tables, pa.Table.from_pylist(rows, _SCHEMA)])
    publish_table(storage, INSTRUCTIONS, table)
    return int(table.num_rows)


def _row(one: Conversation, place: int, turn: Turn) -> dict[str, Any]:
    return {
        "sample_id": one.sample_id,
        "source": one.source,
        "split": one.split,
        "conversation": one.id,
        "turn": place,
        "kind": turn.kind,
        "question": turn.question,
        "answer": turn.answer,
        "choices": list(turn.choices),
        "truth": json.dumps(turn.truth, sort_keys=True),
        "model": turn.model,
    }


def read_turns(path: str) -> Iterator[tuple[Mapping[str, Any], Turn]]:
    """Each question with its row, for a table that is too large to be held as conversations.

    Args:
        path: of the table, or of the folder that it lies in.

    Raises:
        InputError: it cannot be read, an answer is none of its choices, or ``truth`` is no JSON object.
    """
    storage, name = table_at(path, INSTRUCTIONS)
    where = storage.path(name)
    for batch in read_batches(storage, name, _SCHEMA.names):
        table = typed(batch, _SCHEMA, where, _MAY_LACK)
        for start in range(0, table.num_rows, _AT_ONCE):
            for row in table.slice(start, _AT_ONCE).to_pylist():
                yield row, _turn(row, where)


def read_instructions(
    path: str, only: Collection[str] | None = None
) -> Mapping[str, tuple[Conversation, ...]]:
    """The conversations about each picture, by its ``sample_id``.

    Args:
        path: of the table, or of the folder that it lies in.
        only: those about these pictures.

    Raises:
        InputError: it cannot be read, a conversation is about two pictures or has two questions of one
            turn, an answer is none of its choices, or ``truth`` is no JSON object.
    """
    storage, name = table_at(path, INSTRUCTIONS)
    where = storage.path(name)
    table = typed(read_table(storage, name, _SCHEMA.names), _SCHEMA, where, _MAY_LACK)
    if only is not None:
        table = table.filter(pc.is_in(table["sample_id"], pa.array(sorted(only), pa.string())))
    asked: dict[str, list[Mapping[str, Any]]] = {}
    for row in table.to_pylist():
        asked.setdefault(row["conversation"], []).append(row)
    found: dict[str, list[Conversation]] = {}
    for told, turns in asked.items():
        first, places = turns[0], [row["turn"] for row in turns]
        if any(row["sample_id"] != first["sample_id"] for row in turns):
            raise InputError(f"{where}: conversation {told} is about two pictures: name conversations anew")
        if len({*places}) < len(places):
            raise InputError(f"{where}: two questions of conversation {told} are one turn: expected 0, 1, …")
        own = tuple(_turn(row, where) for row in sorted(turns, key=lambda row: row["turn"]))
        one = Conversation(first["sample_id"], own, first["source"] or "", first["split"])
        found.setdefault(one.sample_id, []).append(one)
    return {sample_id: tuple(own) for sample_id, own in found.items()}


def fingerprint(path: str) -> str:
    """What tells a table of questions from any other; a run that asks them writes it down.

    Args:
        path: as of `read_instructions`.
    """
    storage, name = table_at(path, INSTRUCTIONS)
    return hashlib.sha256(storage.read(name)).hexdigest()[:16]


def _turn(row: Mapping[str, Any], where: str) -> Turn:
    try:
        truth = json.loads(row["truth"])
        if not isinstance(truth, dict):
            raise ValueError(truth)
    except ValueError as error:
        raise InputError(
            f"{where}: truth {row['truth'][:80]!r} of conversation {row['conversation']} is no JSON object"
        ) from error
    choices = tuple(row["choices"])
    if choices and row["answer"] not in choices:
        raise InputError(
            f"{where}: the answer {row['answer'][:80]!r} of conversation {row['conversation']} is none of "
            "its choices: expected one of them, word by word"
        )
    return Turn(row["kind"], row["question"], row["answer"], choices, truth, row["model"] or "")
