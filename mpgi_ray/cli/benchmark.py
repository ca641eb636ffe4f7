"""``mpgi instruct benchmark``: single-choice questions, to be asked by `mpgi evaluate --engine`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE

if TYPE_CHECKING:
    from mpgi_ray.instruct.benchmark.blind import Baseline
    from mpgi_ray.report.grid import Table


def benchmark(
    shards: Annotated[str, typer.Argument(help="Folder of final shards, local or s3://…")],
    out: Annotated[str, typer.Option(help="Folder for instructions.parquet and lhrs_bench.json.")],
    split: Annotated[
        str | None,
        typer.Option(help="Samples of this split only; by default test, else val, else all."),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Of shards that name no splits: ask about all pictures, not a twentieth."
        ),
    ] = False,
    duplicates: Annotated[
        str | None, typer.Option(help="Folder of `mpgi duplicates`: no copy of another split is asked about.")
    ] = None,
    most: Annotated[int, typer.Option(min=2, help="Questions of each kind, about.")] = 1000,
    measured: Annotated[bool, typer.Option(help="Ask for colours, which are measured in the pixels.")] = True,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Also write the pictures that are asked about, as files.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of which pictures are asked what.")] = 0,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Make single-choice questions about the pictures of a split, from what is annotated.

    Pictures are asked in groups: the same question with the same choices, each of which is true of one
    picture of the group and false of the others. So the answers cannot be told without the pictures; the
    table at the end prints what a reader of the words alone reaches.
    """
    announce("instruct benchmark", shards=shards, output=out)
    from rich.console import Console

    from mpgi_ray.config import parse
    from mpgi_ray.instruct.benchmark.job import BenchmarkConfig, make_benchmark
    from mpgi_ray.report.grid import print_table

    values = {"shards": shards, "output": out, "split": split, "most": most, "measured": measured}
    values |= {"pictures": pictures, "seed": seed, "whole": whole, "duplicates": duplicates}
    made = make_benchmark(
        parse(BenchmarkConfig, values, "mpgi instruct benchmark"), takeover=takeover, grace=grace
    )
    print_table(table_of(made.kinds), Console())
    questions = sum(kind.questions for kind in made.kinds)
    typer.echo(f"{out}: {questions:,} questions about {made.pictures:,} pictures")
    for line in lines_of(made.left_out):
        typer.echo(line)


def table_of(kinds: Sequence[Baseline]) -> Table:
    """What is reached without a picture: by chance, and by a reader of the words."""
    from mpgi_ray.report.grid import Table

    rows = []
    for one in kinds:
        shares = [f"{100 * share:.1f}" for share in (one.chance, one.blind, one.low, one.high)]
        rows.append([one.kind, f"{one.questions:,}", *shares[:2], f"{shares[2]} to {shares[3]}"])
    columns = ("kind", "questions", "chance", "reader of the words", "95 %")
    return Table("Without the pictures, per cent", (), columns, rows)


def lines_of(left_out: Mapping[str, int]) -> list[str]:
    """How many pictures are not asked about, by reason."""
    return [f"not asked about: {count:,} pictures, {reason}" for reason, count in left_out.items()]
