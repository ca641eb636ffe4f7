"""Options of every command that writes into a folder of its own."""

from __future__ import annotations

from typing import Annotated

import typer

Takeover = Annotated[
    bool,
    typer.Option("--takeover", help="Take the output folder over from a run that gives no sign of life."),
]
Grace = Annotated[float, typer.Option(min=0, help="Seconds to finish what is under way when asked to stop.")]
