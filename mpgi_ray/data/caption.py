"""The caption record: one row for every text that was asked for, and for every sample that was refused.

An error is never recorded as an empty string: a row has a status and, unless it is ``ok``, a reason. Times
are in columns of their own (`TIMINGS`), which every comparison leaves out.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.text import clean_name, decode_json

# of the table; before 3 ``reason`` also held what is now ``detail``, after the code; before 4 no ``draw``,
# before 5 no ``shown``
SCHEMA_VERSION = 5
ID_VERSION = 2  # of what a caption's id is the hash of; part of a run's identity


class Stage(StrEnum):
    """What made a record."""

    INPUT = "input"  # a sample that could not be used: no text was asked for
    PERSPECTIVE = "perspective"  # stage 1
    INTEGRATED = "integrated"  # stage 2


class Shown(StrEnum):
    """What a prompt shows of a sample, beside its instruction."""

    PICTURE = "picture"
    TEXT = "text"  # facts, or texts of stage 1, and no picture


class Status(StrEnum):
    """What became of a text.

    ``rejected``: the last answer, or the input, cannot be used. ``failed``: the engine could not answer.
    ``retried``: an answer could not be used and was asked for again, or another one to the same prompt could
    be. ``outscored``: it could be used, and another answer to the same question was better. The rows of both
    are kept beside the final one.
    """

    OK = "ok"
    REJECTED = "rejected"
    FAILED = "failed"
    RETRIED = "retried"
    OUTSCORED = "outscored"


BESIDE = frozenset({Status.RETRIED.value, Status.OUTSCORED.value})  # of a question that has a final row
UNDONE = frozenset({Status.REJECTED.value, Status.FAILED.value})


@dataclass(kw_only=True)  # a frozen one would take five times as long to make and to unpickle
class Caption:
    """One text and how it was made. A record never changes once it is made.

    Attributes:
        caption_id: hash of sample, rendered prompt, model, revision, sampling and `ID_VERSION`.
        sample_id: SHA-256 of the source image's bytes.
        shard, index, key: the sample's place: shard path below the input root, position there, name there.
        perspective: ``objects``, ``layout`` … ``short``, ``long``; the prompt's name in a record that is kept
            beside the final one; empty in an input record.
        reason: why the row is not ok, as a short code; empty if it is.
        detail: the same in one line for a person.
        text: the caption; empty unless ok.
        raw: the reply as it came.
        prompt_hash: of the prompt's template and settings, as listed in ``run.json``.
        sampling: the sampling parameters as JSON.
        attempt: from 1.
        draw: from 1; which of the answers that an attempt asked for.
        shown: what the prompt showed of the sample: ``picture``, or ``text`` for what is known of it and no
            picture; empty in an input record, and where an earlier version did not say it.
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
    detail: str = ""
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
    draw: int = 1
    shown: str = ""

    @property
    def why(self) -> str:
        """Why the row is not ok, code and detail in one line; empty if it is."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


_TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "tuple[str, ...]": pa.list_(pa.string()),
}
SCHEMA = pa.schema([pa.field(f.name, _TYPES[str(f.type)], nullable=False) for f in fields(Caption)])
TIMINGS = ("seconds",)
_json = json.encoder.encode_basestring_ascii
_TEXTS = tuple(f.name for f in fields(Caption) if f.type == "str")


def caption_id(sample_id: str, prompt: str, model: str, revision: str, sampling: Mapping[str, object]) -> str:
    """Identity of a caption, 32 hex digits: the same question to the same model about the same image."""
    parts = [str(ID_VERSION), sample_id, prompt, model, revision, encode_sampling(sampling)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def digest(captions: Iterable[Caption]) -> str:
    """What a sample's records say, 16 hex digits: of their ids, states and texts.

    An id is that of a question: models that sample answer the same question with different texts. Digests
    of parts of the records give that of all, see `joined`.
    """
    return _sum(int.from_bytes(hashlib.sha256(_told(c)).digest()[:8]) for c in captions)


def joined(digests: Iterable[str]) -> str:
    """The digest of all records together from those of parts of them, in any order."""
    return _sum(int(digest, 16) for digest in digests)


def _sum(numbers: Iterable[int]) -> str:
    return f"{sum(numbers) % 2**64:016x}"


def _told(c: Caption) -> bytes:
    """A JSON list; `json.dumps` makes an encoder for each, which takes several times as long."""
    texts = f"{_json(c.caption_id)}, {_json(c.status)}, {_json(c.text)}"
    return f"[{_json(c.stage)}, {_json(c.perspective)}, {c.attempt}, {texts}]".encode()


def digests_of(captions: Iterable[Caption]) -> dict[int, str]:
    """By sample, the `digest` of its records, which are `writable`: another's are read from a file."""
    groups: dict[int, list[Caption]] = {}
    for caption in captions:
        groups.setdefault(caption.index, []).append(caption)
    return {index: digest(group) for index, group in groups.items()}


def encode_sampling(sampling: Mapping[str, object]) -> str:
    """Sampling parameters, or scores, as a record keeps them."""
    return json.dumps(sampling, sort_keys=True) if sampling else "{}"


def writable(captions: Sequence[Caption]) -> Sequence[Caption]:
    """The records as a file holds them: what cannot be written of a text is escaped, as in names."""
    odd = [name for name in _TEXTS if not _is_utf8("".join(map(attrgetter(name), captions)))]
    if not odd:
        return captions
    return [Caption(**vars(c) | {name: clean_name(getattr(c, name)) for name in odd}) for c in captions]


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a model's reply may hold half of a surrogate pair
        return False
    return True


def to_table(captions: Sequence[Caption]) -> pa.Table:
    """`writable` rows in `SCHEMA`'s columns and order."""
    try:
        return _table(captions)
    except UnicodeEncodeError:
        return _table(writable(captions))


def _table(captions: Sequence[Caption]) -> pa.Table:
    columns = [pa.array(list(map(attrgetter(f.name), captions)), f.type) for f in SCHEMA]
    return pa.table(columns, schema=SCHEMA)


def upgraded(table: pa.Table) -> pa.Table:
    """A table of any version in `SCHEMA`.

    Raises:
        pa.ArrowInvalid, ValueError: a column is missing or has another type.
    """
    if "detail" not in table.column_names:
        code, detail = (
            pc.replace_substring_regex(table["reason"], pattern, "")
            for pattern in (r"(?s)\s*:.*", r"(?s)^[^:]*:?\s*")
        )
        place = table.column_names.index("reason")
        table = table.set_column(place, "reason", code).add_column(place + 1, "detail", detail)
    if "draw" not in table.column_names:
        table = table.append_column(SCHEMA.field("draw"), pa.repeat(pa.scalar(1, pa.int64()), len(table)))
    if "shown" not in table.column_names:
        table = table.append_column(SCHEMA.field("shown"), pa.repeat(pa.scalar(""), len(table)))
    return table.cast(SCHEMA)


def require_sound(table: pa.Table) -> None:
    """Hold what a table in `SCHEMA` states against what its readers take for granted.

    Raises:
        TypeError, ValueError: a stage or a status is none, or scores are no object with a finite coverage.
    """
    for column, kinds in (("stage", Stage), ("status", Status)):
        for told in pc.unique(table[column]).to_pylist():
            kinds(told)
    told = pc.unique(table["scores"]).to_pylist()
    for scores in decode_json(f"[{','.join(told)}]".encode()):  # in one call: there may be many
        if not (isinstance(scores, dict) and math.isfinite(scores.get("coverage", 0))):
            raise ValueError(f"scores are {str(scores)[:40]}")


def from_table(table: pa.Table) -> list[Caption]:
    """The records of a table in `SCHEMA`."""
    return [Caption(**(row | {"parents": tuple(row["parents"])})) for row in table.to_pylist()]
