"""The ``mpgi`` command: one thin subcommand a job."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mpgi_ray.cli.models import evaluate, train
from mpgi_ray.errors import MpgiError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Captions for remote-sensing images from several perspectives, and models trained on them.",
)


@app.command()
def caption(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe (template) or a YAML file.")],
    shards: Annotated[str | None, typer.Option(help="Folder, glob or a-{000..031}.tar of shards.")] = None,
    out: Annotated[str | None, typer.Option(help="Folder of the captions, local or s3://…")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Pilot: caption the first N samples.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Pilot: caption N samples at random.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any recipe key, e.g. chunk_size=32.")
    ] = None,
) -> None:
    """Caption shards; run it again to go on after a stop, with new shards, or after a pilot."""
    from mpgi_ray.caption.job import caption as run
    from mpgi_ray.caption.recipe import load_recipe
    from mpgi_ray.caption.todo import Pilot

    if limit and sample:
        raise typer.BadParameter("a pilot is either --limit or --sample")
    given = {"input.shards": shards, "output": out}
    settings = load_recipe(recipe, {key: value for key, value in given.items() if value}, set_ or [])
    count = limit or sample
    outcome = run(settings, pilot=Pilot(count, at_random=sample is not None) if count else None)
    if not outcome.new:
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


@app.command()
def plan(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe (hqrs) or a YAML file.")],
    shards: Annotated[str | None, typer.Option(help="As for caption.")] = None,
    out: Annotated[str | None, typer.Option(help="As for caption.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="As for caption.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Samples to show every prompt of.")] = 3,
    rates: Annotated[str | None, typer.Option(help="The metrics.json of a pilot.")] = None,
    images_per_second: Annotated[float | None, typer.Option(min=1e-6, help="Of one replica.")] = None,
    gpu_hour_price: Annotated[float | None, typer.Option(min=0, help="In any currency.")] = None,
) -> None:
    """Show what `mpgi caption` would ask, read, hold and cost; nothing is started or written."""
    from rich.console import Console

    from mpgi_ray.caption.plan import plan as make
    from mpgi_ray.caption.plan.cost import Rate, measured_rate
    from mpgi_ray.caption.plan.show import show
    from mpgi_ray.caption.recipe import load_recipe

    if rates and images_per_second:
        raise typer.BadParameter("a rate is either --rates or --images-per-second")
    given = {"input.shards": shards, "output": out}
    settings = load_recipe(recipe, {key: value for key, value in given.items() if value}, set_ or [])
    rate = measured_rate(rates, settings) if rates else None
    if images_per_second:
        rate = Rate(images_per_second, f"{images_per_second:g} images/s a replica, as given")
    planned = make(settings, samples=samples, rate=rate, gpu_hour_price=gpu_hour_price)
    show(planned, recipe, Console(width=None if sys.stdout.isatty() else 100))


@app.command()
def curate(
    captions: Annotated[str, typer.Argument(help="Output folder of `mpgi caption`.")],
    out: Annotated[str, typer.Option(help="Folder of the final shards.")],
    shards: Annotated[str | None, typer.Option(help="The source shards, if they moved.")] = None,
    shard_size: Annotated[int, typer.Option(min=1, help="About how many samples a final shard.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the global random order.")] = 0,
    partial: Annotated[bool, typer.Option(help="Take what is captioned so far.")] = False,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="Keep some samples only, e.g. min_words:text=long,words=20."),
    ] = None,
) -> None:
    """Join captions to shards and publish final shards in a global random order, with captions.csv."""
    from mpgi_ray.curate import Curation
    from mpgi_ray.curate import curate as run
    from mpgi_ray.curate.select import read_choice

    summary = run(
        Curation(
            captions=captions,
            output=out,
            shards=shards,
            shard_size=shard_size,
            seed=seed,
            partial=partial,
            filters=tuple(map(read_choice, filters or [])),
        )
    )
    typer.echo(f"{out}: {summary}")


class Format(StrEnum):
    """A source format of `mpgi ingest`."""

    FOLDERS = "folders"
    COCO = "coco"
    MANIFEST = "manifest"


@app.command()
def ingest(
    format_: Annotated[Format, typer.Argument(metavar="FORMAT", help="folders, coco or manifest.")],
    path: Annotated[str, typer.Argument(help="The folder of class folders, the JSON or the JSONL file.")],
    out: Annotated[str, typer.Option(help="Folder of the shards.")],
    images: Annotated[str | None, typer.Option(help="Folder of the pictures of a COCO file.")] = None,
    source: Annotated[str | None, typer.Option(help="Source preset (ucm, dota …) or YAML file.")] = None,
    shard_size: Annotated[int, typer.Option(min=1, help="Samples a shard.")] = 1000,
) -> None:
    """Turn an annotated data set into shards. Shards of other programs need no ingest."""
    from mpgi_ray import ingest as formats

    if (images is None) == (format_ is Format.COCO):
        raise typer.BadParameter("--images is for the coco format, which needs it")
    match format_:
        case Format.FOLDERS:
            listing = formats.folders(path)
        case Format.MANIFEST:
            listing = formats.manifest(path)
        case Format.COCO:
            listing = formats.coco(path, images or "")
    summary = formats.ingest(listing, out, source=formats.load_source(source), shard_size=shard_size)
    typer.echo(f"{out}: {summary}")


@app.command()
def inspect(
    path: Annotated[str, typer.Argument(help="A caption folder, a shard or a folder of them.")],
    html: Annotated[str | None, typer.Option(help="Write the HTML report of a caption folder here.")] = None,
    rejects: Annotated[int | None, typer.Option(min=1, help="Show up to N rejected records.")] = None,
    cards: Annotated[int, typer.Option(min=0, help="Sampled pictures in the report.")] = 24,
    final: Annotated[str | None, typer.Option(help="Final shards, for their counts in the report.")] = None,
    metrics: Annotated[str | None, typer.Option(help="A metrics.json to show in the report.")] = None,
    model: Annotated[str | None, typer.Option(help="A training run to show in the report.")] = None,
) -> None:
    """Look into a caption folder (state, rejected records, report), into a shard or a folder of shards."""
    from rich.console import Console

    from mpgi_ray.report import shard_view, status, write_report

    console = Console()
    if shard_view.is_shard(path):
        shard_view.print_shard(shard_view.show_shard(path), console)
    elif html is None and rejects is None and not status.is_caption_folder(path):
        shard_view.print_counts(shard_view.count_samples(path), console)
    elif html is not None:
        typer.echo(write_report(path, html, cards=cards, curated=final, metrics=metrics, model=model))
    elif rejects is not None:
        status.print_rejects(status.rejects(path, rejects), console)
    else:
        status.print_status(status.status(path), console)


app.command()(train)
app.command()(evaluate)


class Writer(StrEnum):
    """Who writes the demo's captions."""

    TEMPLATE = "template"
    IMPERFECT = "imperfect"


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything.")] = Path("demo-out"),
    scenes: Annotated[int, typer.Option(min=50, help="Generated scenes.")] = 2000,
    seed: int = 0,
    writer: Annotated[
        Writer, typer.Option(help="imperfect: a chat server that makes mistakes at known rates.")
    ] = Writer.TEMPLATE,
    coca: Annotated[bool, typer.Option(help="Train a small model that writes captions.")] = False,
) -> None:
    """Everything on generated scenes: shards, captions, final shards, a small model, its tables, a report."""
    from mpgi_ray.demo.run import run_demo

    run_demo(out, scenes, seed, imperfect=writer is Writer.IMPERFECT, coca=coca)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; errors a user can mend are one line on stderr and exit code 1."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        result: Any = app(args=arguments, standalone_mode=False)
    except MpgiError as error:
        typer.echo(f"error: {error}", err=True)
        return 1
    except typer.Exit as stop:
        return stop.exit_code
    except KeyboardInterrupt:
        return 130
    except ImportError as error:
        extra = _extra(error)
        if extra is None:
            raise
        typer.echo(f"error: {error}: this needs pip install 'mpgi-ray[{extra}]'", err=True)
        return 1
    except Exception as error:
        show = getattr(error, "show", None)  # click's own: wrong options, help
        if show is None:
            raise
        show()
        return 2
    return int(result or 0)


# the extras, and what they bring of that which is imported only where it is needed
_EXTRAS = {"train": ("torch", "torchvision", "open_clip", "tokenizers", "tensorboardX"), "s3": ("s3fs",)}


def _extra(error: ImportError) -> str | None:
    """The extra that brings the module that is not there, if one does."""
    first = error.__cause__ if isinstance(error.__cause__, ImportError) else error  # fsspec's own has no name
    module = (first.name or "").partition(".")[0]
    return next((extra for extra, modules in _EXTRAS.items() if module in modules), None)


def _stop(*_: object) -> None:
    """End in order when `ray job stop` or a scheduler asks: Ray is shut down, what is published stays."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # asked once is enough
    sys.exit(128 + signal.SIGTERM)
