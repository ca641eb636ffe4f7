"""``mpgi reward``: preferences, and what is learnt from them."""

from __future__ import annotations

from typing import Annotated

import typer

from mpgi_ray.cli.announce import announce
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE

reward = typer.Typer(no_args_is_help=True, help="Preferences between texts, for a scorer to learn.")


@reward.callback()
def _commands() -> None:
    pass


@reward.command()
def pairs(
    shards: Annotated[str, typer.Argument(help="Folder of final shards, local or s3://…")],
    out: Annotated[str, typer.Option(help="Folder for preferences.parquet.")],
    captions: Annotated[
        list[str] | None,
        typer.Option(help="Folder of a caption run about the same pictures; may be repeated."),
    ] = None,
    ratings: Annotated[
        list[str] | None,
        typer.Option(help="CSV or JSON that one person exported from the viewer; may be repeated."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="What to make: swaps, answers, ratings; may be repeated. By default what is given."
        ),
    ] = None,
    balanced: Annotated[
        bool, typer.Option(help="Keep an order of two answers only beside its reverse.")
    ] = True,
    split: Annotated[str | None, typer.Option(help="Samples of this split only.")] = None,
    measured: Annotated[bool, typer.Option(help="Hold colours against the pixels, too.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the order in which sentences are tried.")] = 0,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    """Make lists of texts about a picture, the best first.

    Swaps are pairs by the truth check: a sentence that is true of one picture is false of another. Both
    pictures are asked about both, so that nothing can be learned from the texts alone. With --captions the
    answers of caption runs are ordered, too: fewer false claims are better; with --ratings texts of these
    runs as people rated them. A scorer learns all of them by `mpgi train FINAL --task preference --set
    task_settings.preferences=OUT`.
    """
    announce("reward pairs", shards=shards, output=out)
    from mpgi_ray.config import parse
    from mpgi_ray.reward.pairs import PairsConfig, make_pairs

    given = {"captions": captions or (), "ratings": ratings or (), "sources": source or ()}
    values = {"shards": shards, "output": out, "split": split, "measured": measured, "seed": seed, **given}
    config = parse(PairsConfig, values | {"balanced": balanced}, "mpgi reward pairs")
    made = make_pairs(config, takeover=takeover, grace=grace)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in made.kinds.items())
    typer.echo(f"{out}: {sum(made.kinds.values()):,} lists of {made.pictures:,} pictures: {kinds}")
    for reason, count in made.left_out.items():
        typer.echo(f"in no list: {count:,} {reason}")
    if made.alone is not None:
        typer.echo(f"by their words alone {made.alone:.1%} of held-out pairs are told; by chance 50 %")


@reward.command()
def serve(
    run: Annotated[str, typer.Argument(help="Folder of a run of `mpgi train --task preference`.")],
    host: Annotated[str, typer.Option(help="Address to listen at; others than loopback need a key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    replicas: Annotated[int, typer.Option(min=1, help="Processes that score, each with the model.")] = 1,
    gpus_per_replica: Annotated[
        float, typer.Option(min=0, max=1, help="A GPU, or a share of one; without it a replica has a core.")
    ] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Requests that are scored together at most.")] = 16,
    wait_ms: Annotated[
        float, typer.Option(min=0, help="Milliseconds that a request waits for others to join it.")
    ] = 5,
    queue: Annotated[
        int, typer.Option(min=1, help="Requests that a replica holds; more are answered 429.")
    ] = 256,
) -> None:
    """Serve a scorer over HTTP until Ctrl-C: POST /v1/rewards, GET /health.

    Requests need the key that the environment variable MPGI_REWARD_KEY holds, if it is set.
    """
    announce("reward serve", run=run)
    from mpgi_ray.config import parse
    from mpgi_ray.reward.serve import ServeConfig, serve_until_stopped

    values = {
        **{"run": run, "host": host, "port": port, "replicas": replicas},
        **{"gpus_per_replica": gpus_per_replica, "batch": batch, "wait_ms": wait_ms, "queue": queue},
    }
    config = parse(ServeConfig, values, "mpgi reward serve")
    serve_until_stopped(config, lambda url: typer.echo(f"{run} scores at {url}; Ctrl-C ends it"))
