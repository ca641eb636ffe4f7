"""``mpgi instruct``: questions about pictures with their answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.benchmark import benchmark
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE

if TYPE_CHECKING:
    from mpgi_ray.instruct.job import Made

_ANSWERS = 4  # of those that were cut, which are told

instruct = typer.Typer(no_args_is_help=True, help="Questions about pictures with answers that facts prove.")


@instruct.callback()
def _commands() -> None:
    pass


instruct.command()(benchmark)


@instruct.command()
def make(
    shards: Annotated[str, typer.Argument(help="Folder of final shards, local or s3://…")],
    out: Annotated[str, typer.Option(help="Folder for instructions.parquet and further forms.")],
    kind: Annotated[
        list[str] | None,
        typer.Option(help="A kind of question; may be repeated. By default all: see docs/instructions.md."),
    ] = None,
    each: Annotated[int, typer.Option(min=1, help="Questions of a kind about a picture.")] = 2,
    turns: Annotated[int, typer.Option(min=1, help="Turns of a conversation at most.")] = 4,
    untold: Annotated[
        float, typer.Option(help="Largest share of answers that something cannot be told, of each kind.")
    ] = 0.05,
    boxes: Annotated[
        str | None, typer.Option(help="How boxes are written: shares, thousandths or pixels.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="The model that is to learn them: boxes are written as it does.")
    ] = "",
    form: Annotated[
        list[str] | None,
        typer.Option(help="A further form: llava, sharegpt, webdataset; may be repeated."),
    ] = None,
    short: Annotated[str, typer.Option(help="The text that is the short description.")] = "short",
    long: Annotated[str, typer.Option(help="The text that is the long description.")] = "long",
    split: Annotated[str | None, typer.Option(help="Samples of this split only.")] = None,
    duplicates: Annotated[
        str | None, typer.Option(help="Folder of `mpgi duplicates`: copies come into one split.")
    ] = None,
    measured: Annotated[bool, typer.Option(help="Name colours of things, measured in the pixels.")] = False,
    engine: Annotated[
        Path | None,
        typer.Option(help="YAML file of a model that words them anew: engine and sampling, as in recipes."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of wordings and of what is kept.")] = 0,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Make questions with true answers of the facts of final shards.

    Every answer follows from the annotations; no answer dominates its kind, as far as the data allows; a
    picture is in one split. The same command goes on after a stop.
    """
    announce("instruct make", shards=shards, output=out)
    from mpgi_ray.config import parse, read_yaml
    from mpgi_ray.instruct.config import MakeConfig
    from mpgi_ray.instruct.job import make_instructions

    given = {"kinds": kind, "boxes": boxes, "forms": form, "duplicates": duplicates}
    values: dict[str, object] = {name: value for name, value in given.items() if value}
    values |= {"shards": shards, "output": out, "each": each, "turns": turns, "untold": untold}
    values |= {"model": model, "short": short, "long": long, "split": split, "measured": measured}
    values["seed"] = seed
    words = read_yaml(engine) if engine else {}
    config = parse(MakeConfig, words | values, str(engine) if engine else "mpgi instruct make")
    _tell(make_instructions(config, takeover=takeover, grace=grace), out, config.engine is not None)


def _tell(made: Made, out: str, worded: bool) -> None:
    total = sum(made.kinds.values())
    typer.echo(
        f"{out}: {total:,} questions in {made.conversations:,} conversations about {made.pictures:,} pictures"
    )
    typer.echo(f"kinds: {', '.join(f'{name} {count:,}' for name, count in made.kinds.items())}")
    splits = ", ".join(f"{name or 'none'} {count:,}" for name, count in made.splits.items())
    typer.echo(f"splits: {splits}")
    if worded:
        typer.echo(f"in the model's words: {made.reworded:,} of {total:,} questions")
    for line in lines_of(made.cut, made.left_out):
        typer.echo(line)


def lines_of(cut: Mapping[str, Mapping[str, int]], left_out: Mapping[str, int]) -> list[str]:
    """What was cut to balance answers, and what was left out."""
    lines = []
    for name, answers in cut.items():
        often = sorted(answers.items(), key=lambda item: -item[1])
        told = ", ".join(f"{answer} {count:,}" for answer, count in often[:_ANSWERS])
        lines.append(f"cut from {name} to balance answers: {told}{' …' if len(often) > _ANSWERS else ''}")
    return [*lines, *(f"left out: {count:,} {reason}" for reason, count in left_out.items())]
