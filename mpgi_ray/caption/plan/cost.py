"""From a measured rate to hours, GPU-hours and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpgi_ray.caption.graph import gpus_for
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.config import parse
from mpgi_ray.data.caption_folder import RUN
from mpgi_ray.data.storage import split_url
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.errors import InputError

# rates of metrics.json, the best first: only the last of them counts the loading of models for every image
_KINDS = {
    "last_full_start": "its last full start, after the loading of models",
    "last_pilot": "its last pilot, after the loading of models",
    "after_startup": "its starts after the loading of models, of few chunks: a longer pilot measures better",
    "overall": "its starts, the loading of models included: a longer pilot measures better",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a run was.

    Attributes:
        images_per_second: of the run, through both stages.
        source: where the figure comes from, for a person.
        measured: the rest of the metrics that it was read from, if it was.
        run: the recipe of the run; None for the planned one with a single replica in each pool.
    """

    images_per_second: float
    source: str
    measured: Mapping[str, Any] | None = None
    run: Recipe | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the images that are left take.

    Attributes:
        images_per_second: of the run as planned.
        phases: hours of each phase; the loading of models is in them if it is in the rate.
        gpu_hours: of the GPUs that each phase holds, for as long as it lasts.
        price: in the currency of the price of a GPU-hour; None without one.
    """

    images_per_second: float
    phases: tuple[float, ...]
    gpu_hours: float
    price: float | None

    @property
    def hours(self) -> float:
        """Of the whole run."""
        return sum(self.phases)


def cost(recipe: Recipe, images: int, rate: Rate, gpu_hour_price: float | None = None) -> Cost:
    """Twice the replicas are taken to be twice as fast; the pool with least of them sets a phase's pace.

    A pool that grows counts with its most replicas, in the run that gave the rate as in the planned one. One
    rate does not tell two phases of a run apart: they are taken to have been equally long.

    Args:
        images: still to caption.
    """
    phases = _phases(recipe)
    before = _phases(rate.run) if rate.run else phases
    replicas = iter([engine.replicas.max if rate.run else 1 for phase in before for engine in phase])
    of_a_phase = 1 / rate.images_per_second / len(before)  # seconds for an image
    seconds = [of_a_phase * max(next(replicas) / engine.replicas.max for engine in phase) for phase in phases]
    hours = tuple(images * each / 3600 for each in seconds)
    gpu_hours = sum(each * _gpus(phase) for each, phase in zip(hours, phases, strict=True))
    price = None if gpu_hour_price is None else gpu_hours * gpu_hour_price
    return Cost(1 / sum(seconds), hours, gpu_hours, price)


def measured_rate(url: str, recipe: Recipe) -> Rate:
    """The rate of a run by its ``metrics.json``; its replicas are those in the ``run.json`` beside it.

    Without ``run.json`` the run is taken to have had the replicas of ``recipe``.

    Raises:
        InputError: it cannot be read, or holds no rate, or is of a run with more or fewer models.
        RecipeError: ``run.json`` holds a recipe that cannot be read.
    """
    storage, name = split_url(url)
    metrics = storage.read_json(name)
    rates = metrics.get("images_per_second")
    known = rates if isinstance(rates, dict) else {}
    of = next((name for name in _KINDS if known.get(name)), "")
    per_second = known.get(of)
    if not isinstance(per_second, int | float) or not per_second > 0:
        raise InputError(
            f"{url} holds no images_per_second (it is {rates!r}): expected the metrics.json of a finished "
            "`mpgi caption`, or give --images-per-second"
        )
    run = recipe
    if storage.exists(RUN):
        run = parse(Recipe, storage.read_json(RUN).get("recipe") or {}, f"{storage.url}/{RUN}")
    replicas, planned = ([e.replicas for phase in _phases(r) for e in phase] for r in (run, recipe))
    if len(replicas) != len(planned):
        raise InputError(
            f"{url} is of a run with {len(replicas)} pools of models, the recipe has {len(planned)}: "
            "expected the metrics of a run of the same models, or give --images-per-second"
        )
    source = f"{url}: {per_second:,.2f} images/s in {_KINDS[of]}, replicas: {', '.join(map(str, replicas))}"
    return Rate(per_second, source, metrics, run)


def _phases(recipe: Recipe) -> Sequence[Sequence[EngineSettings]]:
    """The pools of each phase that set the pace: those of the embedded engine only if there are no others."""
    phases = recipe.pools()
    models = [[engine for engine in phase if not engine.embedded] for phase in phases]
    return [phase for phase in models if phase] or phases


def _gpus(phase: Sequence[EngineSettings]) -> int:
    return gpus_for([engine.gpus for engine in phase for _ in range(engine.replicas.max)])
