"""``mpgi evaluate --engine``: asks an engine questions, and prints how right its answers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.errors import RecipeError

_ACCURACY = ("kind", "questions", "chance", "accuracy", "unread", "faults", "mean_iou")
_CAPTIONS = ("kind", "questions", "bleu_4", "rouge_l", "cider_d")  # summary.json has the others


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
    if asked.kinds:
        console.print(_table(asked.kinds, "accuracy", _ACCURACY))
    if asked.descriptions:
        console.print(_table(asked.descriptions, "cider_d", _CAPTIONS))
    unread = sum(row["unread"] for row in asked.kinds if row["kind"] != "all")
    if unread:
        typer.echo(f"{unread:,} replies name no answer, or two, and count as wrong: see {out}/answers")


def _table(rows: Sequence[Mapping[str, Any]], figure: str, columns: Sequence[str]) -> Any:
    """One row a kind.

    Args:
        figure: that the interval is of.
        columns: in their order; but for the figure, one of zeros or without values is left out.
    """
    from rich.table import Table

    shown = [name for name in columns if name == figure or any(row.get(name) for row in rows)]
    at = shown.index(figure) + 1
    table = Table()
    for name in (*shown[:at], "95 %", *shown[at:]):
        table.add_column(name.replace("_", " "), no_wrap=True, justify="left" if name == "kind" else "right")
    for row in rows:
        cells = [_cell(row.get(name)) for name in shown]
        interval = f"{row[f'{figure}_low']:g} to {row[f'{figure}_high']:g}"
        table.add_row(*cells[:at], interval, *cells[at:])
    return table


def _cell(value: object) -> Any:
    """A value as it is: kinds may come from a table of another program."""
    from rich.text import Text

    if value is None:
        return Text("")
    said = f"{value:,}" if isinstance(value, int) else str(value)
    return Text("".join(letter if letter.isprintable() else "�" for letter in said))
