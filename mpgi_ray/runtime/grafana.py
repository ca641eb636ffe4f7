"""A Grafana dashboard of the metrics' definitions: what each of its panels asks Prometheus for.

Counters are shown as rates and histograms as their 50th and 95th percentile, both over the last minutes, of
all replicas together; gauges as they are. Its variables choose the data source and Ray's session, of which
each start of a cluster has one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mpgi_ray.runtime.metrics import JOBS, Kind, Metric

_SCHEMA = 39  # of Grafana's dashboards, that of version 10.4; later ones read it
_SPAN = "5m"  # more than the four scrapes that a rate needs, with Ray's ten seconds between two exports
_WIDTH, _HEIGHT = 12, 8  # of a panel; a row has 24 columns
_PERCENTILES = (0.5, 0.95)
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_PROMETHEUS = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
_UNITS = {"bytes": "Bps", "seconds": "s", "share": "percentunit"}  # Grafana's names; others are plain numbers


def dashboard() -> dict[str, Any]:
    """The dashboard, as its JSON: a row of panels for each job."""
    panels: list[dict[str, Any]] = []
    y = 0
    for job, metrics in JOBS.items():
        panels.append(_row(f"mpgi {job}", y, len(panels) + 1))
        y += 1
        for number, metric in enumerate(metrics):
            column, row = number % 2, number // 2
            place = {"h": _HEIGHT, "w": _WIDTH, "x": _WIDTH * column, "y": y + _HEIGHT * row}
            panels.append(_panel(metric, place, len(panels) + 1))
        y += _HEIGHT * -(-len(metrics) // 2)
    return {
        "uid": "mpgi-ray",
        "title": "mpgi_ray",
        "tags": ["mpgi", "ray"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [_PROMETHEUS, _session()]},
        "panels": panels,
    }


def expressions(metric: Metric) -> Mapping[str, str]:
    """What Prometheus is asked for a metric, with the legend of the answer."""
    by = ", ".join(metric.tags)
    legend = " ".join(f"{{{{{tag}}}}}" for tag in metric.tags) or metric.name
    series = f'{metric.exported}{{SessionName=~"$session"}}'
    match metric.kind:
        case Kind.COUNTER:
            rate = f"rate({series}[{_SPAN}])"
            return {f"sum by ({by}) ({rate})" if by else f"sum({rate})": legend}
        case Kind.GAUGE:
            return {f"sum by ({by}) ({series})" if by else series: legend}
        case Kind.HISTOGRAM:
            within = ", ".join(("le", *metric.tags))
            buckets = f"sum by ({within}) (rate({series}[{_SPAN}]))"
            return {
                f"histogram_quantile({share}, {buckets})": f"p{100 * share:.0f} {legend}"
                for share in _PERCENTILES
            }


def _panel(metric: Metric, place: Mapping[str, int], number: int) -> dict[str, Any]:
    per_second = metric.kind is Kind.COUNTER
    unit = _UNITS.get(metric.unit, "short")
    if per_second and metric.unit == "seconds":
        unit = "short"  # seconds a second: how many replicas at a time
    return {
        "id": number,
        "type": "timeseries",
        "title": f"{metric.name.removeprefix('mpgi_').replace('_', ' ')}"
        f"{f' ({metric.unit} a second)' if per_second else ''}",
        "description": metric.description,
        "datasource": _SOURCE,
        "gridPos": dict(place),
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
        "targets": _targets(expressions(metric)),
    }


def _targets(asked: Mapping[str, str]) -> Sequence[dict[str, Any]]:
    return [
        {"refId": letter, "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
        for letter, (expression, legend) in zip("ABCD", asked.items(), strict=False)
    ]


def _session() -> dict[str, Any]:
    """The choice among the sessions that have a metric of ours."""
    series = 'label_values({__name__=~"ray_mpgi_.*"}, SessionName)'
    return {
        "name": "session",
        "label": "Ray session",
        "type": "query",
        "datasource": _SOURCE,
        "definition": series,
        "query": {"query": series, "refId": "sessions"},
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _row(title: str, y: int, number: int) -> dict[str, Any]:
    place = {"h": 1, "w": 24, "x": 0, "y": y}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
