"""Curves of a training run, as points that the page's template draws as SVG."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpgi_ray.report.histogram import ticks

_POINTS = 200  # as many as can be told apart on the page


@dataclass(frozen=True, slots=True)
class Point:
    """Some steps in a row: the last of them, and the mean, least and greatest value."""

    step: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure over the steps of a run.

    Attributes:
        top: the greatest mean, where the plot ends; single steps may lie above it.
        steps, values: what to write along the axes, from 0; none lies beyond the plot.
        first, median, last: values of single steps.
    """

    name: str
    points: tuple[Point, ...]
    top: float
    steps: tuple[int, ...]
    values: tuple[float, ...]
    first: float
    median: float
    last: float


def curves(log: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The curves of a run's log; figures that were finite in no step have none.

    Args:
        log: lines of ``train.jsonl``, one a step, at least one.
    """
    found = []
    for name in dict.fromkeys(name for line in log for name, _ in _figures(line)):
        pairs = [(line["step"], dict(_figures(line)).get(name, math.nan)) for line in log]
        finite = [(step, value) for step, value in pairs if math.isfinite(value)]
        if finite:
            found.append(_curve(name, finite))
    return found


def _figures(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The figures of a step that are shown; shares in percent."""
    yield "loss", line["loss"]
    if len(line["losses"]) > 1:
        yield from ((f"{part} loss", value) for part, value in line["losses"].items())
    yield "learning rate", line["lr"]
    yield "gradient norm", line["grad_norm"]
    if line["logit_scale"] is not None:
        yield "logit scale", line["logit_scale"]
    yield "samples a second", line["samples_per_second"]
    yield "time waiting for data, %", 100 * line["data_wait"]
    yield "texts that fill the context, %", 100 * line["cut"]


def _curve(name: str, pairs: Sequence[tuple[int, float]]) -> Curve:
    size = math.ceil(len(pairs) / _POINTS)
    points = tuple(_point(pairs[start : start + size]) for start in range(0, len(pairs), size))
    top = max(point.mean for point in points) or 1.0
    values = [value for _, value in pairs]
    marks = ticks(pairs[-1][0], 6), _ticks(top)
    return Curve(name, points, top, *marks, values[0], statistics.median(values), values[-1])


def _point(pairs: Sequence[tuple[int, float]]) -> Point:
    values = [value for _, value in pairs]
    mean = math.fsum(value / len(values) for value in values)  # the sum itself may be too large
    return Point(pairs[-1][0], min(max(mean, min(values)), max(values)), min(values), max(values))


def _ticks(top: float) -> tuple[float, ...]:
    """Round numbers from 0 to at most ``top``: whole ones at a scale at which they have four digits."""
    scale = 3 - math.floor(math.log10(top))
    return tuple(float(f"{mark}e{-scale}") for mark in ticks(int(top * 10.0**scale), 3))
