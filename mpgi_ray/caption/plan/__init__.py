"""What a caption run will read, ask, hold and cost: no model is loaded, no Ray started, nothing written."""

from __future__ import annotations

from dataclasses import dataclass

from mpgi_ray.caption.graph import room
from mpgi_ray.caption.plan.asked import Asked, Asking
from mpgi_ray.caption.plan.cost import Cost, Rate, cost
from mpgi_ray.caption.plan.reused import Reused, reused
from mpgi_ray.caption.plan.stock import Stock, take_stock
from mpgi_ray.caption.plan.tokens import ModelTokens, Tokens, estimate
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.run_json import check_run
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.shard_list import find_shards


@dataclass(frozen=True, slots=True)
class Plan:
    """A caption run before it is started.

    Attributes:
        asked: for each sample of the stock's subjects, what each model is asked.
        models: tokens for an image by model; empty if only the embedded engine writes.
        cpus, gpus: logical ones that the pools hold at once, in the phase that holds most.
        cost: of the images that are left; None without a rate.
        reused: of the questions about the stock's subjects, what an earlier run answers; None without.
    """

    recipe: Recipe
    stock: Stock
    asked: tuple[tuple[Asked, ...], ...]
    models: tuple[ModelTokens, ...]
    cpus: float
    gpus: float
    rate: Rate | None = None
    cost: Cost | None = None
    reused: Reused | None = None

    @property
    def an_image(self) -> Tokens:
        """Of all models."""
        return sum((model.tokens for model in self.models), Tokens(0, 0, 0, 0))


def plan(
    recipe: Recipe, *, samples: int = 3, rate: Rate | None = None, gpu_hour_price: float | None = None
) -> Plan:
    """Plan a run.

    Args:
        samples: real ones to plan with, spread over the shards.

    Raises:
        InputError: no shards, a broken one among those that are read, or no usable sample in them; or
            ``reuse`` is not a caption folder.
        RecipeError: a prompt is not there, or wrong.
        OutputError: the output folder belongs to another recipe.
    """
    folder, shards = CaptionFolder(recipe.output), find_shards(recipe.input.shards)
    templates = read_templates(recipe)
    check_run(folder, recipe, templates, shards)
    asking = Asking(recipe, templates, folder)
    stock = take_stock(recipe, shards, folder, samples)
    asked = tuple(tuple(asking.about(subject)) for subject in stock.subjects)
    cpus, gpus = room(recipe)
    costs = None if rate is None else cost(recipe, stock.left, rate, gpu_hour_price)
    return Plan(
        recipe,
        stock,
        asked,
        estimate(recipe, asked),
        cpus,
        gpus,
        rate,
        costs,
        reused(recipe, templates, stock.subjects),
    )
