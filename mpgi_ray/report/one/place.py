"""``PATH#KEY``: which sample of a folder is meant, and where it lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

_SHOWN = 5  # keys or samples that an error names
_COMPARED = 5000  # keys that an unknown one is held against: each takes a moment
LEAST = 6  # letters that the beginning of a sample_id has at least
COLUMNS = ("shard", "index", "key", "sample_id")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a sample lies."""

    shard: str
    index: int
    key: str
    sample_id: str


@dataclass
class Search:
    """Looks through tables of places for a key, a sample_id or the beginning of one.

    A sample of this key is meant before one whose sample_id begins so.
    """

    path: str
    wanted: str
    _named: set[Place] = field(default_factory=set)
    _begin: set[Place] = field(default_factory=set)
    _keys: set[str] = field(default_factory=set)

    def add(self, table: pa.Table) -> None:
        """See a table with `COLUMNS`."""
        named = pc.equal(table["key"], self.wanted)
        self._named |= _places(table.filter(named))
        if len(self.wanted) >= LEAST:
            self._begin |= _places(table.filter(pc.starts_with(table["sample_id"], self.wanted.lower())))
        if not self._named and not self._begin:
            self._keys.update(table["key"].to_pylist())

    def found(self) -> list[Place]:
        """The samples that are meant, in order: several only if their keys, or their pictures, are the same.

        Raises:
            InputError: there is none, with the nearest keys; or the beginning is that of several pictures.
        """
        if self._named:
            return sorted(self._named)
        if len(ids := sorted({place.sample_id for place in self._begin})) > 1:
            some = ", ".join(one[:16] for one in ids[:_SHOWN])
            raise InputError(
                f"{self.path}: {self.wanted} begins {len(ids):,} sample_ids ({some} …): give more of it"
            )
        if self._begin:
            return sorted(self._begin)
        raise unknown(self.path, self.wanted, self._keys)


def unknown(path: str, wanted: str, keys: Iterable[str]) -> InputError:
    """The error for a key that is not there."""
    there = sorted(set(keys))
    alike = [key for key in there if key[:3] == wanted[:3]] or there
    nearest = get_close_matches(wanted, alike[:_COMPARED], _SHOWN, 0.0)
    tail = f"; the nearest keys of {len(there):,} are {', '.join(nearest)}" if nearest else ""
    return InputError(
        f"{path} has no sample {wanted!r}: expected a key, or {LEAST} letters or more of a sample_id{tail}"
    )


def split_key(path: str) -> tuple[str, str | None]:
    """A path and the key behind it; None without one, or if there is such a path.

    Both may hold a ``#``: the longest beginning that is there is the path, or else, as of a glob, what stands
    before the last one.
    """
    marks = [at for at, letter in enumerate(path) if letter == "#" and 0 < at < len(path) - 1]
    if not marks or Storage(path).exists(""):
        return path, None
    at = next((at for at in reversed(marks) if Storage(path[:at]).exists("")), marks[-1])
    return path[:at], path[at + 1 :]


def _places(table: pa.Table) -> set[Place]:
    return {Place(*(row[name] for name in COLUMNS)) for row in table.select(COLUMNS).to_pylist()}
