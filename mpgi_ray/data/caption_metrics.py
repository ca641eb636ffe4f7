"""What ``metrics.json`` of a caption run holds: the figures of its records, and its log.

Records tell what was asked and answered, the log tells how long the starts took. Rates are therefore
those of whole starts, start-up included, and models that worked at the same time share the same seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mpgi_ray.data.caption_figures import RunFigures


def metrics(figures: RunFigures, log: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of a caption run, finished or not, as plain data.

    Returns:
        ``samples`` with a record; ``starts`` in the log, with ``new_samples`` worked on in them, their
        ``seconds`` and ``startup_seconds``; ``images_per_second``: of the ``last_full_start`` and the
        ``last_pilot`` that logged one (after start-up, of ten chunks or more), ``after_startup`` (new samples
        of all starts of more than one chunk by their seconds after start-up: the fewer chunks, the more it
        flatters) and ``overall`` (new samples a second of all starts, pilots and start-up included);
        ``reasons``: rows that are not ok by status and code, refused samples included.

        ``models`` has an entry for each model in each stage: ``stage``, ``engine``, ``model``,
        ``revision``; ``texts`` by name and status, of final rows; ``requests``, one for each
        answer, good or not, and their ``prompt_tokens``, ``cached_tokens``, ``completion_tokens``;
        ``cache_hit_share`` of the prompt tokens (0 also where an endpoint does not tell);
        ``tokens_per_second`` of ``prompt`` (cached ones included) and ``completion``: tokens a sample times
        new samples, over the seconds of all starts, whatever else ran in these; ``request_seconds``:
        ``mean``, ``p50``, ``p95``; ``good_at_attempt``: share of the questions by the attempt that gave the
        good answer; ``retried``, ``outscored``, ``rejected``, ``failed``: requests by reason code and
        attempt; ``coverage`` of good texts by name: ``mean``, ``p10``.

        What cannot be known is None.
    """
    new, seconds, startup = (
        sum(entry.get(name, 0) for entry in log) for name in ("new", "seconds", "startup_seconds")
    )
    reasons: dict[str, dict[str, int]] = defaultdict(dict)
    for (status, code), count in sorted(figures.reasons.items()):
        reasons[status][code] = count
    # records of unlogged starts count, their seconds do not: so tokens a sample times new samples
    per_second = new / figures.samples / seconds if new and seconds and figures.samples else None
    return {
        "samples": figures.samples,
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
        "models": [model.record(per_second) for model in figures.models.values()],
    }


def _last_rate(log: Sequence[Mapping[str, Any]], *, pilot: bool) -> float | None:
    rates = [entry.get("images_per_second") for entry in log if bool(entry.get("pilot")) is pilot]
    return next((rate for rate in reversed(rates) if rate), None)


def _after_startup(log: Sequence[Mapping[str, Any]]) -> float | None:
    """New samples a second; start-up ends with the first chunk, so a start of one chunk tells nothing."""
    telling = [entry for entry in log if entry.get("chunks", 2) > 1]
    seconds = sum(entry.get("seconds", 0) - entry.get("startup_seconds", 0) for entry in telling)
    new = sum(entry.get("new", 0) for entry in telling)
    return round(new / seconds, 3) if new and seconds > 0 else None
