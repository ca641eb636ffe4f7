"""``mpgi score``."""

from __future__ import annotations

from typing import Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE


def score(
    out: Annotated[str, typer.Option(help="Folder of the scores.")],
    scorer: Annotated[
        list[str],
        typer.Option(
            help="Figures to make, such as text, truth or clip:model=MODEL; may be given repeatedly."
        ),
    ],
    captions: Annotated[
        str | None,
        typer.Argument(help="Output folder of `mpgi caption`; without it, the captions in the shards count."),
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
    partial: Annotated[bool, typer.Option(help="Score the samples that are captioned so far.")] = False,
    replicas: Annotated[int, typer.Option(min=1, help="Processes that score, each with its models.")] = 1,
    cpus: Annotated[
        int | None,
        typer.Option(
            min=1, help="Cores, and threads, of a replica; by default those of this machine, shared."
        ),
    ] = None,
    gpu: Annotated[bool, typer.Option(help="One GPU a replica.")] = False,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Make figures of every text: how it fits its picture, what it claims, how long it is.

    OUT/scores holds a table a shard, for selections, with a row a text and a column a figure.
    """
    announce("score", captions=captions, shards=shards, scorers=scorer, output=out)
    from rich.console import Console

    from mpgi_ray.config import parse, read_assignment
    from mpgi_ray.curate.choice import read_choice
    from mpgi_ray.curate.scores import Scores
    from mpgi_ray.curate.scores import score as run
    from mpgi_ray.curate.scores.summary import print_summary

    values = {
        "captions": captions,
        "output": out,
        "shards": tuple(shards) if shards else None,
        "fields": dict(read_assignment(one, "--field") for one in field or ()),
        "partial": partial,
        "scorers": tuple(read_choice(one, "--scorer") for one in scorer),
        "replicas": replicas,
        "cpus": cpus,
        "gpu": gpu,
    }
    print_summary(run(parse(Scores, values, "mpgi score"), takeover=takeover, grace=grace), Console())
