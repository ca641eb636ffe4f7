"""Which shards a run reads: a folder, a glob, a brace range or a list, resolved to names below one root."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from braceexpand import braceexpand

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.errors import InputError

_SUFFIXES = (".tar", ".tar.gz", ".tgz")
INGEST = "ingest.json"  # written first by an ingest, and the index last
INDEX = "index.parquet"  # beside the shards we write: one row a shard, with its number of samples


@dataclass(frozen=True)
class ShardList:
    """Shards below a root.

    Attributes:
        files: shard name (the path below the root without its suffix) to file name.
        missing: shards that were asked for by name, or that the root's index lists, and that are not there.
    """

    root: Storage
    files: dict[str, str]
    missing: tuple[str, ...]

    def read(self, shard: str) -> bytes:
        return self.root.read(self.files[shard])


def find_shards(spec: str | Sequence[str]) -> ShardList:
    """Resolve ``folder``, ``folder/*.tar``, ``data-{000..031}.tar`` or a list of these.

    Raises:
        InputError: nothing matches, or the entries of a list share no folder.
    """
    patterns = [p for entry in ([spec] if isinstance(spec, str) else spec) for p in braceexpand(entry)]
    root = Storage(_common_root(patterns))
    present = root.list(*_SUFFIXES)
    found: dict[str, str] = {}
    missing: list[str] = []
    for pattern in patterns:
        relative = pattern[len(root.url) :].lstrip("/")
        if relative and not _is_glob(relative) and relative.endswith(_SUFFIXES):
            hits = [relative] if relative in present else []
            missing += [] if hits else [relative]
        else:
            hits = [name for name in present if _matches(name, relative)]
        for name in hits:
            if found.setdefault(_stem(name), name) != name:
                raise InputError(
                    f"{found[_stem(name)]} and {name} are the same shard to us: rename one of them"
                )
    if root.exists(INGEST) and not root.exists(INDEX):
        raise InputError(f"the ingest into {root.url} was not finished: run `mpgi ingest` again first")
    everything = any(pattern.rstrip("/") == root.url for pattern in patterns)
    if everything and root.exists(INDEX):
        listed = read_table(root, INDEX, ["shard"])["shard"].to_pylist()
        missing += [f"{shard}.tar" for shard in listed if shard not in found]
    if not found and not missing:
        raise InputError(f"no shards: nothing ending in .tar, .tar.gz or .tgz matches {', '.join(patterns)}")
    return ShardList(root, dict(sorted(found.items())), tuple(missing))


def _matches(name: str, pattern: str) -> bool:
    return not pattern or fnmatchcase(name, pattern) or name.startswith(pattern.rstrip("/") + "/")


def _is_glob(text: str) -> bool:
    return re.search(r"[*?\[]", text) is not None


def _stem(name: str) -> str:
    return next(name.removesuffix(s) for s in sorted(_SUFFIXES, key=len, reverse=True) if name.endswith(s))


def _common_root(patterns: Sequence[str]) -> str:
    """The deepest folder that holds all patterns: before any glob, without the file names."""
    folders = [_fixed_folder(pattern).split("/") for pattern in patterns]
    common = folders[0]
    for folder in folders[1:]:
        same = 0
        while same < min(len(common), len(folder)) and common[same] == folder[same]:
            same += 1
        common = common[:same]
    root = "/".join(common)
    if root in ("", "s3:", "s3:/", "gs:", "gs:/") and patterns[0].startswith(("/", "s3:", "gs:")):
        raise InputError(
            f"the shards {', '.join(patterns[:3])} … share no folder: caption them in several runs"
        )
    return root or "."


def _fixed_folder(pattern: str) -> str:
    if _is_glob(pattern):
        return re.split(r"[*?\[]", pattern, maxsplit=1)[0].rpartition("/")[0]
    return pattern.rpartition("/")[0] if pattern.endswith(_SUFFIXES) else pattern.rstrip("/")
