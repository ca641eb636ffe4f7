"""An object store behind fsspec: an object appears whole, by one upload that begins when it is whole."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from inspect import signature
from typing import Any, ClassVar, TypeVar

import fsspec
from fsspec import AbstractFileSystem
from fsspec.asyn import AsyncFileSystem

from mpgi_ray.data import trouble
from mpgi_ray.errors import RecipeError

T = TypeVar("T")

_CONNECT_S = 5  # until a connection stands
_SILENT_S = 20  # without a byte of an answer
_LONGEST_S, _SLOWEST = 60.0, 1e6  # of one call: seconds, and further ones by bytes a second


def opened(url: str) -> tuple[Any, str]:
    """The file system of a path or URL, and the root there.

    S3 tries each request three times, and `trouble.retried` does the rest.

    Raises:
        ImportError: the library for this kind of URL is not installed.
        RecipeError: there is no such kind, or it cannot be opened by a URL alone.
    """
    limits = {"connect_timeout": _CONNECT_S, "read_timeout": _SILENT_S, "retries": {"total_max_attempts": 1}}
    options = {"config_kwargs": limits} if url.startswith(("s3://", "s3a://")) else {}
    try:
        fs, root = fsspec.core.url_to_fs(url, **options)
    except ImportError:
        raise
    except Exception as error:  # whatever the library for such URLs raises
        raise RecipeError(
            f"{url} cannot be opened ({error}): expected a local path, or a URL such as s3://bucket/folder"
        ) from error
    return fs, root


class Objects:
    """The objects below a root; names are relative to it."""

    _keeps_conditions: ClassVar[dict[Any, bool]] = {}  # of each store that this process has asked
    _silences: ClassVar[dict[str, trouble.Silence]] = {}  # of each bucket, for all threads

    def __init__(self, fs: Any, root: str) -> None:
        self._fs, self._root = fs, root
        self._is_s3 = "s3" in fs.protocol
        self._once: dict[str, Any] = {}
        bucket = root.strip("/").partition("/")[0]
        self._silence = self._silences.setdefault(bucket, trouble.Silence())
        if self._is_s3:
            fs.retries = 3  # also of the single parts of a large upload
            # by one request: only so are checksums compared, and none of the bytes is of a later version
            if "max_concurrency" in signature(type(fs)._cat_file).parameters:  # older ones know nothing else
                self._once = {"max_concurrency": 1}

    def tried(self, call: Callable[[], T]) -> T:
        """What a call returns; trouble that may pass is waited out, see `trouble.retried`."""
        return trouble.retried(call, trouble.GIVE_UP_S, self._silence)

    @property
    def is_top(self) -> bool:
        """Whether this is a whole bucket."""
        return "/" not in self._root.strip("/")

    def files(self, wanted: Callable[[str], bool], *, stamps: bool) -> dict[str, str]:
        """Names, with their stamps, by one listing."""
        return {name: _stamp(info) for name, info in self._listed(wanted)}

    def times(self, wanted: Callable[[str], bool]) -> dict[str, float]:
        """Names, with the second since 1970 of the last upload, if the store tells it."""
        found = self._listed(wanted)
        return {name: time for name, info in found if (time := _changed(info)) is not None}

    def _listed(self, wanted: Callable[[str], bool]) -> list[tuple[str, Mapping[str, Any]]]:
        """Of what fsspec raises, only that there is no such folder is no error."""
        self._fs.invalidate_cache()
        try:
            found = self._found()
        except FileNotFoundError as error:
            if _is_no_bucket(error):
                raise
            if self.exists(""):
                raise OSError(errno.EAGAIN, "a folder was deleted while it was listed") from error
            return []
        finally:
            self._fs.invalidate_cache()  # it holds all that was found
        named = ((path[len(self._root) :].lstrip("/"), info) for path, info in found.items())
        # a name that ends in a slash stands for a folder
        return [pair for pair in named if pair[0] and not pair[0].endswith("/") and wanted(pair[0])]

    def exists(self, name: str) -> bool:
        try:
            return bool(self._info(name))
        except FileNotFoundError as error:
            if _is_no_bucket(error):
                raise
            return False

    def stamp(self, name: str) -> str:
        return _stamp(self._info(name))

    def size(self, name: str) -> int:
        size = self._info(name)["size"]
        if size is None:
            raise OSError(errno.EINVAL, "the server does not tell its size")
        return int(size)

    def read(self, name: str) -> bytes:
        size = self._info(name)["size"]  # None of a web server that does not tell
        data = bytes(self._fs.cat_file(self._path(name), **self._once, **self._within(size or 0)))
        if size is not None and len(data) != size:
            raise OSError(f"{len(data):,} of {size:,} bytes were read")
        return data

    def read_range(self, name: str, start: int, end: int) -> bytes:
        within = self._within(end - start)
        data = bytes(self._fs.cat_file(self._path(name), start=start, end=end, **within))
        if len(data) != end - start:
            if (size := self.size(name)) < end:
                raise OSError(errno.EINVAL, f"it holds {size:,} bytes, expected {end:,} or more")
            raise OSError(f"{len(data):,} of {end - start:,} bytes were read")
        return data

    def replace(self, name: str, data: bytes) -> None:
        self._fs.pipe_file(self._path(name), data, **self._within(len(data)))

    @contextlib.contextmanager
    def gathered(self, name: str, pieces: Iterable[bytes]) -> Iterator[str]:
        """A whole file of these pieces on this machine, that is gone afterwards.

        The object is not written piece by piece: closing it, also after an error, publishes what came so far.
        """
        with tempfile.NamedTemporaryFile() as whole:
            try:
                whole.writelines(pieces)
                whole.flush()
            except OSError as error:
                raise OSError(error.errno, f"{error.strerror}, in {tempfile.gettempdir()}") from error
            yield whole.name

    def put(self, whole: str, name: str) -> None:
        """Let a gathered file become this object."""
        self._fs.put_file(whole, self._path(name), **self._within(os.path.getsize(whole)))

    def create(self, name: str, data: bytes) -> bool:
        """Write an object only if there is none of that name: of several writers, the first one wins.

        The write carries the condition (``If-None-Match: *``). Whether a store keeps to it is asked once, by
        writing the same again. One that does not is looked at before and read again afterwards, which leaves
        a moment in which two writers may both take themselves for the first.

        Returns:
            Whether the object that is there now holds these bytes. So a second try is right when the answer
            to the first one was lost, and two writers of the same bytes have both written them.
        """
        keeps = self._keeps_conditions.get(self._fs)
        if not keeps and self.exists(name):
            return trouble.holds(self.read, name, data)
        if keeps is False:
            self.replace(name, data)
            return trouble.holds(self.read, name, data)
        if not self._taken(name, data):
            self._keeps_conditions[self._fs] = True
            return trouble.holds(self.read, name, data)
        if keeps is None:
            keeps = self._keeps_conditions[self._fs] = not self._taken(name, data)
        return keeps or trouble.holds(self.read, name, data)

    def delete(self, name: str) -> None:
        """Remove an object, or all that lie below a name; s3fs does not tell which it could not remove."""
        self._fs.invalidate_cache()
        try:
            self._fs.rm(self._path(name), recursive=True)
        except FileNotFoundError as error:
            if _is_no_bucket(error):
                raise
        if self.exists(name):
            raise OSError("it is still there")

    def _taken(self, name: str, data: bytes) -> bool:
        """Whether the store took the object, on condition that there is none if it can."""
        try:
            self._fs.pipe_file(self._path(name), data, mode="create", **self._within(len(data)))
        except FileExistsError:
            return False
        except NotImplementedError:
            self.replace(name, data)
        except OSError as error:
            if trouble.answer(error)[0] in ("PreconditionFailed", "412"):
                return False
            if trouble.answer(error)[1] != 501:
                raise
            self.replace(name, data)
        return True

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _info(self, name: str) -> Mapping[str, Any]:
        self._fs.invalidate_cache()
        info: Mapping[str, Any] = self._fs.info(self._path(name))
        return info

    def _found(self) -> Mapping[str, Mapping[str, Any]]:
        """Information on all objects, by path."""
        own = getattr(type(self._fs), "_find", AsyncFileSystem._find) is not AsyncFileSystem._find
        if own or type(self._fs).find is not AbstractFileSystem.find:
            found: Mapping[str, Mapping[str, Any]] = self._fs.find(self._root, detail=True)
            return found
        # what fsspec has for the others passes over the folders that it cannot list
        files, folders = dict[str, Mapping[str, Any]](), [self._root]
        while folders:
            folder = folders.pop()
            for info in self._fs.ls(folder, detail=True):
                if info["type"] != "directory":
                    files[info["name"]] = info
                elif info["name"].rstrip("/") != folder:
                    folders.append(info["name"].rstrip("/"))
        return files

    def _within(self, size: int) -> dict[str, float]:
        """Limit of a call that moves so many bytes: a peer that stops reading is not noticed otherwise."""
        return {"timeout": _LONGEST_S + size / _SLOWEST} if self._is_s3 else {}


def _is_no_bucket(error: FileNotFoundError) -> bool:
    return trouble.answer(error)[0] == "NoSuchBucket"


def _changed(info: Mapping[str, Any]) -> float | None:
    told = info.get("LastModified") or info.get("mtime") or info.get("created")
    return told.timestamp() if isinstance(told, datetime) else told


def _stamp(info: Mapping[str, Any]) -> str:
    version = info.get("ETag") or info.get("etag") or info.get("mtime") or info.get("LastModified")
    return f"{info['size']}:{version}"
