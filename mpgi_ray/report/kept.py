"""The panel on a curation: which samples and texts were kept and dropped, and why, with examples of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.claim import record_of
from mpgi_ray.data.rejected import DROPPED
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_batches
from mpgi_ray.errors import InputError
from mpgi_ray.report.picking import Picked, Row
from mpgi_ray.report.pictures import Place, Shown, read_pictures
from mpgi_ray.report.texts_at import TextPlace, Texts

TEXTS = "texts.parquet"  # of a curation by rules: what became of each text
_SUMMARY = "summary.json"  # written last
KEPT = ""  # in place of a reason
_OWN = ("shard", "index", "key", "sample_id", "name", "number", "kept", "reason")


@dataclass(frozen=True, slots=True)
class Example:
    """A sample that was dropped, or a text.

    Attributes:
        name: of the text; empty for a sample.
        scores: of the text, by name; None where there is none.
    """

    key: str
    where: str
    name: str
    text: str
    scores: Mapping[str, float | None]
    shown: Shown


@dataclass(frozen=True, slots=True)
class Reason:
    """What was dropped for one reason, or kept if that is empty, and some examples."""

    name: str
    count: int
    examples: Sequence[Example]


@dataclass(frozen=True, slots=True)
class Curated:
    """What the panel shows.

    Attributes:
        summary: all counts of the curation.
        samples: dropped ones by reason, most first; empty if the curation did not tell which.
        texts: of the samples that passed the filters, kept ones first; empty if no rules chose among them.
        troubles: shards that could not be read.
    """

    summary: Mapping[str, Any]
    samples: Sequence[Reason]
    texts: Sequence[Reason]
    troubles: Sequence[str]


def curated(
    final: str,
    captions: CaptionFolder,
    fields: ShardFields,
    find: Callable[[str], str],
    count: int = 3,
    seed: int = 0,
) -> Curated:
    """The panel of a finished curation.

    Args:
        final: the output of `mpgi curate`.
        captions: the run that was curated.
        fields: where the source shards keep what is read.
        find: where a source shard lies, by its name; empty if nobody knows it.
        count: examples of each reason.

    Raises:
        InputError: it is of another run, not finished, or a table cannot be read.
    """
    storage = Storage(final)
    _require_of(storage, captions)
    if not storage.exists(_SUMMARY):
        raise InputError(f"{final} is not finished: run the same `mpgi curate` again first")
    samples, texts = _samples(storage, count, seed), _texts(storage, count, seed)
    rows = [row for picked in (samples, texts) for reason in picked.counts for row in picked.rows(reason)]
    places = {
        (row["shard"], row["index"]): Place(find(row["shard"]), row["index"], row.get("sample_id") or "")
        for row in rows
    }
    pictures = read_pictures(places.values(), fields)
    told = Texts(captions, (_text(row) for row in rows if "name" in row))

    def example(row: Row) -> Example:
        shown = pictures.at(places[row["shard"], row["index"]])
        return Example(
            key=row["key"],
            where=f"{row['shard']}, sample {row['index']}",
            name=row.get("name", ""),
            text=told.at(_text(row), shown.note) if "name" in row else "",
            scores={name: value for name, value in row.items() if name not in _OWN},
            shown=shown,
        )

    def reasons(picked: Picked) -> list[Reason]:
        order = sorted(picked.counts.items(), key=lambda pair: (pair[0] != KEPT, -pair[1], pair[0]))
        return [Reason(name, total, [*map(example, picked.rows(name))]) for name, total in order if total]

    return Curated(storage.read_json(_SUMMARY), reasons(samples), reasons(texts), pictures.troubles)


def _require_of(storage: Storage, captions: CaptionFolder) -> None:
    """Hold a curation against the run, whose texts stand at the same places as those of other runs."""
    name, begins = record_of("curate"), "recipe."
    told = storage.read_json(name) if storage.exists(name) else {}
    recipe = {key.removeprefix(begins): value for key, value in told.items() if key.startswith(begins)}
    if recipe and recipe != captions.run_record()["identity"]:
        raise InputError(
            f"{storage.url} was curated from another caption run than {captions.storage.url}: give the final "
            "shards of this one"
        )


def _samples(storage: Storage, count: int, seed: int) -> Picked:
    picked = Picked(count, seed)
    for batch in read_batches(storage, DROPPED) if storage.exists(DROPPED) else ():
        for reason in pc.unique(batch["reason"]).to_pylist():
            picked.add(reason, batch.filter(pc.field("reason") == reason))
    return picked


def _texts(storage: Storage, count: int, seed: int) -> Picked:
    picked = Picked(count, seed)
    for batch in read_batches(storage, TEXTS) if storage.exists(TEXTS) else ():
        picked.add(KEPT, batch.filter(batch["kept"]))
        left = batch.filter(pc.invert(batch["kept"]))
        for reason in pc.unique(left["reason"]).to_pylist():
            picked.add(reason, _with(left, reason))
    return picked


def _with(table: pa.Table, reason: str) -> pa.Table:
    return table.filter(pc.field("reason") == reason)


def _text(row: Row) -> TextPlace:
    return TextPlace(row["shard"], row["index"], row["name"], row["number"])
