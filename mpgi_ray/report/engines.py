"""What the models of a run did, as rows of the page's tables; an embedded engine has nothing to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mpgi_ray.data.caption import UNDONE, Status
from mpgi_ray.engines.choice import is_embedded


@dataclass
class FaultRow:
    """Answers of one model that could not be used, for one reason.

    Attributes:
        at: answers by attempt.
        again: answers that were asked for again, or in whose place another one of several was taken.
        final: answers after which nothing more was tried.
    """

    stage: str
    model: str
    code: str
    at: Counter[str] = field(default_factory=Counter)
    again: int = 0
    final: int = 0


@dataclass(frozen=True, slots=True)
class Engines:
    """The models that a run asked.

    Attributes:
        models: entries of `caption_metrics.metrics`, without those of embedded engines.
        attempts: numbers of all attempts that were made, in order.
        faults: by model, the most frequent first.
    """

    models: Sequence[Mapping[str, Any]]
    attempts: Sequence[str]
    faults: Sequence[FaultRow]


def engines(metrics: Mapping[str, Any]) -> Engines:
    """What there is to tell of a run's models.

    Args:
        metrics: as `caption_metrics.metrics` gives them.
    """
    models = [entry for entry in metrics["models"] if not is_embedded(entry["engine"])]
    faults = [row for entry in models for row in _faults(entry)]
    tried = {attempt for row in faults for attempt in row.at}
    tried |= {attempt for entry in models for attempt in entry["good_at_attempt"]}
    return Engines(models, sorted(tried, key=int), faults)


def _faults(entry: Mapping[str, Any]) -> list[FaultRow]:
    rows: dict[str, FaultRow] = {}
    for status in (Status.RETRIED.value, *sorted(UNDONE)):
        for code, attempts in entry[status].items():
            row = rows.setdefault(code, FaultRow(entry["stage"], entry["model"], code))
            row.at.update(attempts)
            if status in UNDONE:
                row.final += sum(attempts.values())
            else:
                row.again += sum(attempts.values())
    return sorted(rows.values(), key=lambda row: (-row.at.total(), row.code))
