"""Local folders and object stores behind the few calls the program needs.

A published file appears whole or not at all: locally a temporary file beside it, flushed and renamed;
on an object store one upload, begun when the content is whole. Reads are of whole objects (or of one
range) and are tried again from the first byte, because one that goes on in the middle of a stream can lose
samples.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, TypeVar

from fsspec.implementations.local import LocalFileSystem

from mpgi_ray.data import trouble
from mpgi_ray.data.disk import Disk, is_temporary
from mpgi_ray.data.objects import Objects, opened
from mpgi_ray.data.text import json_object
from mpgi_ray.errors import InputError, MpgiError, OutputError, RecipeError

T = TypeVar("T")


class Storage:
    """A folder: a local path or an fsspec URL such as ``s3://bucket/prefix``. Names are relative to it.

    Trouble that may pass is waited out (`mpgi_ray.data.trouble`). Every call may raise `StorageError`: also
    after that storage does not answer, or it refuses access.
    """

    def __init__(self, url: str) -> None:
        self.url = named(url).rstrip("/") or "/"

    def __repr__(self) -> str:
        return f"Storage({self.url!r})"

    def __reduce__(self) -> tuple[type[Storage], tuple[str]]:
        return Storage, (self.url,)  # connections stay in the process that made them

    @cached_property
    def _store(self) -> Disk | Objects:
        fs, root = opened(self.url)
        return Disk(root) if isinstance(fs, LocalFileSystem) else Objects(fs, root)

    @property
    def is_local(self) -> bool:
        return isinstance(self._store, Disk)

    def path(self, name: str) -> str:
        """Where a file lies, for a person: the path of a local one, else the URL."""
        root = self._store.root if isinstance(self._store, Disk) else self.url
        return f"{root}/{name}" if name else root

    def child(self, name: str) -> Storage:
        return Storage(f"{self.url}/{name}")

    def list(self, *suffixes: str) -> list[str]:
        """Names of all files below with this ending, sorted; empty if the folder is not there.

        A link to a folder is a name that cannot be read: it is not followed.

        Raises:
            InputError: a folder cannot be listed.
        """
        return sorted(self._listed(suffixes, partial(self._store.files, stamps=False)))

    def stamps(self, *suffixes: str) -> dict[str, str]:
        """As `list`, with the `stamp` of each file, and without a request for each.

        Raises:
            InputError: a folder cannot be listed, or a link leads nowhere.
        """
        return dict(sorted(self._listed(suffixes, partial(self._store.files, stamps=True)).items()))

    def times(self, *suffixes: str) -> dict[str, float]:
        """As `stamps`, but with the second since 1970 of each file's last change, by its storage's clock."""
        return self._listed(suffixes, self._store.times)

    def exists(self, name: str) -> bool:
        return self._tried("look for", name, lambda: self._store.exists(name), InputError)

    def stamp(self, name: str) -> str:
        """Changes when the file does: its size, a colon, and its etag or else its time of modification.

        Raises:
            InputError: there is no such file.
        """
        return self._tried("read", name, lambda: self._store.stamp(name), InputError)

    def size(self, name: str) -> int:
        """Of a file, in bytes.

        Raises:
            InputError: there is no such file.
        """
        return self._tried("read", name, lambda: self._store.size(name), InputError)

    def read(self, name: str) -> bytes:
        """The whole file.

        Raises:
            InputError: it cannot be read, or fewer bytes than its size were read.
        """
        return self._tried("read", name, lambda: self._store.read(name), InputError)

    def read_json(self, name: str) -> dict[str, Any]:
        """The JSON object that `publish_json` wrote.

        Raises:
            InputError: the file cannot be read, or is damaged.
        """
        return json_object(self.read(name), self.path(name))

    def read_json_lines(self, name: str) -> tuple[dict[str, Any], ...]:
        """The JSON objects of a file that holds one a line; a last line that is not whole yet is left out.

        Raises:
            InputError: the file cannot be read, or a line is damaged; the message names it.
        """
        *lines, last = self.read(name).split(b"\n")
        rows = [json_object(line, f"{self.path(name)}, line {n}") for n, line in enumerate(lines, 1)]
        with contextlib.suppress(InputError):
            rows += [json_object(last, "")] if last else []
        return tuple(rows)

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """The bytes ``start`` to ``end`` (exclusive).

        Raises:
            InputError: they cannot be read.
        """
        if end <= start:
            return b""
        return self._tried("read", name, lambda: self._store.read_range(name, start, end), InputError)

    def publish(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Write a file so that it appears whole or not at all; replaces an earlier one.

        Args:
            data: the content, or its pieces in order when it is too large for memory; on the way to an object
                store these pass through a temporary file on this machine.

        Raises:
            OutputError: it cannot be written, or is to lie outside of this folder.
        """
        self._require_inside(name)
        if isinstance(data, bytes):
            self._tried("write", name, lambda: self._store.replace(name, data), OutputError)
            return
        with contextlib.ExitStack() as stack:
            try:  # once: pieces do not come again
                whole = stack.enter_context(self._store.gathered(name, data))
            except OSError as error:
                raise trouble.told(error, f"cannot write {self.path(name)}", OutputError) from error
            self._tried("write", name, lambda: self._store.put(whole, name), OutputError)

    def create(self, name: str, data: bytes) -> bool:
        """Write a file, whole, only if there is none of that name: of several writers, the first one wins.

        Returns:
            False if a file with other content is there, which stays as it is. True if it holds these bytes:
            also if an earlier try wrote them, or another writer did.

        Raises:
            OutputError: it cannot be written, or is to lie outside of this folder.
        """
        self._require_inside(name)
        return self._tried("write", name, lambda: self._store.create(name, data), OutputError)

    def publish_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON object, whole or not at all, its keys in their order.

        Raises:
            OutputError: it cannot be written, or is to lie outside of this folder.
        """
        self.publish(name, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def delete(self, name: str) -> None:
        """Remove a file, or a folder with all that it holds; nothing if it is not there.

        Raises:
            OutputError: it cannot be removed, or is a whole disk or bucket.
        """
        self._require_inside(name)
        if not name.strip("/.") and self._store.is_top:
            raise OutputError(f"will not delete all of {self.url}: name a folder in it")
        self._tried("delete", name, lambda: self._store.delete(name), OutputError)

    def sweep(self, *, below: bool = False) -> None:
        """Remove temporary files that a killed process left; only when nobody else is writing.

        Args:
            below: in the folders below, too: they are this program's alone.
        """
        store = self._store
        if isinstance(store, Disk) and not store.is_top:  # an object store shows no unfinished files
            self._tried("sweep", "", lambda: store.sweep(below=below), OutputError)

    def _require_inside(self, name: str) -> None:
        """Hold a name against the folder: some are made of what stands in files of others."""
        if ".." in name.split("/"):
            raise OutputError(f"{name!r} lies outside of {self.url}: nothing is written or deleted there")

    def _listed(self, suffixes: tuple[str, ...], ask: Callable[..., dict[str, T]]) -> dict[str, T]:
        def wanted(name: str) -> bool:
            return name.endswith(suffixes) and not is_temporary(name)

        return self._tried("list", "", lambda: ask(wanted), InputError)

    def _tried(self, verb: str, name: str, call: Callable[[], T], otherwise: type[MpgiError]) -> T:
        try:
            return self._store.tried(call)
        except Exception as error:
            if not trouble.is_of_storage(error):
                raise
            inside = verb == "list" and isinstance(error, OSError) and error.filename
            raise trouble.told(error, f"cannot {verb} {inside or self.path(name)}", otherwise) from error


def named(path: str) -> str:
    """A path that is not empty: an empty one would mean the root, or the working folder.

    Raises:
        RecipeError: it is empty, or names no more than ``s3://``.
    """
    if not path:
        raise RecipeError("a path is empty: name a folder, or a file")
    if path.rstrip("/").endswith(":") and "://" in path:
        raise RecipeError(f"{path} names no bucket: expected a URL such as s3://bucket/folder")
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
