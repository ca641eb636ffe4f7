"""The prompts of a run, which the driver reads once and hands to the replicas.

A replica reads no prompt file: it runs in another folder, often on another machine, and a file may have been
changed since the run was opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.errors import RecipeError
from mpgi_ray.prompts import Kind, PromptTemplate, load


@dataclass(frozen=True, slots=True)
class Templates:
    """The prompts of a recipe.

    Attributes:
        stage1: by model, in the recipe's order.
        stage2: that of the integration.
    """

    stage1: tuple[tuple[PromptTemplate, ...], ...]
    stage2: PromptTemplate


def read_templates(recipe: Recipe) -> Templates:
    """The prompts that a recipe names; paths count from the folder of this process.

    Raises:
        RecipeError: a prompt is missing, wrong or in the wrong place, or two have one name.
    """
    stage1 = tuple(tuple(map(load, block.perspectives)) for block in recipe.generate)
    templates = Templates(stage1, load(recipe.integrate.prompt))
    for model in templates.stage1:
        _check(model, templates.stage2)
    return templates


def _check(templates: tuple[PromptTemplate, ...], integrate: PromptTemplate) -> None:
    names = [*(template.name for template in templates), integrate.name, *integrate.texts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecipeError(
            f"two texts of the recipe are named {twice[0]!r}: records could not tell them apart"
        )
    for template in templates:
        if template.kind is Kind.INTEGRATE:
            raise RecipeError(f"generate.perspectives names {template.name!r}, which is a prompt of stage 2")
    if integrate.kind is not Kind.INTEGRATE:
        raise RecipeError(
            f"integrate.prompt names {integrate.name!r} of kind {integrate.kind}, expected integrate"
        )
