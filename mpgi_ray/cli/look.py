"""``mpgi inspect``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mpgi_ray.errors import RecipeError

if TYPE_CHECKING:
    from rich.console import Console


def inspect(
    path: Annotated[
        str,
        typer.Argument(
            help="A caption folder, a shard, a folder of shards, or output of mpgi duplicates, leaks, score."
        ),
    ],
    html: Annotated[
        str | None,
        typer.Option(
            help="Write a report of a caption folder or of what was found, a contact sheet of shards, or the "
            "rows of --rejects. A path that ends in / becomes a folder: the report of a caption run, with a "
            "page to filter, search, compare and rate its texts."
        ),
    ] = None,
    rejects: Annotated[
        int | None, typer.Option(min=1, help="Show up to N rows that were rejected, dropped or failed.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all shards of a folder and compare with its index.")
    ] = False,
    cards: Annotated[int, typer.Option(min=0, help="Number of sampled pictures in the report.")] = 24,
    samples: Annotated[
        int | None, typer.Option(min=0, help="Number of samples in a folder of --html; 1,000 by default.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Another caption folder of the same pictures, beside this one in a folder of --html."
        ),
    ] = None,
    final: Annotated[
        str | None, typer.Option(help="Folder of final shards: what was kept and dropped, in the report.")
    ] = None,
    duplicates: Annotated[
        str | None, typer.Option(help="Output of `mpgi duplicates`, to show its groups in the report.")
    ] = None,
    leaks: Annotated[
        str | None, typer.Option(help="Output of `mpgi leaks`, to show its pairs in the report.")
    ] = None,
    scores: Annotated[
        str | None, typer.Option(help="Output of `mpgi score`, to show its scores in the report.")
    ] = None,
    metrics: Annotated[str | None, typer.Option(help="A metrics.json to show in the report.")] = None,
    model: Annotated[str | None, typer.Option(help="A training run to show in the report.")] = None,
) -> None:
    """Look into a caption folder (state, rejected records, report), shards, or what a search found."""
    from rich.console import Console

    from mpgi_ray.report import (
        job_alone,
        shard_view,
        status,
        write_panel,
        write_rejects,
        write_report,
        write_sheet,
    )
    from mpgi_ray.report.page import Panels
    from mpgi_ray.report.rejects import print_rejects
    from mpgi_ray.report.rejects import rejects as rejected_rows
    from mpgi_ray.report.verified import require_verified
    from mpgi_ray.report.viewer import SAMPLES, is_folder, write_viewer

    console = Console()
    beside = {"--final": final, "--metrics": metrics, "--model": model}
    beside |= {"--duplicates": duplicates, "--leaks": leaks, "--scores": scores}
    given = [name for name, value in beside.items() if value is not None]
    if given and (html is None or not status.is_caption_folder(path)):
        raise RecipeError(
            f"{given[0]} adds to the report of a caption folder: give one with --html FILE, or leave it out"
        )
    folder = html is not None and status.is_caption_folder(path) and is_folder(html)
    if not folder and (samples is not None or against is not None):
        raise RecipeError(
            "--samples and --against belong to the folder of a caption run's report: give --html FOLDER/"
        )
    if verify:
        typer.echo(require_verified(path))
    elif html is not None and rejects is None and job_alone(path):
        typer.echo(write_panel(path, html, cards))
    elif rejects is None and (job := job_alone(path)):
        _print_found(job, path, console)
    elif html is not None and rejects is None and not status.is_caption_folder(path):
        typer.echo(write_sheet(path, html, cards=cards))
    elif shard_view.is_shard(path):
        shard_view.print_shard(shard_view.show_shard(path), console)
    elif rejects is None and not status.is_caption_folder(path):
        shard_view.print_counts(shard_view.count_samples(path), console)
    elif html is not None and rejects is not None and not status.is_caption_folder(path):
        typer.echo(write_rejects(path, html, rejects))
    elif html is not None:
        panels = Panels(curated=final, metrics=metrics, model=model, rejects=rejects)
        panels |= Panels(duplicates=duplicates, leaks=leaks, scores=scores)
        if folder:
            count = SAMPLES if samples is None else samples
            with console.status("Writing the viewer: pictures are read, and texts are checked"):
                said = write_viewer(path, html, samples=count, against=against, cards=cards, **panels)
            typer.echo(said)
        else:
            typer.echo(write_report(path, html, cards=cards, **panels))
    elif rejects is not None:
        print_rejects(rejected_rows(path, rejects), console)
    else:
        status.print_status(status.status(path), console)


def _print_found(job: str, path: str, console: Console) -> None:
    """The counts of a search, as it printed them at its end."""
    from mpgi_ray.curate.duplicates import summary as duplicates
    from mpgi_ray.curate.leaks import found as leaks
    from mpgi_ray.curate.scores import summary as scores
    from mpgi_ray.report.finished import finished

    storage = finished(path, job).storage
    if job == "duplicates":
        duplicates.print_summary(replace(duplicates.read_summary(storage), nothing_to_do=False), console)
    elif job == "leaks":
        leaks.print_summary(replace(leaks.read_summary(storage), nothing_to_do=False), console)
    else:
        scores.print_summary(replace(scores.read_summary(storage), nothing_to_do=False), console)
