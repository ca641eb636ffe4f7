"""Cards: picks with their pictures, read from the input shards one shard at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mpgi_ray.data.caption import BESIDE, Caption, Stage
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.errors import InputError
from mpgi_ray.report.overlay import Colours, Overlay, overlay
from mpgi_ray.report.pictures import bare_pictures, thumbnail
from mpgi_ray.report.sampling import Pick
from mpgi_ray.rules import Facts, gather
from mpgi_ray.rules.measured.measure import measure


@dataclass(frozen=True, slots=True)
class Card:
    """A sample as the page shows it.

    Attributes:
        rows: records of the sample, in the table's order.
        picture: a ``data:`` URI, empty if there is none.
        trouble: why there is no picture.
        note: the annotation, None if it cannot be read.
        facts: what is known of the picture, its colours too, by which the claims of its texts are judged.
    """

    rows: tuple[Caption, ...]
    picture: str = ""
    trouble: str = ""
    size: tuple[int, int] | None = None
    note: Annotation | None = None
    overlay: Overlay | None = None
    facts: Facts | None = None

    @property
    def first(self) -> Caption:
        return self.rows[0]

    def records(self) -> Iterator[tuple[Caption, list[Caption]]]:
        """Final rows, and the other answers to the same question: asked for again, or outscored.

        The texts of one reply were asked for together: the first of them has these answers.
        """
        beside: dict[tuple[str, ...], list[Caption]] = defaultdict(list)
        for row in self.rows:
            if row.status in BESIDE:
                beside[_question(row)].append(row)
            else:
                yield row, beside.pop(_question(row), [])

    @property
    def description(self) -> str:
        """The picture in words, for those who do not see it."""
        said = self.overlay.described if self.overlay else []
        scene = list(self.note.scene) if self.note else []
        return f"Picture {self.first.key}: " + (", ".join([*scene, *said]) or "nothing annotated")


def _question(row: Caption) -> tuple[str, ...]:
    name = "" if row.stage == Stage.INTEGRATED else row.perspective  # stage 2 asks one question
    return row.stage, name, row.model, row.revision


@dataclass
class Gallery:
    """The cards of a report, and what the shards read for them hold.

    Attributes:
        cards: by shard and position.
        objects, scenes: samples by class, over all samples of the shards read.
        shards: shards read.
        samples: usable samples in these.
        troubles: what could not be read, one line each.
    """

    cards: dict[tuple[str, int], Card] = field(default_factory=dict)
    objects: Counter[str] = field(default_factory=Counter)
    scenes: Counter[str] = field(default_factory=Counter)
    shards: int = 0
    samples: int = 0
    troubles: list[str] = field(default_factory=list)

    def card(self, pick: Pick) -> Card:
        """The card of a pick. A sample may be picked twice: for its texts and for its rejected rows."""
        return replace(self.cards[pick.place], rows=pick.rows)


def read_cards(picks: Sequence[Pick], shards: ShardList, fields: ShardFields) -> Gallery:
    """Pictures and annotations for picks, one shard in memory at a time.

    A pick whose shard is missing or has changed keeps its texts and says so.
    """
    gallery, colours = Gallery(), Colours()
    by_shard: dict[str, dict[int, Pick]] = {}
    for pick in picks:
        by_shard.setdefault(pick.place[0], {}).setdefault(pick.place[1], pick)
    for shard, wanted in by_shard.items():
        try:
            _read_shard(gallery, shards, shard, fields, wanted, colours)
        except InputError as error:
            gallery.troubles.append(str(error))
            lost = {pick.place: Card(pick.rows, trouble=str(error)) for pick in wanted.values()}
            gallery.cards.update(lost)
    return gallery


def _read_shard(
    gallery: Gallery,
    shards: ShardList,
    shard: str,
    fields: ShardFields,
    wanted: dict[int, Pick],
    colours: Colours,
) -> None:
    if shard not in shards.files:
        raise InputError(f"{shard} is no longer among the input shards, so its pictures are not shown")
    data = shards.read(shard)
    entries = read_shard(data, shard, fields)
    samples = {entry.index: entry for entry in entries if isinstance(entry, Sample)}
    _count(gallery, samples.values())
    lost = [index for index in wanted if index not in samples]
    pictures = bare_pictures(data, shard, fields, lost) if lost else {}
    for index, pick in wanted.items():
        sample = samples.get(index)
        image = sample.image if sample else pictures.get(index, b"")
        if sample and sample.sample_id != pick.rows[0].sample_id:
            card = Card(pick.rows, trouble="the shard has changed since: another picture is here now")
        else:
            card = _card(pick, image, sample.annotation if sample else None, colours)
        gallery.cards[pick.place] = card


def _count(gallery: Gallery, samples: Iterable[Sample]) -> None:
    gallery.shards += 1
    for sample in samples:
        note = sample.annotation
        gallery.samples += 1
        gallery.objects.update({*(obj.label for obj in note.objects), *note.labels, *note.cover})
        gallery.scenes.update(set(note.scene))


def _card(pick: Pick, image: bytes, note: Annotation | None, colours: Colours) -> Card:
    facts = gather(note) if note else None
    try:
        uri, size = thumbnail(image)
        if facts and note and not note.false_colour:
            facts = replace(facts, measured=measure(decode(image).pixels, note))
    except ImageError as error:
        return Card(pick.rows, trouble=str(error), note=note, facts=facts)
    over = overlay(note, colours) if note else None
    return Card(pick.rows, uri, size=size, note=note, overlay=over, facts=facts)
