"""From a measured rate to hours, GPU-hours and money."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mpgi_ray.data.caption_folder import RUN
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a replica is.

    Attributes:
        images_per_second: of a run with one replica of each model in stage 1, through both stages.
        source: where the figure comes from, for a person.
        measured: the rest of the metrics that it was read from, if it was.
    """

    images_per_second: float
    source: str
    measured: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the images that are left take.

    Attributes:
        images_per_second: of the run as planned.
        hours: of the run; the loading of models is in it if it is in the rate.
        gpu_hours: of all GPUs that the pools hold.
        price: in the currency of the price of a GPU-hour; None without one.
    """

    images_per_second: float
    hours: float
    gpu_hours: float
    price: float | None


def cost(recipe: Recipe, images: int, gpus: float, rate: Rate, gpu_hour_price: float | None = None) -> Cost:
    """Twice the replicas are taken to be twice as fast; the model of stage 1 with fewest sets the pace.

    Args:
        images: still to caption.
        gpus: that the pools hold at once.
    """
    per_second = rate.images_per_second * min(block.engine.replicas for block in recipe.generate)
    hours = images / per_second / 3600
    price = None if gpu_hour_price is None else hours * gpus * gpu_hour_price
    return Cost(per_second, hours, hours * gpus, price)


def measured_rate(url: str, recipe: Recipe) -> Rate:
    """The rate of a run by its ``metrics.json``; of one replica if its ``run.json`` lies beside it.

    Without ``run.json`` the run is taken to have had the replicas of ``recipe``.

    Raises:
        InputError: it cannot be read, or holds no rate.
    """
    storage, name = split_url(url)
    metrics = _object(storage, name)
    rates = metrics.get("images_per_second")
    last = rates.get("last_full_start") if isinstance(rates, dict) else None
    per_second = last or (rates.get("overall") if isinstance(rates, dict) else None)
    if not isinstance(per_second, int | float) or not per_second > 0:
        raise InputError(
            f"{url} holds no images_per_second (it is {rates!r}): expected the metrics.json of a finished "
            "`mpgi caption`, or give --images-per-second"
        )
    replicas = min(block.engine.replicas for block in recipe.generate)
    if storage.exists(RUN):
        generate = _object(storage, RUN)["recipe"]["generate"]
        replicas = min(int(block["engine"]["replicas"]) for block in generate)
    kind = (
        "its last full start, after the loading of models"
        if last
        else "all its starts, loading of models included"
    )
    source = f"{url}: {per_second:,.2f} images/s in {kind}, replicas of stage 1: {replicas}"
    return Rate(per_second / replicas, source, metrics)


def _object(storage: Storage, name: str) -> dict[str, Any]:
    try:
        content = json.loads(storage.read(name))
    except ValueError as error:
        raise InputError(f"{storage.url}/{name} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{storage.url}/{name} holds a {type(content).__name__}, expected a JSON object")
    return content
