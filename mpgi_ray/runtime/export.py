"""Numbers for Ray's own metrics, which its nodes export for Prometheus."""

from __future__ import annotations

from functools import cache
from typing import Any

from ray.util import metrics

from mpgi_ray.runtime.metrics import Kind, Metric


def count(metric: Metric, number: float = 1, **tags: str) -> None:
    """Add to a counter; Ray takes no zero."""
    if number > 0:
        _opened(metric).inc(number, tags)


def show(metric: Metric, value: float, **tags: str) -> None:
    """Set a gauge."""
    _opened(metric).set(value, tags)


def observe(metric: Metric, value: float, **tags: str) -> None:
    """Add a value to a histogram: its buckets are right, its sum is that of their middles in Ray 2.60."""
    _opened(metric).observe(value, tags)


@cache
def _opened(metric: Metric) -> Any:
    """One object a process: a second one of the same name would replace it."""
    described = {"description": metric.description, "tag_keys": metric.tags}
    match metric.kind:
        case Kind.COUNTER:
            return metrics.Counter(metric.name, **described)
        case Kind.GAUGE:
            return metrics.Gauge(metric.name, **described)
        case Kind.HISTOGRAM:
            return metrics.Histogram(metric.name, boundaries=list(metric.boundaries), **described)
