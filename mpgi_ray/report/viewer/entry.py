"""A sample as the viewer shows it: its picture, what is annotated, and what is known of its texts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import isfinite
from typing import Protocol

from mpgi_ray.data.caption import Caption, Status
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.text import text_hash
from mpgi_ray.report.cards import Card
from mpgi_ray.report.claimed import cut
from mpgi_ray.report.overlay import Colours, Overlay, overlay
from mpgi_ray.report.pictures import small_jpeg
from mpgi_ray.rules import Facts, gather
from mpgi_ray.rules.measured.measure import measure
from mpgi_ray.truth.verdict import Verdict, check

PIXELS = 384  # longest side of a picture
UNCHECKED = 8  # in place of verdicts: nothing is known of the picture, or there is no text
BITS = {Verdict.SUPPORTED: 1, Verdict.UNVERIFIABLE: 2, Verdict.CONTRADICTED: 4}
CONTRADICTED = "contradicted"  # the reason of a reply that was refused because of a claim


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a text that a claim is made of.

    Attributes:
        start, end: in UTF-16 units, as browsers count.
        told: as of `mpgi_ray.report.claimed.Stretch`.
    """

    start: int
    end: int
    verdict: str
    told: str


@dataclass(slots=True)
class Text:
    """A final record of a run.

    Attributes:
        run: 0, or 1 if it is of the run to compare with.
        earlier: answers to the same question that were asked for again before it.
        marks: of the text, or of the reply that was refused because of a claim.
        verdicts: which there are among the claims, as a sum of `BITS`; 0 if it makes none.
        differs: from what the other run has under this perspective.
        fate: kept, or why it was dropped; empty if that is not known.
    """

    row: Caption
    run: int
    earlier: Sequence[Caption] = ()
    marks: Sequence[Mark] = ()
    verdicts: int = UNCHECKED
    differs: bool = False
    scores: dict[str, float] = field(default_factory=dict)
    fate: str = ""


class Pictured(Protocol):
    """What the viewer shows of any picture."""

    @property
    def shard(self) -> str: ...
    @property
    def index(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def sample_id(self) -> str: ...
    @property
    def trouble(self) -> str: ...
    @property
    def size(self) -> tuple[int, int] | None: ...
    @property
    def note(self) -> Annotation | None: ...
    @property
    def overlay(self) -> Overlay | None: ...


@dataclass(slots=True)
class Entry:
    """What is shown of a sample.

    Attributes:
        picture: a JPEG, empty if there is none.
        trouble: why there is none.
        size: of the picture itself.
        note: its annotation, None if it cannot be read.
    """

    shard: str
    index: int
    key: str
    sample_id: str
    texts: list[Text]
    picture: bytes = b""
    trouble: str = ""
    size: tuple[int, int] | None = None
    note: Annotation | None = None
    overlay: Overlay | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a shard tells of a sample: see `Entry`."""

    picture: bytes = b""
    trouble: str = ""
    size: tuple[int, int] | None = None
    note: Annotation | None = None
    facts: Facts | None = None


def look(sample: Sample) -> Seen:
    """A sample's picture made small, its annotation, and the facts by which its texts are judged."""
    return _look(sample.image, sample.annotation)


def look_bare(image: bytes) -> Seen:
    """The picture of a sample whose annotation cannot be read."""
    return _look(image, None)


def _look(image: bytes, note: Annotation | None) -> Seen:
    facts = gather(note) if note else None
    try:
        pixels = decode(image).pixels
    except ImageError as error:
        return Seen(trouble=str(error), note=note, facts=facts)
    if facts and note and not note.false_colour:
        facts = replace(facts, measured=measure(pixels, note))
    return Seen(small_jpeg(pixels, PIXELS), size=pixels.size, note=note, facts=facts)


def entry_of(rows: Sequence[Caption], seen: Seen, colours: Colours, against: Sequence[Caption] = ()) -> Entry:
    """A sample with the texts of its records, judged.

    Args:
        rows: all records of the sample, at least one.
        against: those of the run to compare with.
    """
    first = rows[0]
    texts = [*_texts(rows, 0, seen.facts), *_texts(against, 1, seen.facts)]
    if against:
        _compare(texts)
    over = overlay(seen.note, colours) if seen.note else None
    shown = (seen.picture, seen.trouble, seen.size, seen.note, over)
    return Entry(first.shard, first.index, first.key, first.sample_id, texts, *shown)


def _texts(rows: Iterable[Caption], run: int, facts: Facts | None) -> list[Text]:
    return [_text(row, earlier, run, facts) for row, earlier in Card(tuple(rows)).records()]


def _text(row: Caption, earlier: Sequence[Caption], run: int, facts: Facts | None) -> Text:
    text = Text(row, run, earlier, scores=own_scores(row))
    told = row.raw if row.reason == CONTRADICTED else row.text
    if facts and told:
        judged = check(told, facts)
        text.marks = _marks(told, [(part.text, part.verdict, part.told) for part in cut(told, judged)])
        if row.status == Status.OK:
            text.verdicts = sum({BITS[one.verdict] for one in judged})
    return text


def _marks(text: str, parts: Sequence[tuple[str, str, str]]) -> list[Mark]:
    """Places of the parts with a verdict; Python counts characters, browsers UTF-16 units."""
    ends = [0]
    for part, _, _ in parts:
        ends.append(ends[-1] + (len(part) if text.isascii() else len(part.encode("utf-16-le")) // 2))
    places = zip(pairwise(ends), parts, strict=True)
    return [Mark(start, end, verdict, told) for (start, end), (_, verdict, told) in places if verdict]


def own_scores(row: Caption) -> dict[str, float]:
    """The figures that a record itself holds, as the coverage of a merge."""
    told: Mapping[str, object] = json.loads(row.scores)
    return {
        name: float(value)
        for name, value in told.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    }


def _compare(texts: Sequence[Text]) -> None:
    """Mark the texts under whose perspective the runs do not have the same."""
    said: dict[str, tuple[set[tuple[str, str]], set[tuple[str, str]]]] = defaultdict(lambda: (set(), set()))
    for text in texts:
        said[text.row.perspective][text.run].add((text.row.status, text.row.text))
    for text in texts:
        one, other = said[text.row.perspective]
        text.differs = one != other


def hash_of(text: str) -> str:
    """The ``text_hash`` of tables of scores, as a decimal number; empty without a text."""
    return str(text_hash(text)) if text else ""
