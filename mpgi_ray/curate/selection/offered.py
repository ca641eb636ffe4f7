"""The texts of a source shard's samples that pass the filters, as a table that rules decide about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from mpgi_ray.curate.duplicates.texts import normalised
from mpgi_ray.curate.select import Captioned
from mpgi_ray.curate.selection.scored import Scores
from mpgi_ray.data.final import CAPTIONS, people_of

# what every text has, and expressions can name; the shard stands in the file's name
STANDING = pa.schema(
    [
        ("name", pa.string()),
        ("number", pa.int32()),
        ("words", pa.int64()),
        ("sample_id", pa.string()),
        ("source", pa.string()),
        ("scene", pa.string()),
        ("split", pa.string()),
        ("shard", pa.string()),
        ("key", pa.string()),
    ]
)
_OFFERED = pa.schema(
    [
        ("index", pa.int64()),
        *(field for field in STANDING if field.name != "shard"),
        ("_tie", pa.uint64()),
        ("_lot", pa.uint64()),
        ("_same", pa.uint64()),
        ("text", pa.string()),
    ]
)
TAKEN = frozenset(STANDING.names) | {"index", "text", "kept", "reason"}  # names that no score can have


@dataclass(frozen=True, slots=True)
class Offer:
    """What a task needs to know to make the table.

    Attributes:
        order: names of texts, the one first that becomes ``.txt`` where it is kept.
        scores: folders of scores.
        needed: names of scores that a rule uses: every text must have them.
        seed: of chance, which decides between equals.
        reasons: names of the rules, in their order.
    """

    order: tuple[str, ...]
    scores: tuple[Scores, ...]
    needed: frozenset[str]
    seed: int
    reasons: tuple[str, ...]


def offered_table(shard: str, samples: Sequence[Captioned], offer: Offer) -> pa.Table:
    """A row for each text: by the place of its sample, then by name and number.

    ``_tie`` is a hash of seed, sample, name, number and text, ``_lot`` one of seed and sample, ``_same`` one
    of the text without case, spaces and punctuation.

    Args:
        samples: with the texts that take part alone.

    Raises:
        InputError: a text has no score that a rule uses.
    """
    rows = [
        (sample, name, number, text)
        for sample in samples
        for name, number, text in texts_of(sample, offer.order)
    ]
    columns = list(zip(*(_row(*row, offer.seed) for row in rows), strict=True)) or [()] * len(_OFFERED)
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, _OFFERED, strict=True)], schema=_OFFERED)
    places = [(of.sample.index, of.sample.sample_id, name, number, text) for of, name, number, text in rows]
    for scores in offer.scores:
        needed = not offer.needed.isdisjoint(scores.columns)
        for name, values in scores.beside(shard, places, needed=needed).items():
            table = table.append_column(name, pa.array(values, pa.float64()))
    return table


def texts_of(sample: Captioned, order: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """The texts of a sample as name, number and text; numbers count people's captions, without blank ones."""
    written = {row.perspective: row.text for row in sample.captions}
    for name in dict.fromkeys((*order, *written)):
        if name == CAPTIONS:
            yield from ((name, number, text) for number, text in enumerate(people_of(sample.sample)))
        elif name in written:
            yield name, 0, written[name]


def _row(sample: Captioned, name: str, number: int, text: str, seed: int) -> tuple[object, ...]:
    entry, annotation = sample.sample, sample.sample.annotation
    standing = (
        *(entry.index, name, number, len(text.split()), entry.sample_id),
        *(annotation.source or "", next(iter(annotation.scene), ""), annotation.split or "", entry.key),
    )
    tie = _hash(seed, entry.sample_id, name, number, text)
    return *standing, tie, _hash(seed, entry.sample_id), _hash(normalised(text)), text


def _hash(*parts: object) -> int:
    """64 bits, other ones than those that the global order of samples follows.

    By those, the pictures that chance keeps would all lie in the first final shards.
    """
    told = "\0".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=8, person=b"select").digest(), "little")
