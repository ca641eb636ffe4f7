"""``mpgi check``: texts of any origin held against annotations."""

from __future__ import annotations

from typing import Annotated

import typer


def check(
    texts: Annotated[
        str, typer.Argument(help="A CSV file with the columns key or filepath, and text or caption.")
    ],
    shards: Annotated[str, typer.Option(help="The annotated pictures: a folder of shards, or their names.")],
    out: Annotated[
        str | None, typer.Option(help="A Parquet file that gets every text with its claims and verdicts.")
    ] = None,
    measured: Annotated[bool, typer.Option(help="Look at the colours of things in the pixels, too.")] = True,
) -> None:
    """Hold texts against what is annotated of their pictures: what is false, what is so instead."""
    from rich.console import Console

    from mpgi_ray.check import audit
    from mpgi_ray.check.table import print_audit

    print_audit(audit(texts, shards, out, measured=measured), Console())
