"""``mpgi curate``."""

from __future__ import annotations

from typing import Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE


def curate(
    out: Annotated[str, typer.Option(help="Folder of the final shards.")],
    captions: Annotated[
        str | None,
        typer.Argument(
            help="Folder of `mpgi caption` or `mpgi release`; without one, the captions in the shards count."
        ),
    ] = None,
    shards: Annotated[
        list[str] | None,
        typer.Option(help="The source shards, if they moved or stand alone; may be given several times."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            help="Of shards that stand alone: where the image or captions are, as image=img_content."
        ),
    ] = None,
    shard_size: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Approximate number of samples in a final shard.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the global random order.")] = 0,
    texts: Annotated[
        str | None,
        typer.Option(
            help="Texts to publish, such as short,long,captions; the first becomes .txt. Otherwise all."
        ),
    ] = None,
    partial: Annotated[bool, typer.Option(help="Take the samples that are captioned so far.")] = False,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="Keep some samples only, such as min_words:text=long,words=20."),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(help="Rules that decide about each text: a YAML file, or the name of a shipped one."),
    ] = None,
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Show what the rules of --select would drop; write nothing.")
    ] = False,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Join captions to shards and publish final shards in a global random order, with captions.csv.

    With `--shards` alone, the captions that came with the pictures become the text `captions`. With a
    release, the final shards that it was made of are made again of the originals' shards.
    """
    announce("curate", captions=captions, shards=shards, output=out)
    from mpgi_ray.config import parse, read_assignment
    from mpgi_ray.curate import Curation, dry_run
    from mpgi_ray.curate import curate as run
    from mpgi_ray.curate.select import read_choice
    from mpgi_ray.ingest.citations import citations

    values = {
        "captions": captions,
        "output": out,
        "shards": tuple(shards) if shards else None,
        "fields": dict(read_assignment(one, "--field") for one in field or ()),
        "shard_size": shard_size,
        "seed": seed,
        "texts": tuple(name.strip() for name in texts.split(",")) if texts else None,
        "partial": partial,
        "filters": tuple(map(read_choice, filters or [])),
        "select": select,
        "citations": citations(),
    }
    config = parse(Curation, values, "mpgi curate")
    if dry:
        for line in dry_run(config, grace=grace).lines():
            typer.echo(line)
        return
    summary = run(config, takeover=takeover, grace=grace)
    typer.echo(f"{out}: {summary}")
    if summary.selection is not None:
        for rule in summary.selection.rules:
            typer.echo(str(rule))
        typer.echo(str(summary.selection))
    for name, told in summary.telling.items():
        typer.echo(f"{name}: {told}")
    if summary.note:
        typer.echo(summary.note)
