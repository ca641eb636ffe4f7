"""``mpgi evaluate --engine``: asks an engine questions, and prints how right its answers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.errors import RecipeError


def ask(
    engine: str | None,
    questions: str | None,
    shards: str,
    out: str,
    split: str | None,
    blind: bool,
    beside: Mapping[str, Any],
    *,
    takeover: bool,
    grace: float,
) -> None:
    """Ask an engine the questions of a folder.

    Args:
        blind: without the pictures.
        beside: options of the comparison of models that were given, too.

    Raises:
        RecipeError: an option is missing, or one that belongs to models is given.
    """
    if engine is None or questions is None:
        lacking = "--engine FILE" if engine is None else "--questions FOLDER"
        raise RecipeError(f"{lacking} is missing: an engine is asked the questions of a folder, give both")
    if given := [option for option, value in beside.items() if value]:
        raise RecipeError(f"--engine and {', '.join(given)}: the latter is for models, leave it out")
    announce("evaluate", engine=engine, questions=questions, shards=shards, output=out)
    from rich.console import Console

    from mpgi_ray.config import parse
    from mpgi_ray.evaluate.asked.job import ask_engine
    from mpgi_ray.evaluate.asked.settings import AskConfig, AskedEngine

    values = {"shards": shards, "questions": questions, "output": out, "split": split, "pictures": not blind}
    config = parse(AskConfig, values | {"asked": AskedEngine.load(engine)}, "mpgi evaluate")
    asked = ask_engine(config, takeover=takeover, grace=grace)
    console = Console()
    typer.echo(f"{asked.engine}{'' if asked.pictures else ', without the pictures'}")
    for rows in (asked.kinds, asked.descriptions):
        if rows:
            console.print(_table(rows))
    unread = sum(row["unread"] for row in asked.kinds if row["kind"] != "all")
    if unread:
        typer.echo(f"{unread:,} replies name no answer, or two, and count as wrong: see {out}/answers")


def _table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """One row a kind; ends of intervals stand in the cell of their figure."""
    from rich.table import Table

    columns = dict.fromkeys(key for row in rows for key in row if not key.endswith(("_low", "_high")))
    table = Table(*(column.replace("_", " ") for column in columns))
    for row in rows:
        table.add_row(*(_cell(row, column) for column in columns))
    return table


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    said = f"{value:,}" if isinstance(value, int) else str(value)
    if f"{column}_low" in row:
        said += f" ({row[f'{column}_low']} to {row[f'{column}_high']})"
    return said
