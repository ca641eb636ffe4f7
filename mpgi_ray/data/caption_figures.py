"""The figures of a caption run, from its records and its log: what ``metrics.json`` holds.

Records tell what was asked and answered, the log tells how long the starts took. Rates are therefore
those of whole starts, start-up included, and models that worked at the same time share the same seconds.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import Stage, Status
from mpgi_ray.data.caption_folder import CaptionFolder

TOKENS = ("prompt_tokens", "cached_tokens", "completion_tokens")
_AUTHOR = ["stage", "engine", "model", "revision"]
_REQUEST = ["index", *_AUTHOR, "question", "sampling", "attempt", "status", "reason"]
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

    def add_request(self, row: Mapping[str, Any]) -> None:
        code = row["reason"]
        if code == _NOT_ASKED:
            return
        self.answers[row["status"], code, row["attempt"]] += 1
        for name in TOKENS:
            self.tokens[name] += row[f"{name}_sum"]
        if row["seconds_sum"] > 0:
            self.seconds[float(f"{row['seconds_sum']:.3g}")] += 1

    def faults(self, status: Status) -> dict[str, dict[str, int]]:
        """Answers of a status by reason code and attempt, the most frequent code first."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for (kind, code, attempt), count in sorted(self.answers.items()):
            if kind == status:
                found[code][str(attempt)] = count
        return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))

    def good_at(self) -> dict[str, float]:
        """By attempt, the share of all questions whose good answer came at it."""
        questions = sum(n for (status, _, _), n in self.answers.items() if status != Status.RETRIED)
        return {
            str(attempt): round(count / questions, 4)
            for (status, _, attempt), count in sorted(self.answers.items())
            if status == Status.OK
        }

    def record(self, per_second: float | None) -> dict[str, Any]:
        """An entry of ``models``, see `run_metrics`.

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
            **{s.value: self.faults(s) for s in (Status.RETRIED, Status.REJECTED, Status.FAILED)},
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
        final = asked.filter(pc.field("status") != Status.RETRIED.value)
        for row in _groups(final, [*_AUTHOR, "perspective", "status"]):
            self._model(row).texts[row["perspective"]][row["status"]] += row["count_all"]
        # stage 2 asks one question a sample: a reply's texts are one request, counted in one of their rows
        merged = pc.equal(asked["stage"], Stage.INTEGRATED.value)
        asked = asked.append_column("question", pc.if_else(merged, "", asked["perspective"]))
        for row in _groups(asked, _REQUEST, [*TOKENS, "seconds"]):
            self._model(row).add_request(row)
        scored = final.filter(pc.field("scores") != "{}").select([*_AUTHOR, "perspective", "scores"])
        for row in scored.to_pylist():
            scores = json.loads(row["scores"])
            if "coverage" in scores:
                self._model(row).coverage[row["perspective"]][round(scores["coverage"], 2)] += 1

    def _model(self, row: Mapping[str, Any]) -> ModelFigures:
        author = tuple(row[name] for name in _AUTHOR)
        return self.models.setdefault(author, ModelFigures(*author))

    def record(self, log: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The figures as plain data, see `run_metrics`."""
        new, seconds, startup = (
            sum(entry.get(name, 0) for entry in log) for name in ("new", "seconds", "startup_seconds")
        )
        reasons: dict[str, dict[str, int]] = defaultdict(dict)
        for (status, code), count in sorted(self.reasons.items()):
            reasons[status][code] = count
        # records of unlogged starts count, their seconds do not: so tokens a sample times new samples
        per_second = new / self.samples / seconds if new and seconds and self.samples else None
        return {
            "samples": self.samples,
            "starts": len(log),
            "new_samples": new,
            "seconds": round(seconds, 3),
            "startup_seconds": round(startup, 3),
            "images_per_second": {
                "last_full_start": _last_rate(log, pilot=False),
                "last_pilot": _last_rate(log, pilot=True),
                "after_startup": _after_startup(log),
                "overall": round(new / seconds, 3) if new and seconds else None,
            },
            "reasons": dict(reasons),
            "models": [model.record(per_second) for model in self.models.values()],
        }


def run_metrics(folder: CaptionFolder) -> dict[str, Any]:
    """The figures of a caption run, finished or not: one pass over its tables, and its log.

    Returns:
        ``samples`` with a record; ``starts`` in the log, with ``new_samples`` worked on in them, their
        ``seconds`` and ``startup_seconds``; ``images_per_second``: of the ``last_full_start`` and the
        ``last_pilot`` that logged one (after start-up, of ten chunks or more), ``after_startup`` (new samples
        of all starts of more than one chunk by their seconds after start-up: the fewer chunks, the more it
        flatters) and ``overall`` (new samples a second of all starts, pilots and start-up included);
        ``reasons``: rows that are not ok by status and code, refused samples included.

        ``models`` has an entry for each model in each stage: ``stage``, ``engine``, ``model``,
        ``revision``; ``texts`` by name and status, without retried ones; ``requests``, one for each
        answer, good or not, and their ``prompt_tokens``, ``cached_tokens``, ``completion_tokens``;
        ``cache_hit_share`` of the prompt tokens (0 also where an endpoint does not tell);
        ``tokens_per_second`` of ``prompt`` (cached ones included) and ``completion``: tokens a sample times
        new samples, over the seconds of all starts, whatever else ran in these; ``request_seconds``:
        ``mean``, ``p50``, ``p95``; ``good_at_attempt``: share of the questions by the attempt that gave the
        good answer; ``retried``, ``rejected``, ``failed``: requests by reason code and attempt;
        ``coverage`` of good texts by name: ``mean``, ``p10``.

        What cannot be known is None.

    Raises:
        InputError: a table cannot be read.
    """
    figures = RunFigures()
    for table in folder.tables():
        figures.add(table)
    return figures.record(folder.log())


def _last_rate(log: Sequence[Mapping[str, Any]], *, pilot: bool) -> float | None:
    rates = [entry.get("images_per_second") for entry in log if bool(entry.get("pilot")) is pilot]
    return next((rate for rate in reversed(rates) if rate), None)


def _after_startup(log: Sequence[Mapping[str, Any]]) -> float | None:
    """New samples a second; start-up ends with the first chunk, so a start of one chunk tells nothing."""
    telling = [entry for entry in log if entry.get("chunks", 2) > 1]
    seconds = sum(entry.get("seconds", 0) - entry.get("startup_seconds", 0) for entry in telling)
    new = sum(entry.get("new", 0) for entry in telling)
    return round(new / seconds, 3) if new and seconds > 0 else None


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
    """Rows with equal keys as one, in the order of the first of each, with ``count_all`` and ``NAME_sum``."""
    wanted = [([], "count_all"), *((name, "sum") for name in sums)]
    grouped = table.group_by(list(keys), use_threads=False).aggregate(wanted)
    rows: list[dict[str, Any]] = grouped.to_pylist()
    return rows
