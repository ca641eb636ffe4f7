"""The figures of a caption run that its records tell: what was asked, and what became of it."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import BESIDE, Stage, Status

TOKENS = ("prompt_tokens", "cached_tokens", "completion_tokens")
_AUTHOR = ["stage", "engine", "model", "revision"]
_ANSWER = [*_AUTHOR, "attempt", "status", "reason"]
_REQUEST = ["index", *_AUTHOR, "question", "sampling", "attempt", "draw"]
_WORST_FIRST = (
    Status.OUTSCORED.value,
    Status.RETRIED.value,
    Status.FAILED.value,
    Status.REJECTED.value,
    Status.OK.value,
)
_NOT_OK = (Status.RETRIED, Status.OUTSCORED, Status.REJECTED, Status.FAILED)
_NOT_ASKED = "no_source"  # stage 2 had nothing to ask about: no request was made for its rows
V = TypeVar("V", int, float)


@dataclass
class ModelFigures:
    """What one model did in one stage.

    Attributes:
        texts: final rows by text and status.
        answers: requests by status, reason code (empty if ok) and attempt.
        seconds: requests by their duration, to three digits; those that took no time are left out.
        coverage: good texts by text and coverage, to two decimals.
    """

    stage: str
    engine: str
    model: str
    revision: str
    texts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    tokens: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    seconds: Counter[float] = field(default_factory=Counter)
    coverage: dict[str, Counter[float]] = field(default_factory=lambda: defaultdict(Counter))

    def add_requests(self, row: Mapping[str, Any]) -> None:
        """Count requests that were answered alike and took the same time."""
        code, count = row["reason"], row["count_all"]
        if code == _NOT_ASKED:
            return
        self.answers[row["status"], code, row["attempt"]] += count
        for name in TOKENS:
            self.tokens[name] += row[f"{name}_sum"]
        if row["seconds"] > 0:
            self.seconds[float(f"{row['seconds']:.3g}")] += count

    def faults(self, status: Status) -> dict[str, dict[str, int]]:
        """Answers of a status by reason code and attempt, the most frequent code first."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for (kind, code, attempt), count in sorted(self.answers.items()):
            if kind == status:
                found[code][str(attempt)] = count
        return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))

    def good_at(self) -> dict[str, float]:
        """By attempt, the share of all questions whose good answer came at it."""
        questions = sum(n for (status, _, _), n in self.answers.items() if status not in BESIDE)
        return {
            str(attempt): round(count / questions, 4)
            for (status, _, attempt), count in sorted(self.answers.items())
            if status == Status.OK
        }

    def record(self, per_second: float | None) -> dict[str, Any]:
        """An entry of ``models``, see `caption_metrics.metrics`.

        Args:
            per_second: tokens a second for each token of the records; None if it cannot be known.
        """
        prompt = self.tokens["prompt_tokens"]
        rates = {
            kind: None if per_second is None else round(self.tokens[f"{kind}_tokens"] * per_second, 3)
            for kind in ("prompt", "completion")
        }
        return {
            **{name: getattr(self, name) for name in _AUTHOR},
            "texts": {name: dict(sorted(counts.items())) for name, counts in self.texts.items()},
            "requests": self.answers.total(),
            **{name: self.tokens[name] for name in TOKENS},
            "cache_hit_share": round(self.tokens["cached_tokens"] / prompt, 4) if prompt else None,
            "tokens_per_second": rates,
            "request_seconds": _summary(self.seconds, p50=0.5, p95=0.95),
            "good_at_attempt": self.good_at(),
            **{s.value: self.faults(s) for s in _NOT_OK},
            "coverage": {name: _summary(counts, p10=0.1) for name, counts in self.coverage.items()},
        }


@dataclass
class RunFigures:
    """The figures of the records, chunk by chunk, in memory that does not grow with the run.

    Attributes:
        models: by stage, engine, model and revision, in the order of their first row.
        reasons: rows that are not ok by status and reason code, refused samples among them.
    """

    samples: int = 0
    models: dict[tuple[str, ...], ModelFigures] = field(default_factory=dict)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, table: pa.Table) -> None:
        """Count one chunk; all rows of a sample are in the same chunk."""
        self.samples += pc.count_distinct(table["index"]).as_py()
        for row in _groups(table.filter(pc.field("status") != Status.OK.value), ["status", "reason"]):
            self.reasons[row["status"], row["reason"]] += row["count_all"]
        asked = table.filter(pc.field("stage") != Stage.INPUT.value)
        final = asked.filter(~pc.field("status").isin(list(BESIDE)))
        for row in _groups(final, [*_AUTHOR, "perspective", "status"]):
            self._model(row).texts[row["perspective"]][row["status"]] += row["count_all"]
        # stage 2 asks one question a sample: a reply's texts are one request, counted in one of their rows
        merged = pc.equal(asked["stage"], Stage.INTEGRATED.value)
        asked = asked.append_column("question", pc.if_else(merged, "", asked["perspective"]))
        # and where one of them was asked for again, what the others became does not matter
        rank = pc.index_in(asked["status"], pa.array(_WORST_FIRST))
        if pc.count_distinct(rank).as_py() > 1:
            asked = asked.take(pc.sort_indices(pa.table({"rank": rank}), sort_keys=[("rank", "ascending")]))
        requests = _grouped(asked, _REQUEST, [*TOKENS, "seconds"], ["status", "reason"])
        names = [re.sub("_(sum|first)$", "", name) for name in requests.column_names]
        requests = requests.rename_columns(names).drop_columns("count_all")
        for row in _groups(requests, [*_ANSWER, "seconds"], TOKENS):  # embedded engines take no time
            self._model(row).add_requests(row)
        scored = final.filter(pc.field("scores") != "{}").select([*_AUTHOR, "perspective", "scores"])
        for row in scored.to_pylist():
            scores = json.loads(row["scores"])
            if "coverage" in scores:
                self._model(row).coverage[row["perspective"]][round(scores["coverage"], 2)] += 1

    def _model(self, row: Mapping[str, Any]) -> ModelFigures:
        author = tuple(row[name] for name in _AUTHOR)
        if author not in self.models:
            self.models[author] = ModelFigures(*author)
        return self.models[author]

    def good(self, text: str) -> int:
        """How many samples have this text."""
        return sum(
            model.texts[text][Status.OK.value] for model in self.models.values() if text in model.texts
        )

    def packed(self) -> str:
        """All of it as JSON, for `join`."""
        models = [
            [
                [getattr(model, name) for name in _AUTHOR],
                model.texts,
                model.tokens,
                _pairs(model.answers),
                _pairs(model.seconds),
                {name: _pairs(counts) for name, counts in model.coverage.items()},
            ]
            for model in self.models.values()
        ]
        return json.dumps([self.samples, _pairs(self.reasons), models], separators=(",", ":"))

    def join(self, packed: str) -> None:
        """Add what other figures packed."""
        samples, reasons, models = json.loads(packed)
        self.samples += samples
        _add(self.reasons, reasons)
        for author, texts, tokens, answers, seconds, coverage in models:
            model = self._model(dict(zip(_AUTHOR, author, strict=True)))
            for name, counts in texts.items():
                model.texts[name].update(counts)
            model.tokens.update(tokens)
            _add(model.answers, answers)
            _add(model.seconds, seconds)
            for name, counts in coverage.items():
                _add(model.coverage[name], counts)


def quantile(counts: Counter[V], share: float) -> V:
    """The smallest value that ``share`` of the counted things do not exceed; 0 without any."""
    left = share * counts.total()
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return 0


def _summary(counts: Counter[float], **shares: float) -> dict[str, float] | None:
    if not counts:
        return None
    mean = sum(value * count for value, count in counts.items()) / counts.total()
    return {"mean": round(mean, 4)} | {name: quantile(counts, share) for name, share in shares.items()}


def _groups(table: pa.Table, keys: Sequence[str], sums: Sequence[str] = ()) -> list[dict[str, Any]]:
    """As `_grouped`, row by row."""
    rows: list[dict[str, Any]] = _grouped(table, keys, sums).to_pylist()
    return rows


def _grouped(
    table: pa.Table, keys: Sequence[str], sums: Sequence[str], firsts: Sequence[str] = ()
) -> pa.Table:
    """Rows with equal keys as one, with ``count_all``, ``NAME_sum`` and ``NAME_first``."""
    wanted = [([], "count_all"), *((name, "sum") for name in sums), *((name, "first") for name in firsts)]
    return table.group_by(list(keys), use_threads=False).aggregate(wanted)


def _pairs(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return list(counts.items())


def _add(counts: Counter[Any], pairs: Iterable[tuple[Any, int]]) -> None:
    for key, count in pairs:
        counts[tuple(key) if isinstance(key, list) else key] += count
