"""A plan as text for a terminal, 100 columns wide."""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from mpgi_ray.caption.plan import Plan
from mpgi_ray.caption.plan.asked import Asked
from mpgi_ray.caption.plan.stock import Subject
from mpgi_ray.caption.plan.tokens import Tokens, picture_tokens
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.rules.labels import unknown_in_words

_EMBEDDED = "the embedded engine"
_PILOT = 10  # chunks of the run that is advised where no rate is known; fewer do not show the speed


def show(plan: Plan, name: str, console: Console) -> None:
    """Print a plan.

    Args:
        name: of the recipe, as the user gave it.
    """
    parts = {
        "Recipe": _recipe(plan),
        "Samples": _samples(plan),
        "Prompts": _prompts(plan),
        "Tokens": _tokens(plan),
        "Pools": _pools(plan),
        "Time and cost": _cost(plan, name),
    }
    for title, part in parts.items():
        console.print(Rule(title, align="left"))
        console.print(part, highlight=False)


def _recipe(plan: Plan) -> RenderableType:
    values = plan.recipe.model_dump(mode="json")
    return Text(
        yaml.safe_dump(
            values, sort_keys=False, allow_unicode=True, default_flow_style=None, width=96
        ).rstrip()
    )


def _samples(plan: Plan) -> RenderableType:
    stock = plan.stock
    how = "counted" if stock.counted == stock.shards else f"estimated from the {stock.counted:,} counted"
    lines = [
        f"{_count(stock.shards, 'shard')}, {_count(stock.samples, 'sample')} ({how})",
        f"captioned already: {stock.done:,}; left: {stock.left:,}",
    ]
    if found := plan.reused:
        lines.append(
            f"of {_count(found.questions, 'question')} about {_count(len(stock.subjects), 'sample')}, "
            f"{found.answered:,} are answered by {plan.recipe.reuse}; the figures below count all"
        )
    if stock.missing:
        lines.append(f"missing shards: {len(stock.missing):,} ({', '.join(stock.missing[:5])})")
    where = "" if stock.read == stock.shards else f"{stock.read:,} of {stock.shards:,} shards"
    if labels := unknown_in_words(stock.unknown, where):
        lines.append(labels)
    return Text("\n".join(lines))


def _prompts(plan: Plan) -> RenderableType:
    parts: list[RenderableType] = []
    for asked in plan.asked[0]:
        parts += [Text(f"System message: {_who(asked)}", style="bold"), _verbatim(asked.prompts[0].system)]
    for subject, models in zip(plan.stock.subjects, plan.asked, strict=True):
        for asked in models:
            parts += _asked(subject, asked)
    return Group(*parts)


def _asked(subject: Subject, asked: Asked) -> Iterator[RenderableType]:
    for prompt in asked.prompts:
        where = f"{subject.chunk.shard}/{subject.sample.key}"
        yield Text(f"\n{where} · {_who(asked)} · {prompt.name}", style="bold")
        yield _verbatim(f"[system message of stage {_stage(asked)}, above]", "dim")
        if prompt.picture is not None:
            yield _verbatim(_picture(subject, asked), "dim")
        yield _verbatim(prompt.text)


def _picture(subject: Subject, asked: Asked) -> str:
    """The picture as the prompt's first part, in a line."""
    note = subject.sample.annotation
    width, height = subject.picture.pixels.size
    scaled = (
        "" if (width, height) == (note.width, note.height) else f", scaled from {note.width}×{note.height}"
    )
    tokens = picture_tokens(asked) if asked.model else 0
    cost = (
        "" if not asked.model else f" → {'unknown' if tokens is None else f'at most {tokens:,}'} image tokens"
    )
    return f"[picture {width}×{height}{scaled}{cost}]"


def _tokens(plan: Plan) -> RenderableType:
    if not plan.models:
        return Text("None: the embedded engine reads facts and pixels, and writes without a model.")
    names = ("requests", "prompt", "computed", "completion", "at most")
    table = Table("stage", "model", *(Column(name, justify="right") for name in names))
    for model in plan.models:
        table.add_row(str(model.stage), Text(model.model), f"{model.requests:,}", *figures(model.tokens))
    table.add_section()
    requests = sum(model.requests for model in plan.models)
    table.add_row("", "an image", f"{requests:,}", *figures(plan.an_image))
    for what, images in (("left", plan.stock.left), ("all", plan.stock.samples)):
        if what == "all" and images == plan.stock.left:
            continue
        table.add_row(
            "", f"{images:,} images ({what})", _short(requests * images), *figures(plan.an_image * images)
        )
    return Group(table, Text("\n".join(_token_notes(plan))))


def _token_notes(plan: Plan) -> Iterator[str]:
    yield (
        f"An estimate from {_count(len(plan.asked), 'sample')}: text at four characters a token "
        "(box coordinates take more), no second attempts after faulty answers."
    )
    yield "prompt: all that is sent. computed: what an image's prompts share is read once (prefix cache)."
    yield "completion: answers of a typical length. at most: every answer ends at max_tokens."
    if any(asked.assumed for models in plan.asked for asked in models):
        yield "Placeholders for texts of stage 1 count as texts of the length that they name."
    for model in plan.models:
        yield (
            f"Every request to {model.model} in stage {model.stage} begins with {model.prefix:,} tokens that "
            "all images share."
        )
        if model.picture is None:
            yield f"The image tokens of {model.model} are not known: its prompts cost more than shown."


def figures(tokens: Tokens) -> tuple[str, ...]:
    """Prompt, computed, completion and at most, as a table shows them."""
    counts = (tokens.prompt, tokens.computed, tokens.completion, tokens.most)
    return tuple("no limit" if figure is None else _short(figure) for figure in counts)


def _pools(plan: Plan) -> RenderableType:
    recipe = plan.recipe
    names = ("replicas", "CPUs each", "GPUs each")
    table = Table("phase", "stage", "model", *(Column(name, justify="right") for name in names))
    engines: list[tuple[int, EngineSettings]] = [(1, block.engine) for block in recipe.generate]
    if recipe.merger is not None:
        engines.append((2, recipe.merger))
    for stage, engine in engines:
        phase = str(stage) if recipe.phases == "two" else "1"
        stages = "1 and 2" if recipe.merger is None else str(stage)
        numbers = (str(engine.replicas), f"{engine.cpus:g}", f"{engine.gpus:g}")
        table.add_row(phase, stages, Text(engine.model or _EMBEDDED), *numbers)
    most = "in the phase that holds most" if recipe.phases == "two" else "at once"
    held = f"Held {most}: {_count(plan.cpus, 'CPU')}, {_count(plan.gpus, 'GPU')}."
    lines = [f"{held} Reading needs a CPU or more besides."]
    if _grows(plan):
        lines.append("That is with the fewest replicas: pools grow where the cluster has room.")
    return Group(table, Text("\n".join(lines)))


def _grows(plan: Plan) -> bool:
    return any(engine.replicas.grows for phase in plan.recipe.pools() for engine in phase)


def _cost(plan: Plan, name: str) -> RenderableType:
    if plan.rate is None or plan.cost is None:
        pilot = _PILOT * plan.recipe.chunk_size
        return Text(
            "No rate is given. A pilot measures one; a longer one measures better:\n"
            f"  mpgi caption {name} --shards … --out {plan.recipe.output} --limit {pilot}\n"
            f"  mpgi plan {name} --shards … --out {plan.recipe.output} "
            f"--rates {plan.recipe.output}/metrics.json"
        )
    cost = plan.cost
    lines = [
        f"Rate: {plan.rate.source}",
        f"As planned: {cost.images_per_second:,.2f} images/s, if twice the replicas are twice as fast"
        + (" and pools have all that they may grow to" if _grows(plan) else ""),
        f"{plan.stock.left:,} images: {cost.hours:,.2f} hours, {cost.gpu_hours:,.2f} GPU-hours"
        + ("" if cost.price is None else f", {cost.price:,.2f} at the price given"),
    ]
    if len(cost.phases) > 1:
        hours = " + ".join(f"{each:,.2f}" for each in cost.phases)
        lines.append(f"Phases: {hours} hours, if they were equally long in the run that gave the rate")
    return Group(Text("\n".join(lines)), *_measured(plan))


def _measured(plan: Plan) -> Iterator[RenderableType]:
    """Tokens of the run that the rate was measured in, to compare with the estimate."""
    metrics = (plan.rate and plan.rate.measured) or {}
    models = [model for model in metrics.get("models", ()) if model["prompt_tokens"]]
    if not models or not metrics["samples"]:
        return
    names = ("prompt/image", "completion/image", "prompt/s", "completion/s")
    table = Table("measured in", "model", *(Column(name, justify="right") for name in names))
    for model in models:
        counts = [model[f"{kind}_tokens"] / metrics["samples"] for kind in ("prompt", "completion")]
        rates = [model["tokens_per_second"][kind] for kind in ("prompt", "completion")]
        figures = ("?" if value is None else f"{value:,.0f}" for value in (*counts, *rates))
        table.add_row(model["stage"], Text(model["model"]), *figures)
    yield table


def _who(asked: Asked) -> str:
    return f"stage {_stage(asked)}, {asked.model or _EMBEDDED}"


def _stage(asked: Asked) -> int:
    return 2 if asked.place is None else 1


def _verbatim(text: str, style: str = "") -> RenderableType:
    return Padding(Text(text, style=style), (0, 0, 0, 2), expand=False)


def _count(number: float, what: str) -> str:
    return f"{number:,.10g} {what}{'' if number == 1 else 's'}"


def _short(number: int) -> str:
    """Whole up to ten million, then in millions, so that tables keep to their width."""
    return f"{number:,}" if number < 10_000_000 else f"{number / 1e6:,.1f} M"
