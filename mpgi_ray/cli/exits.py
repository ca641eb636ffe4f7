"""What becomes of a command's errors: one line for a person, and an exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import typer

from mpgi_ray.errors import MpgiError, StoppedError


def code_of(call: Callable[[], Any]) -> int:
    """The exit code of a command; errors a user can mend are one line on stderr and 1."""
    try:
        result: Any = call()
    except StoppedError as stop:
        typer.echo(_clean(stop), err=True)
        return stop.code
    except MpgiError as error:
        typer.echo(f"error: {_clean(error)}", err=True)
        return 1
    except typer.Exit as stop:
        return stop.exit_code
    except SystemExit as stop:
        if stop.code != signal.SIGTERM:
            raise
        # while Ray starts and after it has ended, its own handler takes the signal
        typer.echo("stopped (SIGTERM) while nothing was under way; the same command goes on", err=True)
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        return 130
    except ImportError as error:
        extra = missing_extra(error)
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


def _clean(error: MpgiError) -> str:
    """What an error says, which may quote names of any characters."""
    from mpgi_ray.data.text import clean_name  # half of the start of `mpgi --help` would be for this

    return clean_name(str(error))


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
    "serve": ("starlette", "uvicorn"),
    "s3": ("s3fs",),
    "geo": ("rasterio",),
    "duplicates": ("cv2",),
    "webdataset": ("webdataset",),
}


def missing_extra(error: ImportError) -> str | None:
    """The extra that brings the module that is not there, if one does."""
    first = error.__cause__ if isinstance(error.__cause__, ImportError) else error  # fsspec's own has no name
    module = (first.name or "").partition(".")[0]
    return next((extra for extra, modules in _EXTRAS.items() if module in modules), None)
