"""Tables of `mpgi score` beside the texts that they are about: the one place that knows their form.

``scores/SHARD.parquet`` has a row a text: `PLACE` and ``text_hash`` say which one, other columns are scores.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import pyarrow as pa

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_schema, read_table
from mpgi_ray.data.text import text_hash
from mpgi_ray.errors import InputError

PLACE = ("shard", "index", "key", "sample_id", "name", "number")
_HASH = "text_hash"
_WHICH = ("index", "sample_id", "name", "number", _HASH)  # of a shard's texts: the picture counts, too
_RECORD, _TABLES, _LAST = "score.json", "scores", "summary.json"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Scores:
    """What a finished folder of `mpgi score` holds.

    Attributes:
        folder: where it lies.
        columns: names of its scores.
        makers: of each of these the scorer, its model and the revision, as far as they are told.
        content: tells it from others.
    """

    folder: str
    columns: tuple[str, ...]
    makers: tuple[tuple[str, str, str], ...]
    content: str

    @classmethod
    def of(cls, folder: str) -> Scores:
        """Look at a folder.

        Raises:
            InputError: it is none, is not finished, or holds a column of a name that cannot be used.
        """
        storage = Storage(folder)
        if not storage.exists(_RECORD):
            raise InputError(f"{folder} holds no {_RECORD}: give the output folder of `mpgi score`")
        if not storage.exists(_LAST):
            raise InputError(f"the scores in {folder} are not finished: run the same `mpgi score` again")
        stamps = storage.child(_TABLES).stamps(".parquet")
        fields: list[pa.Field] = []
        for name in list(stamps)[:1]:
            there = read_schema(storage.child(_TABLES), name)
            fields = [one for one in there if one.name not in (*PLACE, _HASH) and not _is_words(one)]
        names = tuple(one.name for one in fields)
        if odd := [name for name in names if not _NAME.fullmatch(name)]:
            raise InputError(
                f"{folder} has a score {odd[0]!r}: expected a name of letters, digits and _, as the setting "
                "`column` of a scorer gives it"
            )
        content = hashlib.sha256(repr((storage.read_json(_RECORD), sorted(stamps.items()))).encode())
        return cls(folder, names, tuple(map(_maker, fields)), content.hexdigest()[:16])

    def beside(
        self, shard: str, texts: Sequence[tuple[int, str, str, int, str]], *, needed: bool
    ) -> dict[str, list[float | None]]:
        """The scores of a shard's texts, in their order.

        Args:
            texts: place and id of the sample, name, number and text of each.
            needed: every one must have been scored.

        Raises:
            InputError: one was not, and is ``needed``; or the table cannot be read.
        """
        storage, name = Storage(self.folder).child(_TABLES), f"{shard}.parquet"
        rows: Mapping[tuple[object, ...], int] = {}
        table: pa.Table | None = None
        if texts and storage.exists(name):
            table = read_table(storage, name, (*_WHICH, *self.columns))
            keys = zip(*(table[key].to_pylist() for key in _WHICH), strict=True)
            rows = {key: row for row, key in enumerate(keys)}
        found = [rows.get((*which, text_hash(text))) for *which, text in texts]
        if needed and None in found:
            index, _, of, number, _ = texts[found.index(None)]
            raise InputError(
                f"{found.count(None):,} of {len(texts):,} texts of shard {shard} have no scores in "
                f"{self.folder}, or they or their pictures are others since they were scored (the first: "
                f"{of} {number} of sample {index}): run `mpgi score` on these captions into a new folder, or "
                "choose the texts that were scored with --texts"
            )
        columns: dict[str, list[float | None]] = {}
        for column in self.columns:
            values = [] if table is None else table[column].to_pylist()
            columns[column] = [None if row is None else _known(values[row]) for row in found]
        return columns


def _maker(field: pa.Field) -> tuple[str, str, str]:
    told = field.metadata or {}
    scorer, model, revision = (told.get(key, b"").decode() for key in (b"scorer", b"model", b"revision"))
    return scorer, model, revision


def _is_words(field: pa.Field) -> bool:
    """Whether a column is one that every text has without scores: the scorer of texts counts words, too."""
    return bool(field.name == "words" and (field.metadata or {}).get(b"scorer") == b"text")


def _known(value: float | None) -> float | None:
    """None for what is not a number, too: it would be ranked above all others."""
    return None if value is None or isnan(value) else float(value)
