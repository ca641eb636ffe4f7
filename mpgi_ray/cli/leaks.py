"""``mpgi leaks``."""

from __future__ import annotations

from typing import Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Embeddings, Grace, ImageField, Overlaps, Radius, Takeover
from mpgi_ray.runtime.stopping import GRACE


def leaks(
    train: Annotated[list[str], typer.Argument(help="Shards to train on: folders, globs or names.")],
    out: Annotated[str, typer.Option(help="Folder of the result.")],
    against: Annotated[
        list[str] | None, typer.Option(help="Shards to evaluate on; may be given several times.")
    ] = None,
    hashes: Annotated[
        list[str] | None,
        typer.Option(help="An evaluation set as hashes.parquet, which an earlier `mpgi leaks` wrote of it."),
    ] = None,
    through: Annotated[
        list[str] | None,
        typer.Option(
            help="Shards of another set: a copy of its picture, which is one of an evaluation picture."
        ),
    ] = None,
    field: ImageField = None,
    radius: Radius = 10,
    overlaps: Overlaps = True,
    embeddings: Embeddings = None,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Find training pictures that show what evaluation pictures show, by bytes, pixels, origin and place.

    `mpgi curate … --filter leaks:file=OUT` leaves them out. OUT/hashes.parquet is the evaluation set without
    pixels, for others to compare with.
    """
    announce("leaks", train=train, against=against, hashes=hashes, output=out)
    from rich.console import Console

    from mpgi_ray.config import parse, read_assignment
    from mpgi_ray.curate.leaks import Leaks, find_leaks
    from mpgi_ray.curate.leaks.found import print_summary
    from mpgi_ray.ingest.related import related_sources

    values = {
        "train": tuple(train),
        "against": tuple(against or ()),
        "hashes": tuple(hashes or ()),
        "through": tuple(through or ()),
        "output": out,
        "related": related_sources(),
        "fields": dict(read_assignment(one, "--field") for one in field or ()),
        "radius": radius,
        "overlaps": overlaps,
        "embeddings": embeddings,
    }
    config = parse(Leaks, values, "mpgi leaks")
    print_summary(find_leaks(config, takeover=takeover, grace=grace), Console())
