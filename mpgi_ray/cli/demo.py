"""``mpgi demo``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Writer(StrEnum):
    """Who writes the demo's captions."""

    TEMPLATE = "template"
    IMPERFECT = "imperfect"


def demo(
    out: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("demo-out"),
    scenes: Annotated[int, typer.Option(min=50, help="Number of generated scenes.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the scenes, the faults and the training.")] = 0,
    writer: Annotated[
        Writer,
        typer.Option(help="Who writes; imperfect is a chat server that makes mistakes at known rates."),
    ] = Writer.TEMPLATE,
    coca: Annotated[
        bool, typer.Option(help="Train a small model that writes captions, in place of the small CLIP.")
    ] = False,
) -> None:
    """Run every job on generated scenes: shards, captions, final shards, a small model, tables, a report."""
    from mpgi_ray.demo.run import run_demo

    run_demo(out, scenes, seed, imperfect=writer is Writer.IMPERFECT, coca=coca)
