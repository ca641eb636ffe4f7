"""What other jobs know of the texts of a shard: their scores, and whether a curation kept them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import isfinite

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import Status
from mpgi_ray.data.rejected import DROPPED
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table
from mpgi_ray.data.text import text_hash
from mpgi_ray.report.finished import finished
from mpgi_ray.report.kept import TEXTS
from mpgi_ray.report.picking import Row
from mpgi_ray.report.scores import SCORES
from mpgi_ray.report.viewer.entry import Entry

KEPT = "kept"


class Scored:
    """The tables of a finished scoring, read a shard at a time.

    Args:
        folder: the output of `mpgi score`.

    Raises:
        InputError: it is not finished, or is none.
    """

    def __init__(self, folder: str) -> None:
        self._tables = finished(folder, "score").storage.child(SCORES)

    def add_to(self, entries: Iterable[Entry], shard: str) -> None:
        """Give the texts of a shard's samples their scores; a text that was written anew has none."""
        if not self._tables.exists(f"{shard}.parquet"):
            return
        rows = read_table(self._tables, f"{shard}.parquet")
        columns = [field.name for field in rows.schema if pa.types.is_floating(field.type)]
        wanted = {entry.index: entry for entry in entries}
        here = rows.filter(pc.is_in(rows["index"], pa.array(list(wanted), rows["index"].type)))
        found: dict[tuple[int, str, int], dict[str, float]] = {}
        for row in here.to_pylist():
            values = {name: row[name] for name in columns if row[name] is not None and isfinite(row[name])}
            found[row["index"], row["name"], row["text_hash"]] = values
        for entry in wanted.values():
            for text in entry.texts:
                which = (entry.index, text.row.perspective, text_hash(text.row.text))
                text.scores |= found.get(which, {}) if text.row.text else {}


class Fates:
    """What a curation kept and dropped.

    Args:
        final: the output of `mpgi curate`.
    """

    def __init__(self, final: str) -> None:
        storage = Storage(final)
        self._samples = _codes(storage, DROPPED, ("shard", "index", "reason"))
        self._texts = _codes(storage, TEXTS, ("shard", "index", "name", "reason"))

    def add_to(self, entries: Iterable[Entry], shard: str) -> None:
        """Say of each good text of this run whether it was kept, or why not."""
        samples = {row["index"]: row["reason"] for row in _of(self._samples, shard)}
        texts: Mapping[int, dict[str, str]] = defaultdict(dict)
        for row in _of(self._texts, shard):
            texts[row["index"]][row["name"]] = row["reason"]
        for entry in entries:
            for text in entry.texts:
                if text.run == 0 and text.row.status == Status.OK:
                    why = samples.get(entry.index) or texts[entry.index].get(text.row.perspective, "")
                    text.fate = f"dropped: {why}" if why else KEPT


def _codes(storage: Storage, name: str, columns: tuple[str, ...]) -> pa.Table | None:
    """A table whose names are numbers: all of it is held."""
    if not storage.exists(name):
        return None
    table = read_table(storage, name, columns)
    coded = [table[n].dictionary_encode() if pa.types.is_string(table[n].type) else table[n] for n in columns]
    return pa.table(coded, names=list(columns))


def _of(table: pa.Table | None, shard: str) -> list[Row]:
    return [] if table is None else table.filter(pc.equal(table["shard"], shard)).to_pylist()
