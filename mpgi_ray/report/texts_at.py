"""Texts at their places: those of a caption run from its tables, people's from the pictures' annotations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mpgi_ray.data.caption import Status
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.sample import Annotation
from mpgi_ray.data.text import text_hash

_GONE = "(the text is no longer there, or was written anew)"


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Which text of which sample.

    Attributes:
        number: the position among people's captions; 0 for others.
        digest: what tells it from a text that was written anew; None if it is not known.
    """

    shard: str
    index: int
    name: str
    number: int
    digest: int | None = None


class Texts:
    """Some texts of a caption run, read a chunk at a time.

    Args:
        folder: None if the texts that people wrote are all there are.
    """

    def __init__(self, folder: CaptionFolder | None, places: Iterable[TextPlace]) -> None:
        self._found: dict[TextPlace, str] = {}
        self._there = folder is not None
        wanted: dict[str, set[TextPlace]] = defaultdict(set)
        for place in places:
            if place.name != CAPTIONS:
                wanted[place.shard].add(place)
        if folder is not None:
            for chunk in folder.chunks():
                if inside := wanted.get(chunk.shard):
                    self._look(folder.table(chunk), inside)

    def at(self, place: TextPlace, note: Annotation | None) -> str:
        """A text; a sentence in brackets if it is not there, and nothing without the run that it is of.

        Args:
            note: of its picture, for people's captions.
        """
        if place.name != CAPTIONS:
            return self._found.get(place, _GONE if self._there else "")
        people = [text for text in note.captions if text.strip()] if note else []
        text = people[place.number] if place.number < len(people) else None
        return text if text is not None and _is(text, place.digest) else _GONE

    def _look(self, table: pa.Table, wanted: set[TextPlace]) -> None:
        columns = table.select(["index", "perspective", "status", "text"])
        indices = pa.array({place.index for place in wanted}, columns["index"].type)
        good = pc.and_(pc.is_in(columns["index"], indices), pc.equal(columns["status"], Status.OK.value))
        for row in columns.filter(good).to_pylist():
            for place in wanted:
                here = (row["index"], row["perspective"]) == (place.index, place.name)
                if here and _is(row["text"], place.digest):
                    self._found[place] = row["text"]


def _is(text: str, digest: int | None) -> bool:
    return digest is None or text_hash(text) == digest
