"""Preferences: texts about a picture in order of worth, as a table that any job may read.

``preferences.parquet`` has a row for each text: the picture by its ``sample_id``, the ``list`` that it is of,
its ``rank`` there (0 is the best), the ``text``, its ``caption_id`` where it is a caption's (of a sentence
the name of the text that it is from), and the ``kind`` of the list: what the worse texts are wrong about, or
who preferred the best one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table, table_at, typed
from mpgi_ray.errors import InputError

PREFERENCES = "preferences.parquet"
_SCHEMA = pa.schema(
    {
        "sample_id": pa.string(),
        "list": pa.int64(),
        "rank": pa.int32(),
        "caption_id": pa.string(),
        "text": pa.string(),
        "kind": pa.string(),
    }
)


@dataclass(frozen=True, slots=True)
class Preference:
    """Texts about a picture, two or more, the best one first.

    Attributes:
        kind: what the worse ones are wrong about, or who preferred the best one.
        texts: the caption's id of each, empty where it is of none, and the text.
    """

    sample_id: str
    kind: str
    texts: tuple[tuple[str, str], ...]


def write_preferences(storage: Storage, preferences: Iterable[Preference]) -> int:
    """Publish the table.

    Returns:
        How many lists it has.

    Raises:
        OutputError: it cannot be written.
    """
    rows, number = [], -1
    for number, one in enumerate(preferences):
        for rank, (caption_id, text) in enumerate(one.texts):
            rows.append(
                {
                    "sample_id": one.sample_id,
                    "list": number,
                    "rank": rank,
                    "caption_id": caption_id,
                    "text": text,
                    "kind": one.kind,
                }
            )
    publish_table(storage, PREFERENCES, pa.Table.from_pylist(rows, _SCHEMA))
    return number + 1


def read_preferences(path: str) -> Mapping[str, tuple[Preference, ...]]:
    """The lists of each picture, by its ``sample_id``.

    Args:
        path: of the table, or of the folder that it lies in.

    Raises:
        InputError: it cannot be read, or a list has fewer than two texts, two of one rank, or two pictures.
    """
    storage, name = table_at(path, PREFERENCES)
    rows = typed(
        read_table(storage, name, _SCHEMA.names),
        _SCHEMA,
        storage.path(name),
        frozenset({"caption_id", "kind"}),
    )
    lists: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    about: dict[int, tuple[str, str]] = {}
    for row in rows.to_pylist():
        number = row["list"]
        lists[number].append((row["rank"], row["caption_id"] or "", row["text"]))
        first, _ = about.setdefault(number, (row["sample_id"], row["kind"] or ""))
        if first != row["sample_id"]:
            raise InputError(f"{storage.path(name)}: list {number} is about two pictures: number lists anew")
    found: dict[str, list[Preference]] = defaultdict(list)
    for number, texts in lists.items():
        if len(texts) < 2:
            raise InputError(
                f"{storage.path(name)}: list {number} has one text: expected two or more, best first"
            )
        if len({rank for rank, _, _ in texts}) < len(texts):
            raise InputError(
                f"{storage.path(name)}: two texts of list {number} have one rank: expected 0, 1, …; leave "
                "one out where none is better"
            )
        sample_id, kind = about[number]
        ranked = tuple((caption_id, text) for _, caption_id, text in sorted(texts))
        found[sample_id].append(Preference(sample_id, kind, ranked))
    return {sample_id: tuple(one) for sample_id, one in found.items()}
