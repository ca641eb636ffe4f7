"""The figures of a caption run: one pass over its tables, in memory that does not grow with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from mpgi_ray.data.caption import BESIDE, Stage, Status

_COLUMNS = [
    *("index", "key", "shard", "stage", "perspective", "status", "reason", "detail", "text", "attempt"),
    *("engine", "model", "revision", "prompt_hash"),
]
_LINE = 300  # characters of a reason that are shown
TextKey = tuple[str, str, str]  # stage, name, model


@dataclass
class TextFigures:
    """One text of the recipe (``objects`` … ``long``) by one model over the whole run.

    Attributes:
        model: empty if no model was asked.
        prompt: the prompt's hash.
        status: rows by status.
        authors: rows by ``model (revision), by engine``; an endpoint's revision may change in a run.
        words: texts that are ok by their length in words.
        retried: rows that took more than one attempt.
    """

    stage: str
    name: str
    model: str
    prompt: str
    status: Counter[str] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    words: Counter[int] = field(default_factory=Counter)
    retried: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.status[row["status"]] += 1
        self.retried += row["attempt"] > 1
        if row["model"]:
            self.authors[_author(row)] += 1
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
    """Rows that are rejected or failed for one reason, with the first of them as the example.

    Attributes:
        texts: rows by the text that was asked for, as stage, name and model.
        example: the first line of its detail.
    """

    code: str
    status: str
    example: str
    key: str
    shard: str
    texts: Counter[TextKey] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.texts.total()


@dataclass
class Figures:
    """Counts of a run: ``samples = captioned + textless + refused``.

    Attributes:
        captioned: samples with at least one good text.
        refused: samples that could not be used.
        texts: by stage, name and model, in the order of their first row.
        reasons: by status and reason code.
    """

    samples: int = 0
    captioned: int = 0
    refused: int = 0
    texts: dict[TextKey, TextFigures] = field(default_factory=dict)
    reasons: dict[tuple[str, str], ReasonFigures] = field(default_factory=dict)

    @property
    def textless(self) -> int:
        """Samples that were asked about and have no good text."""
        return self.samples - self.captioned - self.refused

    def add(self, table: pa.Table) -> None:
        """Count one chunk; all rows of a sample are in the same chunk."""
        rows = table.select(_COLUMNS).to_pylist()
        for row in rows:
            if row["status"] in BESIDE:
                continue
            key = (row["stage"], row["perspective"], row["model"])
            if row["stage"] != Stage.INPUT:
                self.texts.setdefault(key, TextFigures(*key, row["prompt_hash"])).add(row)
            if row["status"] != Status.OK:
                self._add_reason(key, row)
        refused = {row["index"] for row in rows if row["stage"] == Stage.INPUT}
        good = {
            row["index"] for row in rows if row["status"] == Status.OK
        }  # input records never have this status
        self.samples += len({row["index"] for row in rows})
        self.refused += len(refused)
        self.captioned += len(good - refused)

    def _add_reason(self, key: TextKey, row: dict[str, Any]) -> None:
        code = row["reason"]
        example = (code, row["status"], first_line(row["detail"]), row["key"], row["shard"])
        found = self.reasons.setdefault((row["status"], code), ReasonFigures(*example))
        found.texts[key] += 1

    def label(self, key: TextKey) -> str:
        """A text's name, with its model if others wrote it too; the stage if it has none."""
        stage, name, model = key
        alike = [other for other in self.texts if other[:2] == (stage, name)]
        return f"{name}, {model}" if len(alike) > 1 else name or stage

    def ordered_reasons(self) -> list[ReasonFigures]:
        """Most frequent first, then by code."""
        return sorted(self.reasons.values(), key=lambda reason: (-reason.rows, reason.code))

    def models(self) -> Iterator[tuple[str, list[str]]]:
        """Every model of the run and the texts it wrote."""
        for author in dict.fromkeys(author for text in self.texts.values() for author in text.authors):
            yield author, [text.name for text in self.texts.values() if author in text.authors]


def _author(row: dict[str, Any]) -> str:
    """``model (revision), by engine``: what stands for a text's author."""
    revision = f" ({row['revision']})" if row["revision"] else ""
    return f"{row['model']}{revision}, by {row['engine'] or 'an unnamed engine'}"


def first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"
