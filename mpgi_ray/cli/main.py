"""The ``mpgi`` command and its subcommands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from mpgi_ray.cli.caption import caption, plan
from mpgi_ray.cli.check import check
from mpgi_ray.cli.curate import curate
from mpgi_ray.cli.demo import demo
from mpgi_ray.cli.doctor import doctor
from mpgi_ray.cli.duplicates import duplicates
from mpgi_ray.cli.evaluate import evaluate
from mpgi_ray.cli.exits import code_of
from mpgi_ray.cli.ingest import ingest
from mpgi_ray.cli.instruct import instruct
from mpgi_ray.cli.leaks import leaks
from mpgi_ray.cli.look import inspect
from mpgi_ray.cli.metrics import metrics
from mpgi_ray.cli.models import merge, train
from mpgi_ray.cli.release import release
from mpgi_ray.cli.reward import reward
from mpgi_ray.cli.score import score
from mpgi_ray.cli.sources import sources
from mpgi_ray.version import VERSION


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mpgi_ray {VERSION}")
        raise typer.Exit


_FIRST = "Pictures and annotations"
_HELP = """Captions for remote-sensing images from several perspectives, and models trained on them.

From a folder of pictures to a model (`mpgi COMMAND --help` tells the options of a command):

mpgi ingest auto PICTURES  (prints the command that makes shards)
mpgi caption template --shards SHARDS --out CAPTIONS
mpgi inspect CAPTIONS --html report.html
mpgi curate CAPTIONS --out FINAL
mpgi train FINAL --out MODEL --epochs 20
"""
_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    _FIRST: (sources,),
    "Captions": (plan, caption, check),
    "What is trained on and published": (curate, duplicates, leaks, score, release),
    "Models": (train, merge, evaluate),
    "To look and to try": (inspect, doctor, demo, metrics),
}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=_HELP,
)


@app.callback(invoke_without_command=False)
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.add_typer(ingest, name="ingest", rich_help_panel=_FIRST)
app.add_typer(instruct, name="instruct", rich_help_panel="Models")
app.add_typer(reward, name="reward", rich_help_panel="Models")
for panel, commands in _PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; errors a user can mend are one line on stderr and exit code 1."""
    signal.signal(signal.SIGTERM, _stop)
    return code_of(lambda: app(args=arguments, standalone_mode=False))


def _stop(*_: object) -> None:
    """End in order when `ray job stop` or a scheduler asks: Ray is shut down, what is published stays."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # asked once is enough
    sys.exit(128 + signal.SIGTERM)
