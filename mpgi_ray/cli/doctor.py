"""``mpgi doctor``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer


def doctor(
    places: Annotated[
        list[str] | None,
        typer.Argument(help="Folders to try; a small file is written there."),
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="A checkpoint folder or NAME@FILE to load.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what would stop a job on this machine, and what mends it: packages, GPUs, Ray, storage, models."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from mpgi_ray.doctor.finding import State
    from mpgi_ray.doctor.machine import machine
    from mpgi_ray.doctor.packages import packages
    from mpgi_ray.doctor.places import model, storage

    found = [*packages(), *machine(), *map(storage, places or ()), *map(model, models or ())]
    if json_:
        from json import dumps

        typer.echo(dumps([asdict(one) for one in found], indent=1))
    else:
        table = Table("", "", "found", "what mends it", box=None, pad_edge=False)
        colours = {State.OK: "green", State.ABSENT: "yellow", State.WRONG: "bold red"}
        for one in found:
            about, told, fix = map(escape, (one.about, one.told, one.fix))
            table.add_row(about, f"[{colours[one.state]}]{one.state}[/]", told, fix)
        Console().print(table)
    if any(one.state is State.WRONG for one in found):
        raise typer.Exit(1)
