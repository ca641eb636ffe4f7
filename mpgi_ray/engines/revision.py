"""Which version of a model wrote a caption: the commit of the hub, or a hash of a local folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 1 << 16
_BLOCKS = 256  # 16 MiB of a file: what is smaller is read whole, of larger ones evenly spread blocks
_COMMIT = re.compile(r"[0-9a-f]{40}")


def revision_of(model: str, revision: str | None = None) -> str:
    """The version of a model that lies on this machine.

    Args:
        model: a hub id whose files are in the hub's cache, or a local folder.
        revision: branch, tag or commit that was asked for; a folder has none.

    Returns:
        The commit of a hub model (the asked ``revision``, or an empty text, if its cache is not found), or
        ``sha256:`` and 16 hexadecimal digits of a folder's files: names, sizes and contents, of files above
        16 MiB in 256 evenly spread blocks, so that large weights are not read twice.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder.resolve().name if _COMMIT.fullmatch(folder.resolve().name) else _hash(folder)
    if revision is not None and _COMMIT.fullmatch(revision):
        return revision
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(model, "config.json", revision=revision)
    except HFValidationError:  # an address such as s3://bucket/model
        cached = None
    return Path(cached).parent.name if isinstance(cached, str) else revision or ""


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path, folder)):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(folder).as_posix()}\0{size}\0".encode())
        with file.open("rb") as stream:
            for start in _starts(size):
                stream.seek(start)
                digest.update(stream.read(_BLOCK))
    return f"sha256:{digest.hexdigest()[:16]}"


def _starts(size: int) -> Iterable[int]:
    """Where the blocks of a file begin: the first at its start, the last at its end."""
    if size <= _BLOCK * _BLOCKS:
        return range(0, size, _BLOCK)
    return (place * (size - _BLOCK) // (_BLOCKS - 1) for place in range(_BLOCKS))


def _hidden(path: Path, folder: Path) -> bool:
    """Downloaders and editors leave files of their own, such as ``.cache``."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
