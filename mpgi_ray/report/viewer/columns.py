"""The index of the viewer: a column for every filter, numbers in place of names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpgi_ray.data.sample import Annotation
from mpgi_ray.report.viewer.entry import Pictured, Text

_DIGITS = 4  # of a score


class Names:
    """Names in the order of their first use, and the number of each."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a text; all texts of a viewer have the same names and numbers.

    Attributes:
        names: by column, of which each is a filter.
        numbers: by column.
        scores: by their name.
    """

    names: Mapping[str, str]
    numbers: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


class Columns:
    """What is known of all samples and texts that were added, in their order."""

    def __init__(self) -> None:
        self.samples = 0
        self.texts = 0
        self._names = {name: Names() for name in ("shard", "source", "split", "scene", "object")}
        self._of_samples: dict[str, list[Any]] = {
            name: [] for name in ("shard", "index", "key", "source", "split", "scene", "object", "first")
        }
        self._of_texts: dict[str, list[int]] = defaultdict(list)
        self._scores: dict[str, list[float | None]] = {}

    def add(self, entry: Pictured, split: str, texts: Iterable[Row]) -> None:
        """The next sample with its texts."""
        note = entry.note
        scenes, objects = (note.scene, classes(note)) if note else ((), ())
        values = {
            "index": entry.index,
            "key": entry.key,
            "first": self.texts,
            "shard": self._number("shard", entry.shard),
            "source": self._number("source", (note.source or "") if note else ""),
            "split": self._number("split", split),
            "scene": [self._number("scene", label) for label in dict.fromkeys(scenes)],
            "object": [self._number("object", label) for label in objects],
        }
        for name, value in values.items():
            self._of_samples[name].append(value)
        self.samples += 1
        for text in texts:
            self._add_text(text)

    def _add_text(self, text: Row) -> None:
        for name, value in text.names.items():
            self._of_texts[name].append(self._number(name, value))
        for name, number in text.numbers.items():
            self._of_texts[name].append(number)
        for name in text.scores:
            self._scores.setdefault(name, [None] * self.texts)
        for name, column in self._scores.items():
            score = text.scores.get(name)
            column.append(None if score is None else float(f"{score:.{_DIGITS}g}"))
        self.texts += 1

    def _number(self, column: str, name: str) -> int:
        return self._names.setdefault(column, Names()).number(name)

    def record(self) -> dict[str, Any]:
        """As the viewer reads it: ``names`` of the columns with numbers, and the columns of both tables.

        ``first`` is the number of a sample's first text; scores are pairs of a name and a column.
        """
        return {
            "names": {column: list(names) for column, names in self._names.items()},
            "samples": self._of_samples,
            "texts": self._of_texts,
            "scores": list(self._scores.items()),  # names that others chose are no keys of an object
        }


def row_of(text: Text) -> Row:
    """What is known of a text of a caption run."""
    row = text.row
    names = {
        "perspective": row.perspective,
        "model": row.model,
        "status": row.status,
        "reason": row.reason,
        "fate": text.fate,
    }
    numbers = {"verdicts": text.verdicts, "run": text.run, "differs": int(text.differs)}
    return Row(names, numbers, text.scores)


def classes(note: Annotation) -> list[str]:
    """All that is annotated in a picture: objects, labels and what a mask covers."""
    return list(dict.fromkeys([*(thing.label for thing in note.objects), *note.labels, *note.cover]))
