"""The ``mpgi`` command: its subcommands, and what becomes of their errors."""

from __future__ import annotations

import signal
import sys
from typing import Any

import typer

from mpgi_ray.cli.caption import caption, plan
from mpgi_ray.cli.curate import curate
from mpgi_ray.cli.demo import demo
from mpgi_ray.cli.ingest import ingest
from mpgi_ray.cli.look import inspect
from mpgi_ray.cli.models import evaluate, train
from mpgi_ray.cli.sources import sources
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import MpgiError, StoppedError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Captions for remote-sensing images from several perspectives, and models trained on them.",
)
app.add_typer(ingest, name="ingest")
for command in (sources, caption, plan, curate, inspect, train, evaluate, demo):
    app.command()(command)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; errors a user can mend are one line on stderr and exit code 1."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        result: Any = app(args=arguments, standalone_mode=False)
    except StoppedError as stop:
        typer.echo(clean_name(str(stop)), err=True)
        return stop.code
    except MpgiError as error:
        typer.echo(f"error: {clean_name(str(error))}", err=True)  # it may quote names of any characters
        return 1
    except typer.Exit as stop:
        return stop.exit_code
    except KeyboardInterrupt:
        return 130
    except ImportError as error:
        extra = _extra(error)
        if extra is None and not isinstance(error.__cause__, ImportError):
            raise
        needs = f": this needs pip install 'mpgi-ray[{extra}]'" if extra else ""  # fsspec's says it itself
        typer.echo(f"error: {error}{needs}", err=True)
        return 1
    except Exception as error:
        show = getattr(error, "show", None)  # click's own: wrong options, help
        if show is None:
            raise
        show()
        return 2
    return int(result or 0)


# the extras, and what they bring of that which is imported only where it is needed
_EXTRAS = {
    "train": (
        "torch",
        "torchvision",
        "open_clip",
        "safetensors",
        "huggingface_hub",
        "tokenizers",
        "tensorboardX",
    ),
    "s3": ("s3fs",),
}


def _extra(error: ImportError) -> str | None:
    """The extra that brings the module that is not there, if one does."""
    first = error.__cause__ if isinstance(error.__cause__, ImportError) else error  # fsspec's own has no name
    module = (first.name or "").partition(".")[0]
    return next((extra for extra, modules in _EXTRAS.items() if module in modules), None)


def _stop(*_: object) -> None:
    """End in order when `ray job stop` or a scheduler asks: Ray is shut down, what is published stays."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # asked once is enough
    sys.exit(128 + signal.SIGTERM)
