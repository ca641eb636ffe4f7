"""Where the pictures of a folder lie on the earth, as a table or their names tell it."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.data.sample import Rejected
from mpgi_ray.ingest.footprint import Footprint, of_corners, of_name
from mpgi_ray.ingest.outline import numbers
from mpgi_ray.ingest.pictures import stem
from mpgi_ray.ingest.tables import read_table_file

_COLUMNS = ("image", "west", "south", "east", "north")


class Footprints:
    """The rows of a table; without one, what the pictures' names say.

    Attributes:
        fingerprint: of the table's content; empty without one.

    Raises:
        InputError: the table cannot be read, or lacks a column.
    """

    def __init__(self, path: str | None) -> None:
        self._path, self.fingerprint = path, ""
        self._rows: dict[str, tuple[int, list[str]]] = {}
        if path is not None:
            table = read_table_file(path)
            self.fingerprint = table.fingerprint
            columns = [table.column(name) for name in _COLUMNS]
            for number, row in table.rows[1:]:
                called, *sides = (row[place] if place < len(row) else "" for place in columns)
                self._rows[called] = number, sides

    def of(self, name: str) -> Footprint:
        """That of a picture.

        Raises:
            ValueError: it is not told.
        """
        if self._path is None:
            return of_name(stem(name))
        found = next((self._rows[key] for key in _keys(name) if key in self._rows), None)
        if found is None:
            raise ValueError(f"{self._path} has no row of {name}")
        number, sides = found
        try:
            return of_corners(*numbers(sides))
        except ValueError as error:
            raise ValueError(f"{self._path}, line {number}: {error}") from error

    def others(self, names: list[str]) -> Iterator[Rejected]:
        """The rows that name none of these pictures."""
        known = {key for name in names for key in _keys(name)}
        for called, (number, _) in self._rows.items():
            if called not in known:
                detail = f"{self._path}, line {number}: there is no such picture"
                yield Rejected(called or f"line {number}", 0, "missing_image", detail)


def _keys(name: str) -> tuple[str, str]:
    """What a row may call a picture: its path or its file name."""
    return name, name.rpartition("/")[2]
