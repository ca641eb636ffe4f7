"""The ``mpgi`` command: one thin subcommand a job."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Any

import typer

from mpgi_ray.errors import MpgiError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Captions for remote-sensing images from several perspectives, and models trained on them.",
)


@app.command()
def caption(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe (template) or a YAML file.")],
    shards: Annotated[str | None, typer.Option(help="Folder, glob or a-{000..031}.tar of shards.")] = None,
    out: Annotated[str | None, typer.Option(help="Folder of the captions, local or s3://…")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Pilot: caption the first N samples.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Pilot: caption N samples at random.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any recipe key, e.g. chunk_size=32.")
    ] = None,
) -> None:
    """Caption shards; run it again to go on after a stop, with new shards, or after a pilot."""
    from mpgi_ray.pipeline import caption as run
    from mpgi_ray.recipe import load_recipe
    from mpgi_ray.todo import Pilot

    if limit and sample:
        raise typer.BadParameter("a pilot is either --limit or --sample")
    given = {"input.shards": shards, "output": out}
    settings = load_recipe(recipe, {key: value for key, value in given.items() if value}, set_ or [])
    count = limit or sample
    outcome = run(settings, pilot=Pilot(count, at_random=sample is not None) if count else None)
    if not outcome.samples:
        typer.echo(f"nothing to do: {settings.output} is complete")
        return
    typer.echo(
        f"{settings.output}: {outcome.samples:,} samples in this start, an engine was asked about "
        f"{outcome.asked:,} of them; {outcome.not_ok:,} of {outcome.records:,} records are not ok"
    )


@app.command()
def curate(
    captions: Annotated[str, typer.Argument(help="Output folder of `mpgi caption`.")],
    out: Annotated[str, typer.Option(help="Folder of the final shards.")],
    shards: Annotated[str | None, typer.Option(help="The source shards, if they moved.")] = None,
    shard_size: Annotated[int, typer.Option(min=1, help="About how many samples a final shard.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the global random order.")] = 0,
    partial: Annotated[bool, typer.Option(help="Take what is captioned so far.")] = False,
) -> None:
    """Join captions to shards and publish final shards in a global random order, with captions.csv."""
    from mpgi_ray.curate import Curation
    from mpgi_ray.curate import curate as run

    summary = run(Curation(captions, out, shards, shard_size, seed, partial))
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in summary["dropped"].items()) or "none"
    head = "nothing to do: " if summary.get("nothing_to_do") else ""
    typer.echo(
        f"{head}{out}: {summary['samples_in']:,} samples in, {summary['kept']:,} kept in {summary['shards']} "
        f"shards with {summary['texts']:,} texts; dropped: {dropped}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; errors a user can mend are one line on stderr and exit code 1."""
    # a stop asked for by `ray job stop` or a scheduler ends the job in order; what is published stays
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        result: Any = app(args=arguments, standalone_mode=False)
    except MpgiError as error:
        typer.echo(f"error: {error}", err=True)
        return 1
    except typer.Exit as stop:
        return stop.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        show = getattr(error, "show", None)  # click's own: wrong options, help
        if show is None:
            raise
        show()
        return 2
    return int(result or 0)
