"""Texts of any origin held against the annotations of their pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from mpgi_ray.check.texts import Text, Texts
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.data.storage import split_url
from mpgi_ray.data.tables import publish_table
from mpgi_ray.errors import InputError
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.truth.completeness import completeness
from mpgi_ray.truth.verdict import Judged, Verdict, check, verdict_of

WORST = 10
_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("key", pa.string()),
        ("text", pa.string()),
        ("verdict", pa.string()),
        ("completeness", pa.float64()),
        (
            "claims",
            pa.list_(
                pa.struct([(name, pa.string()) for name in ("about", "class", "words", "verdict", "fact")])
            ),
        ),
    ]
)


@dataclass(frozen=True)
class Checked:
    """A text with its claims."""

    text: Text
    key: str
    judged: tuple[Judged, ...]
    completeness: float | None

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.judged)

    def row(self) -> dict[str, object]:
        claims = [
            {
                "about": judged.claim.about.value,
                "class": judged.claim.name,
                "words": self.text.text[judged.claim.start : judged.claim.end],
                "verdict": judged.verdict.value,
                "fact": judged.fact,
            }
            for judged in self.judged
        ]
        return {
            "line": self.text.number,
            "key": self.key,
            "text": self.text.text,
            "verdict": self.verdict.value,
            "completeness": self.completeness,
            "claims": claims,
        }


@dataclass
class Audit:
    """What came of all texts.

    Attributes:
        texts: by verdict.
        claims: by what they are about and their verdict.
        complete: the mean share of annotated classes that a text names; None without annotated classes.
        left: texts whose picture is not in the shards, the first of them.
        worst: those with most contradicted claims.
    """

    texts: Counter[Verdict] = field(default_factory=Counter)
    claims: Counter[tuple[str, Verdict]] = field(default_factory=Counter)
    complete: float | None = None
    left: int = 0
    first_left: str = ""
    worst: list[Checked] = field(default_factory=list)


def audit(path: str, shards: str, out: str | None = None, *, measured: bool = True) -> Audit:
    """Judge the texts of a CSV file.

    Args:
        path: with the columns ``key`` or ``filepath``, and ``text`` or ``caption``.
        shards: the annotated pictures, as `find_shards` takes them.
        out: a Parquet file that gets a row for each text.
        measured: look at colours in the pixels, too.

    Raises:
        InputError: a file cannot be read, or no text belongs to a picture of the shards.
        OutputError: ``out`` cannot be written.
    """
    texts, found = Texts(path), Audit()
    rows: list[dict[str, object]] = []
    named: list[float] = []
    for checked in _checked(texts, shards, measured):
        found.texts[checked.verdict] += 1
        found.claims.update((judged.claim.about.value, judged.verdict) for judged in checked.judged)
        if checked.completeness is not None:
            named.append(checked.completeness)
        found.worst = sorted([*found.worst, checked], key=_badness)[:WORST] if _bad(checked) else found.worst
        if out is not None:
            rows.append(checked.row())
    left = next(texts.left(), None)
    found.left, found.first_left = sum(1 for _ in texts.left()), left.picture if left else ""
    if not found.texts:
        raise InputError(
            f"none of the {texts.total:,} texts of {path} belongs to a picture of {shards}: the first names "
            f"{found.first_left!r}, expected a sample's key, or a path that ends in its name"
        )
    found.complete = sum(named) / len(named) if named else None
    if out is not None:
        storage, name = split_url(out)
        publish_table(storage, name, pa.Table.from_pylist(rows, _SCHEMA))
    return found


def _checked(texts: Texts, shards: str, measured: bool) -> Iterator[Checked]:
    listed = find_shards(shards)
    listed.require_all()
    for name in listed.files:
        for sample in read_shard(listed.read(name), name):
            if isinstance(sample, Sample) and (own := texts.of(sample)):
                facts = facts_of_sample(sample, measured=measured)
                for text in own:
                    judged = tuple(check(text.text, facts))
                    yield Checked(text, sample.key, judged, completeness(judged, facts))


def _bad(checked: Checked) -> int:
    return sum(judged.verdict is Verdict.CONTRADICTED for judged in checked.judged)


def _badness(checked: Checked) -> tuple[int, int]:
    return -_bad(checked), checked.text.number
