"""What an engine answered, as a table: a row for each question, in parts that are published once.

A row has the question's ``sample_id``, ``conversation``, ``turn`` and ``kind``, the ``reply`` as it came and,
where the engine refused the prompt, the ``fault``; what was ``read`` in the reply (null: nothing, or two
things), whether it is ``right`` (null for descriptions), and of boxes the ``iou`` with the true one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import create_table, read_table

ANSWERS = "answers"  # the folder of the parts
_SCHEMA = pa.schema(
    {
        "sample_id": pa.string(),
        "conversation": pa.string(),
        "turn": pa.int32(),
        "kind": pa.string(),
        "choices": pa.int32(),
        "reply": pa.string(),
        "fault": pa.string(),
        "read": pa.string(),
        "right": pa.bool_(),
        "iou": pa.float64(),
        "prompt_tokens": pa.int32(),
        "completion_tokens": pa.int32(),
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A row of the table.

    Attributes:
        choices: how many the question has; 0 where it is open.
        fault: why the engine did not answer this prompt; None if it did.
    """

    sample_id: str
    conversation: str
    turn: int
    kind: str
    choices: int
    reply: str
    fault: str | None
    read: str | None
    right: bool | None
    iou: float | None
    prompt_tokens: int
    completion_tokens: int


def publish_answers(output: Storage, name: str, answers: Sequence[Answer]) -> None:
    """Write a part, unless it is there.

    Raises:
        OutputError: it cannot be written.
    """
    create_table(output.child(ANSWERS), name, pa.Table.from_pylist([asdict(one) for one in answers], _SCHEMA))


def published(output: Storage) -> set[str]:
    """The names of the parts that are there."""
    return {*output.child(ANSWERS).list(".parquet")}


def read_answers(output: Storage) -> Iterator[Answer]:
    """All rows, part by part.

    Raises:
        InputError: a part cannot be read.
    """
    for name in sorted(published(output)):
        for row in read_table(output.child(ANSWERS), name, _SCHEMA.names).to_pylist():
            yield Answer(**row)
