"""A table of a report: its cells as text, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import table as rich_table
from rich.console import Console
from rich.text import Text

from mpgi_ray.data.text import clean_name


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text.

    Attributes:
        notes: lines that belong to it, such as whether a model saw these pictures in training.
    """

    title: str
    notes: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def numbers(self) -> frozenset[int]:
        """The places of columns of numbers."""
        cells = [[row[place] for row in self.rows if row[place]] for place in range(len(self.columns))]
        return frozenset(place for place, own in enumerate(cells) if all(one[:1].isdigit() for one in own))


def print_table(table: Table, console: Console) -> None:
    """Print a table under its title; one that is wider than the console or a log is not cut."""
    console.print()
    print_line(console, table.title, "bold")
    for note in table.notes:
        print_line(console, f"  {note}")
    console.print(_grid(table), crop=False)


def print_line(console: Console, text: str, style: str = "") -> None:
    """Print a line as it is: what stands in it is no markup, and it is not broken."""
    console.print(Text(clean_name(text), style), soft_wrap=True)


def _grid(table: Table) -> rich_table.Table:
    """Headings may take several lines; what stands in a cell is never cut or wrapped."""
    grid = rich_table.Table()
    rows = [[clean_name(cell) for cell in row] for row in table.rows]
    for place, name in enumerate(table.columns):
        cells = [row[place] for row in rows]
        words = name.split()
        least = max(map(len, [*cells, *words]))
        right = place in table.numbers
        grid.add_column(name, justify="right" if right else "left", min_width=least)
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid
