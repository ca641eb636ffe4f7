"""Pictures with the questions about them: drawn evenly by hash, a shard in memory at a time."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby, takewhile

from mpgi_ray.data.annotated import annotation_of
from mpgi_ray.data.final import Record, read_records, short_id
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.instructions import read_instructions
from mpgi_ray.data.sample import Annotation
from mpgi_ray.errors import InputError
from mpgi_ray.report.finished import Finished
from mpgi_ray.report.overlay import Colours, Overlay, overlay
from mpgi_ray.report.pictures import as_uri, small_jpeg
from mpgi_ray.report.questions.answered import replies
from mpgi_ray.report.questions.boxes import boxes_of
from mpgi_ray.report.questions.question import Question
from mpgi_ray.report.spread import drawn, ordered_by

_NOT_FOUND = "No shard that could be read holds it."


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture that is asked about.

    Attributes:
        shard, index: where it lies; the shard is empty where nobody knows that.
        jpeg: the picture made small, empty if there is none.
        trouble: why there is none.
        size: of the picture itself.
        note: its annotation, None if it cannot be read.
    """

    shard: str
    index: int
    key: str
    sample_id: str
    questions: tuple[Question, ...] = ()
    jpeg: bytes = b""
    trouble: str = ""
    size: tuple[int, int] | None = None
    note: Annotation | None = None
    overlay: Overlay | None = None

    @property
    def picture(self) -> str:
        """It as a ``data:`` URI."""
        return as_uri(self.jpeg)

    @property
    def split(self) -> str:
        """The split that the questions about it are of; empty if they name none."""
        return next((one.conversation.split for one in self.questions if one.conversation.split), "")

    @property
    def conversations(self) -> list[list[Question]]:
        """The questions by conversation."""
        return [[*own] for _, own in groupby(self.questions, lambda one: one.conversation.id)]

    @property
    def description(self) -> str:
        """The picture in words, for those who do not see it."""
        said = [*(self.note.scene if self.note else ()), *(self.overlay.described if self.overlay else ())]
        return f"Picture {self.key}: {', '.join(said) or 'nothing annotated'}"


@dataclass
class Drawing:
    """Which pictures are shown.

    Attributes:
        shards: paths of the final shards that hold the pictures.
        about: ids of all pictures that questions are about.
        count: how many are shown.
        most: shards that are read.
        longest: side of the pictures, in pixels.
        troubles: shards that could not be read, a line each, as they come.
    """

    shards: Sequence[str]
    about: Collection[str]
    count: int
    most: int
    longest: int
    seed: int = 0
    troubles: list[str] = field(default_factory=list)

    def pictures(self) -> Iterator[Asked]:
        """The pictures, without their questions; last those of which no pixels were found."""
        left, there = self.count, set[str]()
        turns = self._turns()
        for at, (name, path) in enumerate(turns):
            try:
                found = self._asked_in(path, there)
            except InputError as error:
                self.troubles.append(str(error))
                continue
            there |= {record.sample_id for record in found.values()}
            sources = {index: record.source for index, record in found.items()}
            ids = {index: record.sample_id for index, record in found.items()}
            chosen = drawn(sources, ids, math.ceil(left / (len(turns) - at)), self.seed)
            left -= len(chosen)
            for index in chosen:
                yield _look(found[index], name, index, self.longest)
        if self.troubles or len(turns) == len(self.shards):  # else they may lie in shards that are not read
            lost = sorted({*self.about} - there, key=lambda one: ordered_by(self.seed, one))
            for sample_id in lost[:left]:
                yield Asked("", 0, short_id(sample_id), sample_id, trouble=_NOT_FOUND)

    def _turns(self) -> list[tuple[str, str]]:
        """The shards to read, in an order by hash: names below the folder that all lie in, and paths."""
        levels = zip(*(path.split("/")[:-1] for path in self.shards), strict=False)
        shared = sum(1 for _ in takewhile(lambda level: len({*level}) == 1, levels))
        names = [("/".join(path.split("/")[shared:]), path) for path in self.shards]
        return sorted(names, key=lambda one: ordered_by(self.seed, one[0]))[: min(self.most, self.count)]

    def _asked_in(self, path: str, there: Collection[str]) -> dict[int, Record]:
        """By place in a shard, the pictures that are asked about and were not found before."""
        found, seen = {}, {*there}
        for index, record in enumerate(read_records([path])):
            if record.sample_id in self.about and record.sample_id not in seen:
                seen.add(record.sample_id)
                found[index] = record
        return found


def _look(record: Record, shard: str, index: int, longest: int) -> Asked:
    """A picture made small, and its annotation."""
    asked = Asked(shard, index, record.key, record.sample_id)
    with suppress(InputError):  # of a shard of another program there may be none
        asked = replace(asked, note=annotation_of(record))
    try:
        pixels = decode(record.image).pixels
    except ImageError as error:
        return replace(asked, trouble=str(error))
    return replace(asked, jpeg=small_jpeg(pixels, longest), size=pixels.size)


def with_questions(pictures: Sequence[Asked], table: str, run: Finished | None = None) -> Iterator[Asked]:
    """Pictures with the questions about them; boxes that answers name are drawn over what is annotated.

    Args:
        table: of the questions, or its folder.
        run: of which the replies are shown beside the answers.

    Raises:
        InputError: a table cannot be read.
    """
    about = {one.sample_id for one in pictures}
    asked, told = read_instructions(table, about), replies(run, about) if run else {}
    colours = Colours()
    for one in pictures:
        questions = tuple(
            Question(turn, conversation, place, told.get((conversation.id, place)))
            for conversation in asked[one.sample_id]
            for place, turn in enumerate(conversation.turns)
        )
        boxes = None
        if one.size:
            note = one.note or Annotation(width=one.size[0], height=one.size[1])
            boxes = overlay(note, colours, boxes_of(questions, note.width, note.height))
        yield replace(one, questions=questions, overlay=boxes)
