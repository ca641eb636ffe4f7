"""What two recipes ask about the same samples, side by side: to choose between prompts before a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.plan import Plan
from mpgi_ray.caption.plan.asked import Asked, Asking
from mpgi_ray.caption.plan.show import figures
from mpgi_ray.caption.plan.tokens import characters_in_tokens, estimate
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Prompt


def show_beside(plan: Plan, other: Recipe, names: tuple[str, str], console: Console) -> None:
    """Print the prompts of a plan beside those of another recipe, and what both read and write.

    Both see the plan's samples and pictures, and the texts of stage 1 that its folder holds.

    Args:
        names: of the two recipes, as the user gave them.

    Raises:
        RecipeError: a prompt of the other recipe is not there, or wrong.
    """
    asking = Asking(other, read_templates(other), CaptionFolder(plan.recipe.output))
    beside = []
    for subject in plan.stock.subjects:
        facts = facts_of(subject.sample.annotation, subject.picture, other.facts)
        beside.append(tuple(asking.about(replace(subject, facts=facts))))
    for subject, first, second in zip(plan.stock.subjects, plan.asked, beside, strict=True):
        console.print(Rule(f"{subject.chunk.shard}/{subject.sample.key}", align="left"))
        for part in _beside(first, second, names):
            console.print(part, highlight=False)
    console.print(Rule("Tokens an image", align="left"))
    console.print(_tokens(plan, other, beside, names), highlight=False)


def _beside(
    first: Sequence[Asked], second: Sequence[Asked], names: tuple[str, str]
) -> Iterator[RenderableType]:
    """A line or a table for each prompt that one of the two recipes has."""
    for ours, theirs in _pairs(_prompts(first), _prompts(second)):
        pair = ours, theirs
        if ours and theirs and (ours.system, ours.text) == (theirs.system, theirs.text):
            yield Text(f"{ours.name}: the same in both", style="dim")
            continue
        system = not (ours and theirs and ours.system == theirs.system)
        texts = [_text(prompt, system) for prompt in pair]
        heads = (
            f"{name}: {'not asked' if prompt is None else f'{prompt.name}, about {_size(prompt):,} tokens'}"
            for name, prompt in zip(names, pair, strict=True)
        )
        table = Table(*(Column(Text(head), ratio=1) for head in heads), expand=True)
        table.add_row(*map(Text, texts))
        yield table


def _prompts(models: Sequence[Asked]) -> dict[tuple[int, str], Prompt]:
    """By the model's place and the prompt's name; that of stage 2, of which there is one, under no name."""
    return {
        (-1, "") if asked.place is None else (asked.place, prompt.name): prompt
        for asked in models
        for prompt in asked.prompts
    }


def _pairs(
    ours: dict[tuple[int, str], Prompt], theirs: dict[tuple[int, str], Prompt]
) -> Iterator[tuple[Prompt | None, Prompt | None]]:
    """What has the same place and name, then what remains, in its order."""
    yield from ((ours[key], theirs[key]) for key in ours if key in theirs)
    yield from zip_longest(
        (prompt for key, prompt in ours.items() if key not in theirs),
        (prompt for key, prompt in theirs.items() if key not in ours),
    )


def _text(prompt: Prompt | None, system: bool) -> str:
    if prompt is None:
        return ""
    return f"[system message]\n{prompt.system}\n\n[prompt]\n{prompt.text}" if system else prompt.text


def _size(prompt: Prompt) -> int:
    """In tokens, with the system text and without the picture."""
    return characters_in_tokens(len(prompt.system) + len(prompt.text))


def _tokens(
    plan: Plan, other: Recipe, beside: Sequence[Sequence[Asked]], names: tuple[str, str]
) -> RenderableType:
    heads = ("requests", "prefix", "prompt", "computed", "completion", "at most")
    table = Table("recipe", "stage", "model", *(Column(head, justify="right") for head in heads))
    for name, models in zip(names, (plan.models, estimate(other, beside)), strict=True):
        for model in models:
            counts = (f"{model.requests:,}", f"{model.prefix:,}", *figures(model.tokens))
            table.add_row(Text(name), str(model.stage), Text(model.model), *counts)
    return table
