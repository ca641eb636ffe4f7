"""``mpgi inspect``."""

from __future__ import annotations

from typing import Annotated

import typer


def inspect(
    path: Annotated[str, typer.Argument(help="A caption folder, a shard or a folder of shards.")],
    html: Annotated[
        str | None,
        typer.Option(
            help="Write a report of a caption folder, a contact sheet of shards, or the rows of --rejects."
        ),
    ] = None,
    rejects: Annotated[
        int | None, typer.Option(min=1, help="Show up to N rows that were rejected, dropped or failed.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all shards of a folder and compare with its index.")
    ] = False,
    cards: Annotated[int, typer.Option(min=0, help="Number of sampled pictures in the report.")] = 24,
    final: Annotated[
        str | None, typer.Option(help="Folder of final shards, to count them in the report.")
    ] = None,
    metrics: Annotated[str | None, typer.Option(help="A metrics.json to show in the report.")] = None,
    model: Annotated[str | None, typer.Option(help="A training run to show in the report.")] = None,
) -> None:
    """Look into a caption folder (state, rejected records, report), a shard, or a folder of shards."""
    from rich.console import Console

    from mpgi_ray.report import shard_view, status, write_rejects, write_report, write_sheet
    from mpgi_ray.report.rejects import print_rejects
    from mpgi_ray.report.rejects import rejects as rejected_rows
    from mpgi_ray.report.verified import require_verified

    console = Console()
    if verify:
        typer.echo(require_verified(path))
    elif html is not None and rejects is None and not status.is_caption_folder(path):
        typer.echo(write_sheet(path, html, cards=cards))
    elif shard_view.is_shard(path):
        shard_view.print_shard(shard_view.show_shard(path), console)
    elif rejects is None and not status.is_caption_folder(path):
        shard_view.print_counts(shard_view.count_samples(path), console)
    elif html is not None and rejects is not None and not status.is_caption_folder(path):
        typer.echo(write_rejects(path, html, rejects))
    elif html is not None:
        typer.echo(
            write_report(
                path, html, cards=cards, curated=final, metrics=metrics, model=model, rejects=rejects
            )
        )
    elif rejects is not None:
        print_rejects(rejected_rows(path, rejects), console)
    else:
        status.print_status(status.status(path), console)
