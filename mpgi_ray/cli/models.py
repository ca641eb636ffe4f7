"""The subcommands of ``mpgi`` that train and evaluate models."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.runtime.stopping import GRACE


class Decoding(StrEnum):
    """How captions are written; `mpgi_ray.models.generation` has the defaults of their settings."""

    GREEDY = "greedy"
    BEAM = "beam"
    NUCLEUS = "nucleus"


def train(
    shards: Annotated[str, typer.Argument(help="Folder of final shards, local or s3://…")],
    out: Annotated[str, typer.Option(help="Folder of the run; after a stop the same command goes on.")],
    recipe: Annotated[
        str | None,
        typer.Option(
            help="hqrs-clip, rs-coca, farslip-1, farslip-2, cmid, small-regions, small-cmid or a file."
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
    """Train a CLIP or CoCa model on final shards with Ray Train, or an image tower on any shards."""
    announce("train", recipe=recipe, model=model, shards=shards, output=out)
    from mpgi_ray.models.published import open_clip_lines
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
        typer.Option("--text", help="What retrieval asks for: a perspective, or captions (the source's)."),
    ] = None,
    protocol: Annotated[
        Protocol, typer.Option(help="Protocol of retrieval; figures of two protocols cannot be compared.")
    ] = Protocol.A,
    decoding: Annotated[Decoding, typer.Option(help="How models that can write captions do so.")] = (
        Decoding.GREEDY
    ),
    width: Annotated[
        int | None, typer.Option(help="With beam: how many captions grow side by side; 4 by default.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="With nucleus: below 1, likely words are drawn more often.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(help="With nucleus: the share that the drawn words come from; 0.9 by default."),
    ] = None,
    leaks: Annotated[
        str | None,
        typer.Option(
            help="Output of `mpgi leaks`, training pictures against these: what leaks is not zero-shot."
        ),
    ] = None,
    localize: Annotated[
        str | None, typer.Option(help="Folder of AIR-SLT: also measure semantic localization on it.")
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(
            help="A manifest with masks, or a folder of images and masks: also measure segmentation on it."
        ),
    ] = None,
    segment_source: Annotated[
        str | None, typer.Option(help="With --segment: the preset or file that lists the masks' values.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the fact probes and of nucleus decoding.")] = 0,
    takeover: Takeover = False,
) -> None:
    """Compare models in tables of retrieval, classes by name, fact probes, captions and localization.

    Classes are called zero-shot only where a model says what it was trained on, and that was something else.
    """
    from rich.console import Console

    from mpgi_ray.config import parse
    from mpgi_ray.evaluate.config import EvaluateConfig, choose_decoding
    from mpgi_ray.evaluate.job import evaluate as run
    from mpgi_ray.ingest.masked import Masked
    from mpgi_ray.ingest.related import related_sources
    from mpgi_ray.report.evaluation import print_evaluation

    given = {"width": width, "temperature": temperature, "top_p": top_p}
    settings = {name: value for name, value in given.items() if value is not None}
    if decoding is Decoding.NUCLEUS:
        settings["seed"] = seed
    values: dict[str, Any] = {"shards": shards, "models": models, "output": out, "split": split}
    values |= {"texts": texts or ["short"], "protocol": protocol, "localize": localize, "seed": seed}
    values |= {"leaks": leaks, "related": related_sources()}
    values["decoding"] = choose_decoding(decoding.value, settings)
    masks = None if segment is None else Masked.of(segment, segment_source)
    found = run(parse(EvaluateConfig, values, "mpgi evaluate"), masks=masks, takeover=takeover)
    print_evaluation(found.record(), Console())
