"""The subcommands of ``mpgi`` that train models."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE


def train(
    shards: Annotated[str, typer.Argument(help="Folder of final shards, local or s3://…")],
    out: Annotated[str, typer.Option(help="Folder of the run; after a stop the same command goes on.")],
    recipe: Annotated[
        str | None,
        typer.Option(
            help="hqrs-clip, rs-coca, farslip-1, farslip-2, cmid, small-regions, small-cmid, lora-captions, "
            "lora-instructions or a file."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="small (the default), small-vit, small-coca, an open_clip name, hf-hub:ORG/MODEL or a "
            "checkpoint."
        ),
    ] = None,
    weights: Annotated[str | None, typer.Option(help="For open_clip names: a tag or a file.")] = None,
    init: Annotated[
        str | None, typer.Option(help="A run whose image tower to start with, e.g. one of `--task cmid`.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="What is learnt; by default clip, or coca for models that write.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Train on this split only.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    steps: Annotated[int | None, typer.Option(min=1)] = None,
    batch: Annotated[
        int | None, typer.Option(min=2, help="Samples of a step over all workers; 128 by default.")
    ] = None,
    lr: Annotated[float | None, typer.Option(help="The learning rate's peak; 0.001 by default.")] = None,
    seed: int | None = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Ray Train workers; 1 by default.")] = None,
    gpu: Annotated[bool | None, typer.Option("--gpu", help="One GPU a worker.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other setting, e.g. accumulate=4, texts.long=2, texts_per_step=3."),
    ] = None,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Train a CLIP or CoCa model on final shards with Ray Train, an image tower on any, or a scorer."""
    announce("train", recipe=recipe, model=model, shards=shards, output=out)
    from mpgi_ray.models.kept import opening_lines
    from mpgi_ray.train.config import load_config
    from mpgi_ray.train.trainer import train as run

    given: dict[str, Any] = {"model": model, "weights": weights, "init": init, "task": task}
    given |= {"split": split, "epochs": epochs, "steps": steps, "batch": batch, "lr": lr}
    given |= {"seed": seed, "workers": workers, "gpu": gpu}
    told = {name: value for name, value in given.items() if value is not None}
    config = load_config(recipe, {"shards": shards, "output": out, **told}, set_ or [])
    result = run(config, takeover=takeover, grace=grace)
    if not result.new:
        typer.echo(f"nothing to do: {result.checkpoint} is already trained")
    typer.echo(f"{result.checkpoint}: {result.steps} steps, loss {result.loss:.3f}; open it with")
    typer.echo(opening_lines(result.checkpoint))


def merge(
    adapter: Annotated[str, typer.Argument(help="Folder of a run that trained an adapter, local or s3://…")],
    out: Annotated[str, typer.Option(help="Folder for the whole model.")],
) -> None:
    """Work an adapter into the weights of its model: a folder that vLLM and transformers load like others."""
    announce("merge", adapter=adapter, output=out)
    from mpgi_ray.models.adapted_folder import merge as run

    run(adapter, out)
    typer.echo(f"{out}: name it as the model of an engine of kind vllm, or train it further")
