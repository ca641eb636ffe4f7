"""``mpgi evaluate --engine``: asks an engine questions, and prints how right its answers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    from mpgi_ray.report.questions.answered import print_answered

    values = {"shards": shards, "questions": questions, "output": out, "split": split, "pictures": not blind}
    config = parse(AskConfig, values | {"asked": AskedEngine.load(engine)}, "mpgi evaluate")
    asked = ask_engine(config, takeover=takeover, grace=grace)
    print_answered(asked.record(), out, Console())
