"""A local disk: files appear whole or not at all, and listings are complete.

A file is written beside its place, flushed, and renamed or, where only the first may win, linked.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from mpgi_ray.data import trouble

T = TypeVar("T")

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
_LOST = "this link leads nowhere"
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Disk:
    """The files below a folder; names are relative to it. All calls raise `OSError`."""

    def __init__(self, root: str) -> None:
        self.root = root

    def tried(self, call: Callable[[], T]) -> T:
        """What a call returns; trouble that may pass is waited out."""
        return trouble.retried(call, trouble.LOCAL_GIVE_UP_S, trouble.Silence())

    @property
    def is_top(self) -> bool:
        """Whether this is the whole disk."""
        return self.root == os.path.dirname(self.root)

    def files(self, wanted: Callable[[str], bool], *, stamps: bool) -> dict[str, str]:
        """Names, with their stamps if asked for. A link to a folder is a name, and is not followed."""
        found = self._wanted(wanted)
        if not stamps:
            return dict.fromkeys(found, "")
        known = ((name, _stat_of(entry)) for name, entry in found.items())
        return {name: _stamp(stat) for name, stat in known if stat is not None}

    def times(self, wanted: Callable[[str], bool]) -> dict[str, float]:
        """Names, with the time of the last change in seconds since 1970."""
        known = ((name, _stat_of(entry)) for name, entry in self._wanted(wanted).items())
        return {name: stat.st_mtime for name, stat in known if stat is not None}

    def exists(self, name: str) -> bool:
        try:
            os.stat(self._path(name))
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def stamp(self, name: str) -> str:
        return _stamp(os.stat(self._path(name)))

    def size(self, name: str) -> int:
        path = self._path(name)
        _require_file(path)
        return os.stat(path).st_size

    def read(self, name: str) -> bytes:
        return self.read_range(name, 0, None)

    def read_range(self, name: str, start: int, end: int | None) -> bytes:
        path = self._path(name)
        _require_file(path)
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if end is not None and size < end:
                raise OSError(errno.EINVAL, f"it holds {size:,} bytes, expected {end:,} or more")
            file.seek(start)
            data = file.read(-1 if end is None else end - start)
        expected = (size if end is None else end) - start
        if len(data) < expected:
            raise OSError(f"{len(data):,} of {expected:,} bytes were read")
        return data

    def replace(self, name: str, data: bytes) -> None:
        """Write a file; an earlier one stays as it is if that fails."""
        with self.gathered(name, [data]) as whole:
            self.put(whole, name)

    @contextlib.contextmanager
    def gathered(self, name: str, pieces: Iterable[bytes]) -> Iterator[str]:
        """A whole temporary file of these pieces beside the place of ``name``, that is gone afterwards."""
        target = self._path(name)
        _make_folder(os.path.dirname(target))
        temporary = _beside(target, uuid.uuid4().hex[:8])
        try:
            with open(temporary, "xb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)

    def put(self, whole: str, name: str) -> None:
        """Let a gathered file become this one."""
        target = self._path(name)
        os.replace(whole, target)
        _flush(os.path.dirname(target))

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only if there is none of that name: of several writers, the first one wins.

        Returns:
            Whether the file that is there now holds these bytes.
        """
        target = self._path(name)
        with self.gathered(name, [data]) as whole:
            try:
                os.link(whole, target)
            except FileExistsError:
                if not os.path.exists(target) and os.path.islink(target):
                    raise OSError(errno.EINVAL, _LOST) from None
                # over NFS also the answer to a second try, after the first one's answer was lost
                return trouble.holds(self.read, name, data)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                return self._create_without_links(whole, name, data)
        _flush(os.path.dirname(target))
        return True

    def delete(self, name: str) -> None:
        """Remove a file, or a folder with all that it holds; links are removed, not what they lead to."""
        path = self._path(name)
        while os.path.lexists(path):
            with contextlib.suppress(FileNotFoundError):  # another process removes it, too
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)

    def sweep(self, *, below: bool) -> None:
        """Remove temporary files of a process that was killed, also ``below`` if asked to."""
        for entry in self._entries() if below else _listed(self.root):
            if is_temporary(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(entry.path)

    def _wanted(self, wanted: Callable[[str], bool]) -> dict[str, os.DirEntry[str]]:
        named = ((entry.path[len(self.root) :].lstrip("/"), entry) for entry in self._entries())
        return {name: entry for name, entry in named if wanted(name)}

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        folders = [self.root]
        while folders:
            for entry in _listed(folders.pop()):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry

    def _create_without_links(self, whole: str, name: str, data: bytes) -> bool:
        """Where a file system knows no hard links, a marker lets one writer at a time look and rename."""
        target = self._path(name)
        marker = _beside(target, "0" * 8)  # is swept with what else a killed process leaves
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            raise OSError(errno.EBUSY, "another process is writing it") from None
        try:
            if os.path.lexists(target):
                return trouble.holds(self.read, name, data)
            self.put(whole, name)
        finally:
            os.unlink(marker)
        return True

    def _path(self, name: str) -> str:
        return os.path.join(self.root, name) if name else self.root


def is_temporary(path: str) -> bool:
    """Whether a file is one that was not finished, by its name."""
    return _TEMPORARY.fullmatch(path.rpartition("/")[2]) is not None


def _flush(folder: str) -> None:
    """A name that was given to a file outlives a power cut, where the file system can promise that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise NotADirectoryError(errno.ENOTDIR, f"{error.filename} is not a folder") from None


def _beside(target: str, mark: str) -> str:
    path = Path(target)
    return str(path.with_name(f".{path.name}.{mark}.tmp"))


def _listed(folder: str) -> list[os.DirEntry[str]]:
    """What a folder holds: nothing if it is not there, or was deleted meanwhile."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _stamp(file: os.stat_result) -> str:
    return f"{file.st_size}:{file.st_mtime}"


def _stat_of(entry: os.DirEntry[str]) -> os.stat_result | None:
    """None for a file that was deleted meanwhile."""
    try:
        return entry.stat()
    except FileNotFoundError:
        if entry.is_symlink():
            raise OSError(errno.EINVAL, _LOST, entry.path) from None
        return None


def _require_file(path: str) -> None:
    """Opening a pipe would wait for a writer, and a device has no end."""
    kind = stat.S_IFMT(os.stat(path).st_mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, "it is a folder, expected a file")
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, f"it is {_KINDS.get(kind, 'no file')}, expected a file")
