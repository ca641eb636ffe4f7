"""``ledger.parquet``: what was seen in the files of a caption folder, so that they are opened once.

An entry is believed only while the stamps of its chunk's files, of one listing, are those that it was made
at. So the ledger may be lost, or be of an earlier state: what it does not tell is read again. An entry is
made only of files that are whole and belong together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from itertools import count

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import UNDONE, digests_of, from_table, joined
from mpgi_ray.data.caption_figures import RunFigures
from mpgi_ray.data.caption_folder import CaptionFolder, StageParts
from mpgi_ray.data.parts import ChunkId, Part, Parts
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.errors import DamagedError, InputError

LEDGER = "ledger.parquet"
_VERSION = {b"version": b"1"}  # of what an entry says
_AT_ONCE, _AT_ONCE_LOCAL = 16, 4  # chunks that are read: of an object store most of the time is waiting


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a chunk.

    Attributes:
        chunk: its file name.
        stamps: a hash of the names and stamps of its files.
        merged: whether stage 2 has published something of it.
        samples, not_ok: samples with a record, and those with one that is rejected or failed.
        digest: of its records and of the shard they were made from.
        figures: `RunFigures.packed` of its records.
    """

    chunk: str
    stamps: str
    merged: bool
    samples: int
    not_ok: int
    digest: str
    figures: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A published part that cannot be used: which one, and what is wrong, as the beginning of a line."""

    parts: Parts
    chunk: ChunkId
    what: str


@dataclass
class Survey:
    """What a caption folder holds.

    Attributes:
        entries: of the chunks whose files are whole and belong together.
        faults: of the others.
        read: chunks that had to be opened.
    """

    entries: dict[ChunkId, Entry] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    read: int = 0

    def merged(self) -> list[Entry]:
        """Of the chunks with integrated texts, in order."""
        return [entry for _, entry in sorted(self.entries.items()) if entry.merged]

    def require_whole(self) -> None:
        """Raise an error if a part cannot be used.

        Raises:
            InputError: names the first one.
        """
        if self.faults:
            raise InputError(f"{self.faults[0].what}; run the same `mpgi caption` again: it makes it again")


def survey(folder: CaptionFolder) -> Survey:
    """Look at every chunk of a folder: one listing, and the files of those that the ledger does not know.

    Raises:
        InputError: a file cannot be read.
    """
    known = _read(folder.storage)
    found = Survey()
    unknown: list[tuple[ChunkId, Mapping[str, str]]] = []
    for chunk, files in sorted(folder.files().items()):
        entry = known.get(chunk.file_name)
        if entry is not None and entry.stamps == _in_one(files):
            found.entries[chunk] = entry
        else:
            unknown.append((chunk, files))
    found.read = len(unknown)
    with ThreadPoolExecutor(_AT_ONCE_LOCAL if folder.storage.is_local else _AT_ONCE) as pool:
        examined = pool.map(lambda wanted: _examined(folder, *wanted), unknown)
        for (chunk, _), seen in zip(unknown, examined, strict=True):
            if isinstance(seen, Entry):
                found.entries[chunk] = seen
            else:
                found.faults += seen
    return found


def save(folder: CaptionFolder, found: Survey) -> None:
    """Keep what was found, if something had to be read for it.

    Raises:
        OutputError: it cannot be written.
    """
    if found.read:
        rows = [found.entries[chunk] for chunk in sorted(found.entries)]
        columns = {f.name: [getattr(row, f.name) for row in rows] for f in fields(Entry)}
        publish_table(folder.storage, LEDGER, pa.table(columns).replace_schema_metadata(_VERSION))


def figures_of(entries: Iterable[Entry]) -> RunFigures:
    figures = RunFigures()
    for entry in entries:
        figures.join(entry.figures)
    return figures


def _read(storage: Storage) -> Mapping[str, Entry]:
    """What an earlier start left; nothing if that is damaged or of another version."""
    if not storage.exists(LEDGER):
        return {}
    names = [f.name for f in fields(Entry)]
    try:
        table = read_table(storage, LEDGER, names)
    except InputError:
        return {}
    if table.schema.metadata != _VERSION:
        return {}
    columns = (table[name].to_pylist() for name in names)
    return {row[0]: Entry(*row) for row in zip(*columns, strict=True)}


def _in_one(files: Mapping[str, str]) -> str:
    told = "\n".join(f"{name} {stamp}" for name, stamp in sorted(files.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Look:
    """What one stage published of a chunk: its full part, or else what a pilot left."""

    parts: Parts
    full: bool
    part: Part | None
    damage: str = ""


def _examined(folder: CaptionFolder, chunk: ChunkId, files: Mapping[str, str]) -> Entry | list[Fault]:
    """An entry for a chunk, or why there can be none."""
    *stage1, stage2 = (_look(folder, stage, chunk, files) for stage in (*folder.stage1, folder.stage2))
    faults = [Fault(look.parts, chunk, look.damage) for look in (*stage1, stage2) if look.damage]
    if stage2.part is not None and (wrong := _misfit(stage1, stage2.full, stage2.part)):
        faults.append(Fault(stage2.parts, chunk, f"{stage2.parts.storage.path(chunk.file_name)}: {wrong}"))
    there = [look.part for look in (*stage1, stage2) if look.part is not None]
    return faults or _entry(chunk, _in_one(files), there, merged=stage2.part is not None)


def _look(folder: CaptionFolder, stage: StageParts, chunk: ChunkId, files: Mapping[str, str]) -> _Look:
    def number(parts: Parts) -> int:
        place = parts.storage.url.removeprefix(folder.storage.url).lstrip("/")
        return next(n for n in count() if f"{place}/{chunk.piece_name(n)}" not in files)

    full = number(stage.full) > 0
    parts = stage.full if full else stage.pilot
    try:
        return _Look(parts, full, parts.read(chunk, number(parts)))
    except DamagedError as error:
        return _Look(parts, full, None, error.what)


def _misfit(stage1: Sequence[_Look], full: bool, merged: Part) -> str:
    """Why integrated texts are not those of what stage 1 published; empty if they are."""
    given = [look.part for look in stage1 if look.part is not None and (look.full or not full)]
    if len(given) < len(stage1):
        return "its texts of stage 1 are missing or damaged"
    if any(part.shard_sha256 != merged.shard_sha256 for part in given):
        return "it was made from another shard than its texts of stage 1"
    if not merged.sources:  # of version 0.1
        return ""
    digests = [part.digests or digests_of(from_table(part.rows)) for part in given]
    others = sum(
        told != joined(of_model[index] for of_model in digests if index in of_model)
        for index, told in merged.sources.items()
    )
    return f"{others} of its samples were made from other texts of stage 1 than are there" if others else ""


def _entry(chunk: ChunkId, stamps: str, parts: Sequence[Part], *, merged: bool) -> Entry:
    table = pa.concat_tables([part.rows for part in parts])
    figures = RunFigures()
    figures.add(table)
    undone = table.filter(pc.is_in(table["status"], pa.array(sorted(UNDONE))))
    digest = hashlib.sha256(f"{chunk.file_name}{parts[0].shard_sha256}".encode())
    for column in ("caption_id", "index", "status", "text"):
        digest.update(repr(table[column].to_pylist()).encode())
    return Entry(
        chunk=chunk.file_name,
        stamps=stamps,
        merged=merged,
        samples=figures.samples,
        not_ok=pc.count_distinct(undone["index"]).as_py(),
        digest=digest.hexdigest()[:32],
        figures=figures.packed(),
    )
