"""``mpgi curate``."""

from __future__ import annotations

from typing import Annotated

import typer


def curate(
    captions: Annotated[str, typer.Argument(help="Output folder of `mpgi caption`.")],
    out: Annotated[str, typer.Option(help="Folder of the final shards.")],
    shards: Annotated[str | None, typer.Option(help="The source shards, if they moved.")] = None,
    shard_size: Annotated[
        int, typer.Option(min=1, help="Approximate number of samples in a final shard.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the global random order.")] = 0,
    partial: Annotated[bool, typer.Option(help="Take the samples that are captioned so far.")] = False,
) -> None:
    """Join captions to shards and publish final shards in a global random order, with captions.csv."""
    from mpgi_ray.curate import Curation
    from mpgi_ray.curate import curate as run

    summary = run(Curation(captions, out, shards, shard_size, seed, partial))
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in summary["dropped"].items()) or "none"
    head = "nothing to do: " if summary.get("nothing_to_do") else ""
    typer.echo(
        f"{head}{out}: {summary['samples_in']:,} samples in, {summary['kept']:,} kept in {summary['shards']} "
        f"shards with {summary['texts']:,} texts; dropped: {dropped}"
    )
    if summary.get("unreadable_shards"):
        typer.echo(f"left out, as they cannot be read: {', '.join(summary['unreadable_shards'])}")
