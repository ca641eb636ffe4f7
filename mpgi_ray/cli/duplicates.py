"""``mpgi duplicates``."""

from __future__ import annotations

from typing import Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Embeddings, Grace, ImageField, Overlaps, Radius, Takeover
from mpgi_ray.runtime.stopping import GRACE


def duplicates(
    shards: Annotated[list[str], typer.Argument(help="Folders, globs or names of shards.")],
    out: Annotated[str, typer.Option(help="Folder of the result.")],
    field: ImageField = None,
    radius: Radius = 10,
    overlaps: Overlaps = True,
    embeddings: Embeddings = None,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Find pictures that are copies of each other, turned and mirrored ones, too, and say which one to keep.

    `mpgi curate … --filter duplicates:groups=OUT` leaves the others out.
    """
    announce("duplicates", shards=shards, output=out)
    from rich.console import Console

    from mpgi_ray.config import parse, read_assignment
    from mpgi_ray.curate.duplicates import Duplicates, find_duplicates
    from mpgi_ray.curate.duplicates.summary import print_summary

    values = {
        "shards": tuple(shards),
        "output": out,
        "fields": dict(read_assignment(one, "--field") for one in field or ()),
        "radius": radius,
        "overlaps": overlaps,
        "embeddings": embeddings,
    }
    config = parse(Duplicates, values, "mpgi duplicates")
    print_summary(find_duplicates(config, takeover=takeover, grace=grace), Console())
