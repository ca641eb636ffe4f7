"""What a search for duplicates found, as a value, as ``summary.json``, and as a table for a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from mpgi_ray.curate.duplicates.texts import TextCounts
from mpgi_ray.data.records import read_record
from mpgi_ray.data.storage import Storage

SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class DuplicatesSummary:
    """The result of a search.

    Attributes:
        pictures: that were compared; the others are counted in ``left_out``, by reason.
        exact: pictures whose bytes another one has, too, beside the first of them.
        candidates: pairs of different pictures whose hashes and reduced pictures are near.
        unlisted: pairs, counted in each symmetry, of near hashes and unlike reduced pictures.
        crowded: such pairs, alike enough to be looked at, of pictures that have many of them.
        copies, overlaps: candidates that were confirmed.
        groups: of two or more pictures.
        dropped: pictures that are not the kept one of their group.
        conflicts: of these, pictures that are annotated otherwise than the kept one.
        across_splits: of these, pictures of another split than the kept one.
        merged: kept pictures of which exact duplicates tell something more.
        texts: duplicates among the captions that came with the pictures.
        overlaps_sought: whether candidates that are no copies were looked at.
        nothing_to_do: the search was already finished; the numbers are those of an earlier start.
    """

    pictures: int
    left_out: dict[str, int]
    exact: int
    candidates: int
    unlisted: int
    crowded: int
    copies: int
    overlaps: int
    groups: int
    dropped: int
    conflicts: int
    across_splits: int
    merged: int = 0
    texts: TextCounts = field(default_factory=TextCounts)
    overlaps_sought: bool = True
    nothing_to_do: bool = False

    def record(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        return {name: value for name, value in asdict(self).items() if name != "nothing_to_do"}


def read_summary(output: Storage) -> DuplicatesSummary:
    """The summary of an earlier start.

    Raises:
        InputError: ``summary.json`` is damaged.
    """
    fix = "delete it and run the same command again"
    return replace(read_record(output, SUMMARY, DuplicatesSummary, "duplicates", fix), nothing_to_do=True)


def print_summary(summary: DuplicatesSummary, console: Console) -> None:
    """The numbers, a line each."""
    texts = summary.texts
    overlaps = f"{summary.overlaps:,}" if summary.overlaps_sought else "not sought"
    lines = [
        ("pictures compared", summary.pictures, ""),
        *((f"left out: {reason}", count, "") for reason, count in summary.left_out.items()),
        ("exact duplicates", summary.exact, "the same bytes once more"),
        ("candidates", summary.candidates, "pairs of near hashes; the next two are confirmed"),
        ("  copies", summary.copies, "re-encoded, resized, turned or mirrored"),
        ("  overlaps", overlaps, "the same ground in part"),
        ("near by chance", summary.unlisted, "hashes that are near, of pictures that are unlike: not listed"),
        ("  in crowds", summary.crowded, "of pictures that are near to very many others: not listed"),
        ("groups", summary.groups, ""),
        ("to drop", summary.dropped, "all but the kept picture of each group"),
        ("  annotated otherwise", summary.conflicts, "than the kept picture"),
        ("  of another split", summary.across_splits, "than the kept picture"),
        ("merged", summary.merged, "kept pictures of which exact duplicates tell more"),
        ("texts", texts.texts, f"{texts.distinct:,} distinct"),
        ("  twice for a picture", texts.repeated_within, ""),
        ("  of several pictures", texts.shared, f"in {texts.pictures_sharing:,} pictures"),
    ]
    table = Table("", Column("number", justify="right"), "", box=None, pad_edge=False, show_header=False)
    for name, number, note in lines:
        table.add_row(name, number if isinstance(number, str) else f"{number:,}", note)
    if summary.nothing_to_do:
        console.print("nothing to do: found before")
    console.print(table)
