"""``mpgi instruct``: questions and answers about pictures."""

from __future__ import annotations

import typer

from mpgi_ray.cli.benchmark import benchmark

instruct = typer.Typer(no_args_is_help=True, help="Questions and answers about pictures, from their facts.")


@instruct.callback()
def _commands() -> None:
    pass


instruct.command()(benchmark)
