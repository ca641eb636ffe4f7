"""Object stores behind fsspec: objects that are written once, and what tells one version from another."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

_KEEPS_CONDITIONS: dict[Any, bool] = {}  # of each store that this process has asked


def create(fs: Any, path: str, data: bytes) -> bool:
    """Write an object only if there is none of that name: of several writers, the first one wins.

    The write carries the condition (``If-None-Match: *``). Whether a store keeps to it is asked once, by
    writing the same again. One that does not is looked at before and read again afterwards, which leaves a
    moment in which two writers may both take themselves for the first.

    Returns:
        Whether the object that is there now holds these bytes. So a second try is right when the answer to
        the first one was lost, and two writers of the same bytes have both written them.

    Raises:
        Exception: what fsspec raises; only that the store refuses because of the condition is not an error.
    """
    keeps = _KEEPS_CONDITIONS.get(fs)
    fs.invalidate_cache()
    if not keeps and fs.exists(path):
        return bool(fs.cat_file(path) == data)
    if keeps is not False:
        if not _written(fs, path, data):
            _KEEPS_CONDITIONS[fs] = True
            return bool(fs.cat_file(path) == data)
        keeps = _KEEPS_CONDITIONS[fs] = keeps or not _written(fs, path, data)
    else:
        fs.pipe_file(path, data)
    return keeps or bool(fs.cat_file(path) == data)


def stamp(info: Mapping[str, Any]) -> str:
    """Changes when the object does: its size, and its etag or else its time of modification."""
    version = info.get("ETag") or info.get("etag") or info.get("mtime") or info.get("LastModified")
    return f"{info['size']}:{version}"


def _written(fs: Any, path: str, data: bytes) -> bool:
    """Whether the store took the object, on condition that there is none if it can."""
    try:
        fs.pipe_file(path, data, mode="create")
    except FileExistsError:
        return False
    except NotImplementedError:
        fs.pipe_file(path, data)
    except OSError as error:
        if _code(error) in ("PreconditionFailed", "412"):
            return False
        if error.errno != errno.ENOSYS:
            raise
        fs.pipe_file(path, data)
    return True


def _code(error: BaseException) -> str:
    """What the store answered: the code of botocore's error, of which s3fs makes an error of Python."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
