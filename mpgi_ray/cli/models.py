"""The subcommands of ``mpgi`` that train and evaluate models."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from mpgi_ray.evaluate.retrieval import Protocol


class Decoding(StrEnum):
    """How captions are written, with the settings that `mpgi_ray.train.generation` gives each by default."""

    GREEDY = "greedy"
    BEAM = "beam"
    NUCLEUS = "nucleus"


def train(
    shards: Annotated[str, typer.Argument(help="Folder of final shards, local or s3://…")],
    out: Annotated[str, typer.Option(help="Folder of the run; the same command goes on after a stop.")],
    model: Annotated[
        str, typer.Option(help="small, small-coca, an open_clip name, hf-hub:ORG/MODEL or a checkpoint.")
    ] = "small",
    weights: Annotated[str | None, typer.Option(help="For open_clip names: a tag or a file.")] = None,
    task: Annotated[
        str | None, typer.Option(help="What is learnt; by default clip, or coca for models that write.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Train on this split only.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    steps: Annotated[int | None, typer.Option(min=1)] = None,
    batch: Annotated[int, typer.Option(min=2, help="Samples of a step over all workers.")] = 128,
    lr: Annotated[float, typer.Option(help="The learning rate's peak.")] = 1e-3,
    seed: int = 0,
    workers: Annotated[int, typer.Option(min=1, help="Ray Train workers.")] = 1,
    gpu: Annotated[bool, typer.Option(help="One GPU a worker.")] = False,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any other setting, e.g. accumulate=4, texts.long=2.")
    ] = None,
) -> None:
    """Train a CLIP or CoCa model on final shards with Ray Train."""
    from mpgi_ray.config import assigned, parse, read_assignment
    from mpgi_ray.models.published import open_clip_lines
    from mpgi_ray.train.config import TrainConfig
    from mpgi_ray.train.trainer import train as run

    values: dict[str, Any] = {
        "shards": shards,
        "output": out,
        "model": model,
        "weights": weights,
        "task": task,
    }
    values |= {"split": split, "epochs": epochs, "steps": steps, "batch": batch, "lr": lr}
    values |= {"seed": seed, "workers": workers, "gpu": gpu}
    for text in set_ or []:
        values = assigned(values, *read_assignment(text))
    result = run(parse(TrainConfig, values, "mpgi train"))
    if not result.new:
        typer.echo(f"nothing to do: {result.checkpoint} is trained")
    typer.echo(f"{result.checkpoint}: {result.steps} steps, loss {result.loss:.3f}; open it with")
    typer.echo(open_clip_lines(result.checkpoint))


def evaluate(
    shards: Annotated[str, typer.Argument(help="Folder of final shards.")],
    models: Annotated[
        list[str],
        typer.Option("--model", help="Folder of `mpgi train`, or NAME@FILE; several are compared."),
    ],
    out: Annotated[str, typer.Option(help="Folder for metrics.json.")],
    split: Annotated[str | None, typer.Option(help="Evaluate on this split only.")] = None,
    texts: Annotated[
        list[str] | None,
        typer.Option("--text", help="Asked for in retrieval: a perspective, or captions (the source's)."),
    ] = None,
    protocol: Annotated[Protocol, typer.Option(help="Of retrieval; figures of two cannot be compared.")] = (
        Protocol.A
    ),
    decoding: Annotated[Decoding, typer.Option(help="How models that write captions do it.")] = (
        Decoding.GREEDY
    ),
) -> None:
    """Retrieval, zero-shot classes, fact probes and captions of one or several models, in one table each."""
    from mpgi_ray.evaluate.job import evaluate as run
    from mpgi_ray.evaluate.tables import show
    from mpgi_ray.models.generation import Beam, Greedy, Nucleus

    chosen = {Decoding.GREEDY: Greedy, Decoding.BEAM: Beam, Decoding.NUCLEUS: Nucleus}[decoding]()
    asked = texts or ["short"]
    found = run(models, shards, out, split=split, texts=asked, protocol=protocol, decoding=chosen)
    typer.echo(show(found))
