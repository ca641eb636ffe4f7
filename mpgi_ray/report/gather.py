"""The figures of a caption run: one pass over its tables, in memory that does not grow with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from mpgi_ray.data.caption import Stage, Status

_COLUMNS = [
    *("index", "key", "shard", "stage", "perspective", "status", "reason", "text", "attempt"),
    *("engine", "model", "revision", "prompt_tokens", "cached_tokens", "completion_tokens"),
]
_LINE = 300  # characters of a reason that are shown
TOKENS = ("prompt_tokens", "cached_tokens", "completion_tokens")


@dataclass
class TextFigures:
    """One text of the recipe (``objects`` … ``long``) over the whole run.

    Attributes:
        status: rows by status.
        words: texts that are ok by their length in words.
        models: rows by ``model (revision)``.
        tokens: sums by column, see `TOKENS`.
        retried: rows that took more than one attempt.
    """

    stage: str
    name: str
    status: Counter[str] = field(default_factory=Counter)
    words: Counter[int] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    retried: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.status[row["status"]] += 1
        self.retried += row["attempt"] > 1
        for name in TOKENS:
            self.tokens[name] += row[name]
        if row["model"]:
            self.models[model_name(row)] += 1
        if row["status"] == Status.OK:
            self.words[len(row["text"].split())] += 1

    @property
    def ok(self) -> int:
        return self.status[Status.OK]

    @property
    def rejected(self) -> int:
        return self.status[Status.REJECTED]

    @property
    def failed(self) -> int:
        return self.status[Status.FAILED]

    @property
    def asked(self) -> int:
        return self.status.total()


@dataclass
class ReasonFigures:
    """Rows that are not ok for one reason, with the first of them as the example.

    Attributes:
        texts: rows by the text that was asked for; ``input`` for refused samples.
        example: the reason's first line.
    """

    code: str
    status: str
    example: str
    key: str
    shard: str
    texts: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.texts.total()


@dataclass
class Figures:
    """Counts of a run: ``samples = captioned + textless + refused``.

    Attributes:
        captioned: samples with at least one good text.
        refused: samples that could not be used.
        texts: by stage and name, in the order of their first row.
        reasons: by status and reason code.
    """

    samples: int = 0
    captioned: int = 0
    refused: int = 0
    texts: dict[tuple[str, str], TextFigures] = field(default_factory=dict)
    reasons: dict[tuple[str, str], ReasonFigures] = field(default_factory=dict)

    @property
    def textless(self) -> int:
        """Samples that were asked about and of which no text came through."""
        return self.samples - self.captioned - self.refused

    def add(self, table: pa.Table) -> None:
        """Count one chunk; all rows of a sample are in the same chunk."""
        rows = table.select(_COLUMNS).to_pylist()
        for row in rows:
            if row["stage"] != Stage.INPUT:
                name = (row["stage"], row["perspective"])
                self.texts.setdefault(name, TextFigures(*name)).add(row)
            if row["status"] != Status.OK:
                self._add_reason(row)
        refused = {row["index"] for row in rows if row["stage"] == Stage.INPUT}
        good = {row["index"] for row in rows if row["status"] == Status.OK}  # input records never are
        self.samples += len({row["index"] for row in rows})
        self.refused += len(refused)
        self.captioned += len(good)

    def _add_reason(self, row: dict[str, Any]) -> None:
        code = reason_code(row["reason"])
        example = (code, row["status"], first_line(row["reason"]), row["key"], row["shard"])
        found = self.reasons.setdefault((row["status"], code), ReasonFigures(*example))
        found.texts[row["perspective"] or row["stage"]] += 1

    def ordered_reasons(self) -> list[ReasonFigures]:
        """Most frequent first, then by code."""
        return sorted(self.reasons.values(), key=lambda reason: (-reason.rows, reason.code))

    def models(self) -> Iterator[tuple[str, list[str]]]:
        """Every model of the run and the texts it wrote."""
        names = sorted({model for text in self.texts.values() for model in text.models})
        for name in names:
            yield name, [text.name for text in self.texts.values() if name in text.models]


def model_name(row: dict[str, Any]) -> str:
    """``model (revision), by engine``: what stands for a text's author."""
    revision = f" ({row['revision']})" if row["revision"] else ""
    return f"{row['model']}{revision}, by {row['engine'] or 'an unnamed engine'}"


def reason_code(reason: str) -> str:
    """The code of ``code: one line``."""
    return first_line(reason).partition(":")[0].strip() or "no reason given"


def first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"


def quantile(counts: Counter[int], share: float) -> int:
    """The smallest value that ``share`` of the counted things do not exceed; 0 without any."""
    left = share * counts.total()
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return 0
