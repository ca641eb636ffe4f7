"""A local disk: files appear whole or not at all, and listings are complete.

A file is written beside its place, flushed and renamed.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


def replace(target: Path, pieces: Iterable[bytes]) -> None:
    """Write a file from its pieces, in place of an earlier one.

    Raises:
        OSError: it cannot be written; an earlier one stays as it is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def files_below(folder: str) -> list[str]:
    """Every file below a folder; links to folders are not followed. Empty if there is no such folder.

    Raises:
        OSError: a folder cannot be listed; one that is deleted meanwhile is not there.
    """

    def trouble(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    return [f"{here}/{name}" for here, _, names in os.walk(folder, onerror=trouble) for name in names]


def is_temporary(path: str) -> bool:
    """Whether a file is one that `replace` has not finished, by its name."""
    return _TEMPORARY.fullmatch(path.rpartition("/")[2]) is not None


def sweep(folder: Path, *, below: bool) -> None:
    """Remove what `replace` left in a folder when its process was killed, also ``below`` it if asked to."""
    for path in folder.rglob(".*.tmp") if below else folder.glob(".*.tmp"):
        if is_temporary(path.name):
            path.unlink(missing_ok=True)
