"""``mpgi ingest many``: several sources by their presets, and one table of what came of them."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpgi_ray.cli.exits import code_of

if TYPE_CHECKING:
    from mpgi_ray.ingest.many import Step

_STOPPED = (130, 143)


def many(
    ctx: typer.Context,
    sources: Annotated[str, typer.Argument(help="A YAML file of sources, see docs/shards.md.")],
    out: Annotated[str, typer.Option(help="Folder of the shards; each source gets a folder in it.")],
) -> None:
    """Ingest many sources, each by the commands of its preset, and show one table.

    What is finished is not done again: after a crash, the same command goes on. A source that fails does not
    keep the others back; the exit code is 1 then.
    """
    from rich.console import Console
    from rich.table import Table

    from mpgi_ray.ingest.many import outcome, steps

    told = list(steps(sources, out))
    table = Table("source", "samples", "rejected", "shards", "state", box=None, pad_edge=False)
    failed = 0
    for step in told:
        typer.echo(f"{step.name}: {shlex.join(['mpgi', *step.arguments])}")
        code = _run(ctx, step)
        if code in _STOPPED:
            raise typer.Exit(code)
        failed += code != 0
        table.add_row(step.name, *outcome(step.output), "done" if code == 0 else "failed, see above")
    Console().print(table)
    if failed:
        raise typer.Exit(1)


def _run(ctx: typer.Context, step: Step) -> int:
    program = ctx.find_root().command
    with _inside(step.root):
        return code_of(lambda: program.main(list(step.arguments), standalone_mode=False))


@contextlib.contextmanager
def _inside(folder: str) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
