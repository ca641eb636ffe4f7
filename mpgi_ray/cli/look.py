"""``mpgi inspect``."""

from __future__ import annotations

from typing import Annotated

import typer


def inspect(
    path: Annotated[str, typer.Argument(help="A caption folder, a shard or a folder of shards.")],
    html: Annotated[
        str | None, typer.Option(help="Write the HTML report of the caption folder to this file.")
    ] = None,
    rejects: Annotated[int | None, typer.Option(min=1, help="Show up to N rejected records.")] = None,
    cards: Annotated[int, typer.Option(min=0, help="Number of sampled pictures in the report.")] = 24,
    final: Annotated[
        str | None, typer.Option(help="Folder of final shards, to count them in the report.")
    ] = None,
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
