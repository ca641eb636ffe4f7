"""The caption record: one row for every text that was asked for, and for every sample that was refused.

An empty string never stands for an error: a row has a status and, unless it is ``ok``, a reason. Times
stand in columns of their own (`TIMINGS`), which every comparison leaves out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

import pyarrow as pa

SCHEMA_VERSION = 2


class Stage(StrEnum):
    """What made a record."""

    INPUT = "input"  # a sample that could not be used: no text was asked for
    PERSPECTIVE = "perspective"  # stage 1
    INTEGRATED = "integrated"  # stage 2


class Status(StrEnum):
    """What became of a text.

    ``rejected``: the last answer, or the input, is no good. ``failed``: the engine could not answer.
    ``retried``: an answer that was no good and was asked for again; it stands beside the final row.
    """

    OK = "ok"
    REJECTED = "rejected"
    FAILED = "failed"
    RETRIED = "retried"


UNDONE = frozenset({Status.REJECTED.value, Status.FAILED.value})


@dataclass(kw_only=True)  # frozen, it would take five times as long to make and to unpickle
class Caption:
    """One text and all that is known of its making. Never changed once it is made.

    Attributes:
        caption_id: hash of sample, rendered prompt, model, revision, sampling and schema version.
        sample_id: SHA-256 of the source image's bytes.
        shard, index, key: the sample's place: shard path below the input root, position there, name there.
        perspective: ``objects``, ``layout`` … ``short``, ``long``; the prompt's name in a retried record;
            empty in an input record.
        reason: why the row is not ok: ``code: one line``.
        text: the caption; empty unless ok.
        raw: the reply as it came.
        prompt_hash: of the prompt's template and settings, as listed in ``run.json``.
        sampling: the sampling parameters as JSON.
        attempt: from 1.
        prompt_tokens, cached_tokens, completion_tokens: of the request; where one reply gave several texts,
            in the first one's row.
        parents: caption ids of the texts it was made from.
        scores: what was measured on the text, as JSON.
        seconds: from asking to the last token.
    """

    caption_id: str
    sample_id: str
    shard: str
    index: int
    key: str
    stage: str
    perspective: str = ""
    status: str = Status.OK.value
    reason: str = ""
    text: str = ""
    raw: str = ""
    engine: str = ""
    model: str = ""
    revision: str = ""
    prompt_hash: str = ""
    sampling: str = "{}"
    attempt: int = 1
    finish_reason: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    parents: tuple[str, ...] = ()
    scores: str = "{}"
    seconds: float = 0.0


_TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "tuple[str, ...]": pa.list_(pa.string()),
}
SCHEMA = pa.schema([pa.field(f.name, _TYPES[str(f.type)], nullable=False) for f in fields(Caption)])
TIMINGS = ("seconds",)


def caption_id(sample_id: str, prompt: str, model: str, revision: str, sampling: Mapping[str, object]) -> str:
    """Identity of a caption, 32 hex digits: the same question to the same model about the same image."""
    parts = [str(SCHEMA_VERSION), sample_id, prompt, model, revision, encode_sampling(sampling)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def encode_sampling(sampling: Mapping[str, object]) -> str:
    """Sampling parameters, or scores, as a record keeps them."""
    return json.dumps(sampling, sort_keys=True) if sampling else "{}"


def to_table(captions: Sequence[Caption]) -> pa.Table:
    """Rows in `SCHEMA`'s columns and order."""
    columns = [[getattr(caption, name) for caption in captions] for name in SCHEMA.names]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    return pa.table(arrays, schema=SCHEMA)


def from_table(table: pa.Table) -> list[Caption]:
    """The records of a table in `SCHEMA`."""
    return [Caption(**(row | {"parents": tuple(row["parents"])})) for row in table.to_pylist()]
