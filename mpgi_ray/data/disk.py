"""A local disk: files appear whole or not at all, and listings are complete.

A file is written beside its place, flushed, and renamed or, where only the first may win, linked.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


def replace(target: Path, pieces: Iterable[bytes]) -> None:
    """Write a file from its pieces, in place of an earlier one.

    Raises:
        OSError: it cannot be written; an earlier one stays as it is.
    """
    with _written(target, pieces) as temporary:
        temporary.replace(target)


def create(target: Path, data: bytes) -> bool:
    """Write a file only if there is none of that name: of several writers, the first one wins.

    Returns:
        Whether the file that is there now holds these bytes.

    Raises:
        OSError: it cannot be written.
    """
    with _written(target, [data]) as temporary:
        try:
            os.link(temporary, target)
        except FileExistsError:
            # over NFS also the answer to a second try, after the first one's answer was lost
            return target.read_bytes() == data
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return _create_without_links(temporary, target, data)
    return True


def _create_without_links(temporary: Path, target: Path, data: bytes) -> bool:
    """Where a file system knows no hard links, a marker lets one writer at a time look and rename."""
    marker = target.with_name(f".{target.name}.00000000.tmp")  # swept with what else a killed process leaves
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise OSError(errno.EBUSY, "another process is writing this file", str(target)) from None
    try:
        if target.exists():
            return target.read_bytes() == data
        temporary.replace(target)
    finally:
        marker.unlink(missing_ok=True)
    return True


@contextlib.contextmanager
def _written(target: Path, pieces: Iterable[bytes]) -> Iterator[Path]:
    """A whole temporary file beside its place, that is gone afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def files_below(folder: str) -> Iterator[os.DirEntry[str]]:
    """Every file below a folder, and every link: none is followed. Nothing if there is no such folder.

    Raises:
        OSError: a folder cannot be listed; one that is deleted meanwhile is not there.
    """
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                here = list(entries)
        except (FileNotFoundError, NotADirectoryError):
            continue
        folders += [entry.path for entry in here if entry.is_dir(follow_symlinks=False)]
        yield from (entry for entry in here if not entry.is_dir(follow_symlinks=False))


def stamp(file: os.stat_result) -> str:
    """Changes when the file does: its size and its time of modification."""
    return f"{file.st_size}:{file.st_mtime}"


def is_temporary(path: str) -> bool:
    """Whether a file is one that `replace` has not finished, by its name."""
    return _TEMPORARY.fullmatch(path.rpartition("/")[2]) is not None


def sweep(folder: Path, *, below: bool) -> None:
    """Remove what `replace` left in a folder when its process was killed, also ``below`` it if asked to."""
    for path in folder.rglob(".*.tmp") if below else folder.glob(".*.tmp"):
        if is_temporary(path.name):
            path.unlink(missing_ok=True)
