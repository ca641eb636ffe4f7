"""``mpgi caption`` and ``mpgi plan``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE


def caption(
    recipe: Annotated[
        str, typer.Argument(help="A shipped recipe (such as template) or the path of a YAML file.")
    ],
    shards: Annotated[
        list[str] | None,
        typer.Option(
            help="A folder of shards, a glob, or a range a-{000..031}.tar; may be given several times."
        ),
    ] = None,
    out: Annotated[str | None, typer.Option(help="Folder of the captions, local or s3://…")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Pilot: caption the first N samples.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Pilot: caption N samples at random.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any recipe key, e.g. chunk_size=32.")
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(help="Ask again for records that are rejected or failed, such as rejected:length."),
    ] = None,
    reuse: Annotated[
        str | None, typer.Option(help="Folder of an earlier run, whose unchanged captions are taken over.")
    ] = None,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Caption shards; the same command continues after a stop, with new shards, or after a pilot."""
    announce("caption", recipe=recipe, shards=shards, output=out)
    from mpgi_ray.caption.job import caption as run
    from mpgi_ray.caption.recipe import load_recipe
    from mpgi_ray.caption.retry import Retry
    from mpgi_ray.caption.todo import Pilot

    if limit and sample:
        raise typer.BadParameter("a pilot is either --limit or --sample")
    given = {"input.shards": shards, "output": out, "reuse": reuse}
    settings = load_recipe(recipe, {key: value for key, value in given.items() if value}, set_ or [])
    again = Retry.parse(retry) if retry else None
    count = limit or sample
    pilot = Pilot(count, at_random=sample is not None) if count else None
    outcome = run(settings, pilot=pilot, retry=again, takeover=takeover, grace=grace)
    if not outcome.samples:
        what = "the pilot" if count else settings.output
        typer.echo(f"nothing to do: {what} is complete")
        return
    typer.echo(
        f"{settings.output}: {outcome.samples:,} samples in this start, {outcome.new:,} of them new; "
        f"{outcome.not_ok:,} of {outcome.records:,} records are not ok"
    )
    if len(outcome.versions) > 1:
        typer.echo(
            f"note: started with mpgi-ray {' and '.join(outcome.versions)}: rules and checks may differ "
            "between its captions (run.json names all versions)"
        )


def plan(
    recipe: Annotated[
        str, typer.Argument(help="A shipped recipe (such as hqrs) or the path of a YAML file.")
    ],
    shards: Annotated[
        list[str] | None, typer.Option(help="The shards, as `mpgi caption` takes them.")
    ] = None,
    out: Annotated[str | None, typer.Option(help="The folder that the captions will have.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any recipe key, e.g. chunk_size=32.")
    ] = None,
    reuse: Annotated[
        str | None, typer.Option(help="Folder of an earlier run, as `mpgi caption` takes it.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Number of samples whose prompts are shown.")] = 3,
    rates: Annotated[
        str | None, typer.Option(help="The metrics.json of a pilot, which measured the rates.")
    ] = None,
    images_per_second: Annotated[
        float | None, typer.Option(min=1e-6, help="Images per second of one replica, if known otherwise.")
    ] = None,
    gpu_hour_price: Annotated[
        float | None, typer.Option(min=0, help="Price of a GPU hour, in any currency.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option(help="A second recipe: show its prompts beside those of the first.")
    ] = None,
) -> None:
    """Show what `mpgi caption` would ask, read, hold and cost; nothing is started or written."""
    from rich.console import Console

    from mpgi_ray.caption.plan import plan as make
    from mpgi_ray.caption.plan.compare import show_beside
    from mpgi_ray.caption.plan.cost import Rate, measured_rate
    from mpgi_ray.caption.plan.show import show
    from mpgi_ray.caption.recipe import load_recipe

    if rates and images_per_second:
        raise typer.BadParameter("a rate is either --rates or --images-per-second")
    given = {"input.shards": shards, "output": out, "reuse": reuse}
    settings = load_recipe(recipe, {key: value for key, value in given.items() if value}, set_ or [])
    rate = measured_rate(rates, settings) if rates else None
    if images_per_second:
        rate = Rate(images_per_second, f"{images_per_second:g} images/s a replica, as given")
    planned = make(settings, samples=samples, rate=rate, gpu_hour_price=gpu_hour_price)
    console = Console(width=None if sys.stdout.isatty() else 100)
    if compare is None:
        show(planned, recipe, console)
        return
    other = load_recipe(compare, {key: value for key, value in given.items() if value}, set_ or [])
    show_beside(planned, other, (recipe, compare), console)
