"""Texts of any origin from a CSV file, with the picture that each is about."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from mpgi_ray.data.sample import Sample
from mpgi_ray.data.storage import split_url
from mpgi_ray.data.text import decode_text
from mpgi_ray.errors import InputError

_KEYS = ("key", "filepath")
_TEXTS = ("text", "caption")


@dataclass(frozen=True)
class Text:
    """A row of the file.

    Attributes:
        number: its line, from 1; the first row names the columns.
        picture: the key or path of its picture, as the file has it.
    """

    number: int
    picture: str
    text: str


class Texts:
    """The rows of a CSV file by their pictures.

    A picture is named by its sample's key or name, or by a path that ends in either, with any suffix.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """

    def __init__(self, path: str) -> None:
        folder, name = split_url(path)
        content = decode_text(folder.read(name), path)
        rows = csv.reader(io.StringIO(content, newline=""))
        header = [column.strip().lower() for column in next(rows, [])]
        key, text = _column(header, _KEYS, path), _column(header, _TEXTS, path)
        self._of: dict[str, list[Text]] = {}
        self.total = 0
        for row in rows:
            if not any(row):
                continue
            if len(row) <= max(key, text):
                cells = f"{len(row)} cells, expected {len(header)} as in its first row"
                raise InputError(f"{path}, line {rows.line_num}: {cells}")
            self.total += 1
            named = row[key].strip()
            self._of.setdefault(_parts(named)[-1], []).append(Text(rows.line_num, named, row[text].strip()))

    def of(self, sample: Sample) -> list[Text]:
        """The texts of a picture, which are taken out."""
        name = _parts(sample.name)
        found = self._of.pop(sample.key, [])
        same = self._of.get(name[-1], [])
        found += (own := [text for text in same if _agree(_parts(text.picture), name)])
        if own:
            self._of[name[-1]] = [text for text in same if text not in own]
        return sorted(found, key=lambda text: text.number)

    def left(self) -> Iterator[Text]:
        """Those that no picture took."""
        for texts in self._of.values():
            yield from texts


def _column(header: list[str], names: tuple[str, ...], path: str) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    raise InputError(
        f"{path} has no column {' or '.join(names)}; it has {', '.join(header) or 'none'}: name it so"
    )


def _parts(path: str) -> tuple[str, ...]:
    """The folders and the file of a path, without its suffix."""
    pure = PurePosixPath(path)
    return pure.with_suffix("").parts if pure.suffix else pure.parts or ("",)


def _agree(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one path is the end of the other."""
    shared = min(len(a), len(b))
    return a[-shared:] == b[-shared:]
