"""Which shards a run reads: a folder, a glob, a brace range or a list, resolved to names below one root."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from mpgi_ray.bounded import expand_braces
from mpgi_ray.data.claim import SHARD_JOBS, record_of
from mpgi_ray.data.index import INDEX, IndexRow, read_index
from mpgi_ray.data.job_copy import in_job_copy
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError

SUFFIXES = (".tar", ".tar.gz", ".tgz")
NOT_READ = (".tar.zst", ".tar.bz2", ".tar.xz", ".tar.lz4", ".tar.Z", ".tzst", ".tbz2", ".tbz", ".txz")
_COPY = " (a job runs in a copy of its --working-dir: give absolute paths)"
_BEGUN = {record_of(job): job for job in SHARD_JOBS}


@dataclass(frozen=True)
class ShardList:
    """Shards below a root.

    Attributes:
        files: shard name (the path below the root without its suffix) to file name.
        missing: shards that were asked for by name, or that an index lists, and that are not there.
        samples: of each shard that an index lists.
        stamps: of the files, by shard.
        hashes: the SHA-256 of each file, where an index tells it.
    """

    root: Storage
    files: dict[str, str]
    missing: tuple[str, ...] = ()
    samples: Mapping[str, int] = field(default_factory=dict)
    stamps: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    def read(self, shard: str) -> bytes:
        return self.root.read(self.files[shard])

    def spread(self, count: int) -> list[str]:
        """At most so many shards, spread over all of them."""
        names = list(self.files)
        reads = min(count, len(names))
        return [names[len(names) * turn // reads] for turn in range(reads)]

    def require_all(self, others: Sequence[str] = ()) -> None:
        """Raise an error if shards are missing.

        Args:
            others: further shards that are known to be missing.

        Raises:
            InputError: names them.
        """
        if names := list(dict.fromkeys([*self.missing, *(f"{shard}.tar" for shard in others)])):
            are, them = ("is", "it") if len(names) == 1 else ("are", "them")
            raise InputError(
                f"{shards_in_words(len(names))} {are} missing below {self.root.url}: {', '.join(names[:5])}"
                f"{' …' if len(names) > 5 else ''}; bring {them} back and run the same command again"
            )


def shards_in_words(number: int) -> str:
    """``1 shard``, ``2,000 shards``."""
    return f"{number:,} {'shard' if number == 1 else 'shards'}"


def find_shards(spec: str | Sequence[str]) -> ShardList:
    """Resolve ``folder``, ``folder/*.tar``, ``data-{000..031}.tar`` or a list of these.

    Where a folder of shards holds an index, the shards that it lists belong to whatever pattern they match.
    A file of a compression that is not read (`NOT_READ`) is an error, unless the same shard lies beside it in
    a form that is read.

    Raises:
        InputError: nothing matches an entry, a brace range stands for too many names, the entries of a list
            share no folder, a folder's shards are not all written yet, an index is damaged or does not name
            a shard beside it, or a file matches that cannot be read as a shard or has not its size.
    """
    patterns = [p for entry in ([spec] if isinstance(spec, str) else spec) for p in _names(entry)]
    root = Storage(_common_root(patterns))
    there = root.stamps(*SUFFIXES, *NOT_READ, INDEX, *_BEGUN)
    present = {name: _stem(name) for name in there if name.endswith(SUFFIXES)}
    asked = [pattern.removeprefix(root.url).lstrip("/") for pattern in patterns]
    wanted = _Wanted(asked)
    matched = [name for name in there if name.endswith((*SUFFIXES, *NOT_READ)) and wanted.covers(name)]
    _require_plain([*patterns, *matched])
    _require_read(matched)
    files: dict[str, str] = {}
    for name in filter(present.__contains__, matched):
        if files.setdefault(present[name], name) != name:
            raise InputError(
                f"{files[present[name]]} and {name} have the same shard name: rename one of them"
            )
    folders = {_folder(name) for name in files.values()} | set(map(_fixed_folder, asked))
    marks = [name for name in there if _folder(name) in folders or wanted.covers(name)]
    _require_finished(root, marks)
    listed = _listed(root, marks)
    gone = [f"{shard}.tar" for shard in sorted(listed.keys() - set(present.values()))]
    missing = sorted(wanted.names - present.keys() | set(filter(wanted.covers, gone)))
    known, ending = [*files.values(), *gone], "ending in .tar, .tar.gz or .tgz"
    for pattern, relative in zip(patterns, asked, strict=True):
        if relative not in wanted.names and not any(_matches(name, relative) for name in known):
            raise InputError(f"there are no shards: no file {ending} matches {pattern}{_hint(pattern)}")
    _require_as_listed(root, there, files, listed)
    samples = {shard: row.samples for shard, row in listed.items() if shard in files}
    stamps = {shard: there[file] for shard, file in files.items()}
    plain = (shard for shard in samples if files[shard].endswith(".tar"))  # an index tells of no other form
    hashes = {shard: listed[shard].sha256 for shard in plain}
    return ShardList(root, dict(sorted(files.items())), tuple(missing), samples, stamps, hashes)


def _hint(pattern: str) -> str:
    """What lies where shards were expected, and what makes shards of it."""
    folder = Storage(_fixed_folder(pattern))
    if folder.exists("run.json"):
        return ": `mpgi inspect` tells what that folder is; of captions, `mpgi curate` makes shards"
    if folder.is_local and not Path(folder.url).exists():
        return f", where there is nothing{_COPY * in_job_copy(folder)}"
    return "; `mpgi ingest auto` says what makes shards of pictures"


def _require_plain(names: Sequence[str]) -> None:
    """Hold names against what can be written as JSON and Parquet, where shards are listed by name."""
    if odd := [name for name in names if clean_name(name) != name]:
        raise InputError(
            f"the name of the shard {clean_name(odd[0])} is not UTF-8 or holds control characters: rename it"
        )


def _require_read(names: Sequence[str]) -> None:
    """Hold the files that match against the compressions that are read."""
    read = {_stem(name) for name in names if name.endswith(SUFFIXES)}
    if lost := [name for name in names if name.endswith(NOT_READ) and _stem(name) not in read]:
        raise InputError(
            f"{shards_in_words(len(lost))} of a compression that is not read: {', '.join(lost[:3])}"
            f"{' …' if len(lost) > 3 else ''}; unpack to .tar, or name the others, as in FOLDER/*.tar"
        )


def _names(entry: str) -> list[str]:
    """The names that an entry stands for; in the name of a folder that is there, a brace is itself."""
    if "{" in entry and os.path.exists(entry):
        return [entry]
    try:
        return expand_braces(entry)
    except ValueError as error:
        raise InputError(f"{error}: name the folder, or use a glob") from error


def _require_finished(root: Storage, marks: Sequence[str]) -> None:
    for name in marks:
        job = _BEGUN.get(name.rpartition("/")[2])
        if job and _beside(name, INDEX) not in marks:
            folder = root.path(_folder(name))
            raise InputError(f"{folder} is not finished: run the same `mpgi {job}` again first")


def _listed(root: Storage, marks: Sequence[str]) -> dict[str, IndexRow]:
    """The shards that the indexes list, as paths below the root."""
    indexes = [name for name in marks if name.rpartition("/")[2] == INDEX]
    return {_beside(name, shard): row for name in indexes for shard, row in read_index(root, name).items()}


def _require_as_listed(
    root: Storage, there: Mapping[str, str], files: Mapping[str, str], listed: Mapping[str, IndexRow]
) -> None:
    """Hold the shards that are to be read against the index beside them: their names, and their sizes."""
    for shard, file in files.items():
        if _beside(file, INDEX) not in there:
            continue
        if shard not in listed:
            raise InputError(
                f"{root.path(file)} is not named by the {INDEX} beside it: move it away, or name the others"
            )
        row, size = listed[shard], there[file].partition(":")[0]
        if file.endswith(".tar") and not row.fits(there[file]):
            job = next((job for mark, job in _BEGUN.items() if _beside(file, mark) in there), None)
            raise InputError(
                f"{root.path(file)} is damaged: it holds {size} bytes, its {INDEX} tells {row.bytes}; "
                + (f"run the same `mpgi {job}` again" if job else "bring the whole file back")
            )


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _beside(name: str, other: str) -> str:
    return f"{_folder(name)}/{other}".lstrip("/")


class _Wanted:
    """What was asked for, below the root.

    Attributes:
        names: files by name, of which there may be a hundred thousand.
        patterns: globs and folders.
    """

    def __init__(self, asked: Sequence[str]) -> None:
        self.names = {name for name in asked if name.endswith(SUFFIXES) and not _is_glob(name)}
        self.patterns = [pattern for pattern in asked if pattern not in self.names]

    def covers(self, name: str) -> bool:
        return name in self.names or any(_matches(name, pattern) for pattern in self.patterns)


def _matches(name: str, pattern: str) -> bool:
    return not pattern or fnmatchcase(name, pattern) or name.startswith(pattern.rstrip("/") + "/")


def _is_glob(text: str) -> bool:
    return re.search(r"[*?\[]", text) is not None


def _stem(name: str) -> str:
    endings = sorted((*SUFFIXES, *NOT_READ), key=len, reverse=True)
    return next(name.removesuffix(ending) for ending in endings if name.endswith(ending))


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
    return pattern.rpartition("/")[0] if pattern.endswith((*SUFFIXES, *NOT_READ)) else pattern.rstrip("/")
