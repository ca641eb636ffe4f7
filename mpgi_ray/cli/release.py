"""``mpgi release``."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE


def release(
    final: Annotated[str, typer.Argument(help="Folder of final shards, as `mpgi curate` left it.")],
    out: Annotated[str, typer.Option(help="Folder of the release.")],
    share: Annotated[
        list[str] | None,
        typer.Option(help="A source, or its preset, to take in whatever its licence says; several times."),
    ] = None,
    unpack: Annotated[
        bool, typer.Option("--unpack", help="Write pictures that may be shared as files, with captions.csv.")
    ] = False,
    mgrs: Annotated[
        bool, typer.Option("--mgrs", help="List these pictures in the JSON of MGRS-200k, too.")
    ] = False,
    lhrs: Annotated[
        bool,
        typer.Option(
            "--lhrs",
            help="Write the JSON of LHRS-Align of pictures whose place is known, too; names tell it.",
        ),
    ] = False,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Publish the texts of final shards without their pictures, with a card and all that rebuilds the shards.

    Sources whose licence forbids it are left out and named. `mpgi ingest … --join OUT` and `mpgi curate OUT
    --shards …` make the same final shards of it and of the originals.
    """
    announce("release", final=final, output=out)
    from mpgi_ray.config import parse
    from mpgi_ray.curate.release import ReleaseConfig
    from mpgi_ray.curate.release import release as run
    from mpgi_ray.ingest.citations import citations
    from mpgi_ray.ingest.source import presets

    known = presets()
    names = [(known[name].name or name) if name in known else name for name in share or ()]
    values = {
        "final": final,
        "output": out,
        "share": tuple(names),
        "unpack": unpack,
        "mgrs": mgrs,
        "lhrs": lhrs,
        "citations": citations(),
    }
    summary = run(parse(ReleaseConfig, values, "mpgi release"), takeover=takeover, grace=grace)
    typer.echo(f"{out}: {summary}")
    for one in summary.left_out:
        typer.echo(f"left out: {one}; --share {quote(one.source)} takes it in, if you may share it")
    for one in summary.kept_back:
        typer.echo(f"not unpacked: {one}; --share {quote(one.source)} takes them in, if you may share them")
