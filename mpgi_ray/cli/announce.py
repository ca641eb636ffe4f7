"""What a command says first, before it imports what does the work: that it has begun, and on what."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer


def announce(job: str, **given: str | Sequence[str] | None) -> None:
    """One line on standard error, as ``caption: recipe hqrs, shards data/shards, output data/captions``.

    Args:
        given: what the command was told, by what it is; nothing is said of what it was not told.
    """
    told = (f"{name} {_shown(value)}" for name, value in given.items() if value)
    typer.echo(f"{job}: {', '.join(told)}", err=True)


def _shown(value: str | Sequence[str]) -> str:
    """A path, or the first of several; of a URL neither a password nor what follows a question mark."""
    first, more = (value, 0) if isinstance(value, str) else (value[0], len(value) - 1)
    if "://" in first:
        first = re.sub(r"://[^/]*@", "://…@", re.sub(r"\?.*", "?…", first))
    text = "".join(letter if letter.isprintable() else "�" for letter in first)
    return f"{text} and {more} more" if more else text
