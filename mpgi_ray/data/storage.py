"""Local folders and object stores behind the few calls the program needs.

A published file appears whole or not at all: locally a temporary file beside it, flushed and renamed;
on an object store one upload, begun when the content is whole. Reads are of whole objects (or of one
range) and are retried from the first byte, because a retry in the middle of a stream can lose
samples.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import fsspec
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from mpgi_ray.data import disk, objects
from mpgi_ray.data.disk import is_temporary
from mpgi_ray.errors import InputError, OutputError, RecipeError

_FINAL = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)
T = TypeVar("T")


class Storage:
    """A folder: a local path or an fsspec URL such as ``s3://bucket/prefix``. Names are relative to it."""

    def __init__(self, url: str) -> None:
        self.url = named(url).rstrip("/") or "/"

    def __repr__(self) -> str:
        return f"Storage({self.url!r})"

    def __reduce__(self) -> tuple[type[Storage], tuple[str]]:
        return Storage, (self.url,)  # connections stay in the process that made them

    @cached_property
    def _fs(self) -> Any:
        return fsspec.core.url_to_fs(self.url)[0]

    @cached_property
    def _root(self) -> str:
        return str(fsspec.core.url_to_fs(self.url)[1])

    @property
    def is_local(self) -> bool:
        return "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))

    def path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def child(self, name: str) -> Storage:
        return Storage(f"{self.url}/{name}")

    def list(self, *suffixes: str) -> list[str]:
        """Names of all files below with this ending, sorted; empty if the folder is not there.

        Raises:
            InputError: a folder cannot be listed.
        """
        return sorted(self._listed(suffixes, stamps=False))

    def stamps(self, *suffixes: str) -> dict[str, str]:
        """As `list`, with the `stamp` of each file, and without a request for each.

        Raises:
            InputError: a folder cannot be listed, or a link leads nowhere.
        """
        return dict(sorted(self._listed(suffixes, stamps=True).items()))

    def _listed(self, suffixes: tuple[str, ...], *, stamps: bool) -> dict[str, str]:
        """Names, with their stamps if these are asked for."""

        def wanted(path: str) -> bool:
            return path.endswith(suffixes) and not path.endswith("/") and not is_temporary(path)

        def found() -> dict[str, str]:
            if not self.is_local:
                listed = self._fs.find(self._root, detail=True)
                return {path: objects.stamp(info) for path, info in listed.items() if wanted(path)}
            entries = [entry for entry in disk.files_below(self._root) if wanted(entry.path)]
            return {entry.path: disk.stamp(entry.stat()) if stamps else "" for entry in entries}

        self._fs.invalidate_cache()
        try:
            listed = _retried(found)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(
                f"cannot list {error.filename or self._root}: {error.strerror or error}; check its rights"
            ) from error
        names = {path[len(self._root) :].lstrip("/"): stamp for path, stamp in listed.items()}
        return {name: stamp for name, stamp in names.items() if name}

    def exists(self, name: str) -> bool:
        self._fs.invalidate_cache()
        return bool(_retried(lambda: self._fs.exists(self.path(name))))

    def stamp(self, name: str) -> str:
        """Changes when the file does: its size, and its etag or else its time of modification."""
        self._fs.invalidate_cache()
        return objects.stamp(_retried(lambda: self._fs.info(self.path(name))))

    def read(self, name: str) -> bytes:
        """The whole file.

        Raises:
            InputError: it cannot be read, also after retries, or fewer bytes than its size were read.
        """

        def whole() -> bytes:
            data = bytes(self._fs.cat_file(self.path(name)))
            expected = self._fs.info(self.path(name))["size"]
            if expected is not None and len(data) != expected:
                raise OSError(f"{len(data):,} of {expected:,} bytes were read")
            return data

        return self._reading(name, whole)

    def read_json(self, name: str) -> dict[str, Any]:
        """The JSON object that `publish_json` wrote.

        Raises:
            InputError: the file cannot be read, or is damaged.
        """
        return _object(self.read(name), self.path(name))

    def read_json_lines(self, name: str) -> tuple[dict[str, Any], ...]:
        """The JSON objects of a file that holds one a line; a last line that is not whole yet is left out.

        Raises:
            InputError: the file cannot be read, or a line is damaged; the message names it.
        """
        *lines, last = self.read(name).split(b"\n")
        rows = [_object(line, f"{self.path(name)}, line {n}") for n, line in enumerate(lines, 1)]
        with contextlib.suppress(InputError):
            rows += [_object(last, "")] if last else []
        return tuple(rows)

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """The bytes ``start`` to ``end`` (exclusive).

        Raises:
            InputError: they cannot be read.
        """

        def part() -> bytes:
            data = bytes(self._fs.cat_file(self.path(name), start=start, end=end))
            if len(data) != end - start:
                raise OSError(f"{len(data):,} of {end - start:,} bytes were read")
            return data

        return self._reading(name, part) if end > start else b""

    def publish(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Write a file so that it appears whole or not at all; replaces an earlier one.

        Args:
            data: the content, or its pieces in order when it is too large for memory; on the way to an object
                store these pass through a temporary file on this machine.

        Raises:
            OutputError: it cannot be written.
        """
        target = self.path(name)
        try:
            if self.is_local:
                disk.replace(Path(target), [data] if isinstance(data, bytes) else data)
            elif isinstance(data, bytes):
                _retried(lambda: self._fs.pipe_file(target, data))
            else:
                # not by a file opened there: closing it, also after an error, publishes what came so far
                with tempfile.NamedTemporaryFile() as whole:
                    whole.writelines(data)
                    whole.flush()
                    _retried(lambda: self._fs.put_file(whole.name, target))
        except OSError as error:
            raise OutputError(
                f"cannot write {target}: {error.strerror or error}; check the path and its rights"
            ) from error

    def create(self, name: str, data: bytes) -> bool:
        """Write a file, whole, only if there is none of that name: of several writers, the first one wins.

        Returns:
            False if a file with other content is there, which stays as it is. True if it holds these bytes:
            also if an earlier try wrote them, or another writer did.

        Raises:
            OutputError: it cannot be written.
        """
        target = self.path(name)
        if self.is_local:
            return self._writing(name, lambda: disk.create(Path(target), data))
        return self._writing(name, lambda: objects.create(self._fs, target, data))

    def publish_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON object, whole or not at all, its keys in their order.

        Raises:
            OutputError: it cannot be written.
        """
        self.publish(name, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def delete(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm(self.path(name), recursive=True)

    def sweep(self, *, below: bool = False) -> None:
        """Remove temporary files that a killed process left; only when nobody else is writing.

        Args:
            below: in the folders below, too: they are this program's alone.
        """
        if self.is_local:
            disk.sweep(Path(self._root), below=below)

    def _writing(self, name: str, call: Callable[[], T]) -> T:
        try:
            return _retried(call)
        except OSError as error:
            reason = error.strerror or error
            raise OutputError(
                f"cannot write {self.path(name)}: {reason}; check the path and its rights"
            ) from error

    def _reading(self, name: str, call: Callable[[], T]) -> T:
        try:
            return _retried(call)
        except OSError as error:
            reason = "there is no such file" if isinstance(error, FileNotFoundError) else error
            raise InputError(f"cannot read {self.path(name)}: {reason}") from error


def named(path: str) -> str:
    """A path that is not empty: an empty one would mean the root, or the working folder.

    Raises:
        RecipeError: it is empty.
    """
    if not path:
        raise RecipeError("a path is empty: name a folder, or a file")
    return path


def absolute(path: str) -> str:
    """A local path made absolute, because workers run in folders of their own; URLs as they are.

    Raises:
        RecipeError: it is empty.
    """
    return path if "://" in path else os.path.abspath(named(path))


def split_url(path: str) -> tuple[Storage, str]:
    """The folder of a file, and the file's name there."""
    folder, _, name = path.rpartition("/")
    return Storage(folder or ("/" if path.startswith("/") else ".")), name


def _object(data: bytes, where: str) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not valid JSON ({error}); restore or delete it") from error
    if not isinstance(content, dict):
        raise InputError(
            f"{where} holds a {type(content).__name__}, expected a JSON object; restore or delete it"
        )
    return content


def _retried(call: Callable[[], T]) -> T:
    passing = retry_if_exception(lambda e: isinstance(e, OSError) and not isinstance(e, _FINAL))
    return Retrying(
        retry=passing, stop=stop_after_attempt(4), wait=wait_random_exponential(0.2, 5), reraise=True
    )(call)
