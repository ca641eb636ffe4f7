"""``mpgi ingest FORMAT``: one subcommand a format, made of the signature and the docstring of its reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, Signature, getdoc, signature
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mpgi_ray.cli.exits import missing_extra
from mpgi_ray.cli.many import many
from mpgi_ray.cli.options import Grace, Takeover
from mpgi_ray.runtime.stopping import GRACE

FORMATS = "mpgi_ray.ingest.formats"


class Formats(TyperGroup):
    """The formats as subcommands; a module is imported when its help or its command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        from mpgi_ray.config import module_names

        return [*_OTHERS, *module_names(FORMATS)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from mpgi_ray.config import nearest

        if cmd_name in _OTHERS:
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(_OTHERS[cmd_name])
            return typer.main.get_command(single)
        if cmd_name not in (names := self.list_commands(ctx)):
            raise nearest("format", cmd_name, names)
        try:
            return _subcommand(cmd_name)
        except Exception as error:  # whatever a module of a user raises: the other formats stay usable
            return _unusable(cmd_name, _reason(cmd_name, error))


ingest = typer.Typer(
    cls=Formats,
    no_args_is_help=True,
    subcommand_metavar="FORMAT [ARGS]...",
    help="Turn an annotated data set into shards. Shards of other programs need no ingest.",
)


def _auto(
    path: Annotated[str, typer.Argument(help="A file, or a folder of pictures.")],
) -> None:
    """Say which formats would read what lies there, and why, and print the commands. Nothing is written."""
    from mpgi_ray.ingest.recognise import beliefs

    found = beliefs(path)
    for belief in found:
        typer.echo(f"{belief.format}: {belief.why}\n  {belief.command}")
    if len(found) > 1:
        typer.echo("Each of them reads by itself: choose one, or give each an --out of its own.")


_OTHERS: dict[str, Callable[..., None]] = {"auto": _auto, "many": many}


def _subcommand(name: str) -> Any:
    from mpgi_ray.errors import RecipeError

    reader = getattr(import_module(f"{FORMATS}.{name}"), name, None)
    if not callable(reader):
        raise RecipeError(f"its module has no function {name}: give the function the module's name")
    text, *_ = re.split(r"\n\n(?:Args|Returns|Raises):\n", getdoc(reader) or "")
    single = typer.Typer(add_completion=False)
    single.command(name, help=re.sub(r"(?<!\n)\n(?!\n)", " ", text))(_to_shards(reader))
    return typer.main.get_command(single)


def _unusable(name: str, reason: str) -> Any:
    from mpgi_ray.errors import RecipeError

    def run() -> None:
        raise RecipeError(f"the format {name!r} cannot be used: {reason}")

    single = typer.Typer(add_completion=False)
    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    single.command(name, help=f"Cannot be used: {reason}", context_settings=anything)(run)
    return typer.main.get_command(single)


def _reason(name: str, error: Exception) -> str:
    from mpgi_ray.errors import MpgiError

    if isinstance(error, ModuleNotFoundError):
        extra = missing_extra(error)
        return f"it needs {error.name}, which is not installed" + (
            f": pip install 'mpgi-ray[{extra}]'" if extra else ""
        )
    if isinstance(error, MpgiError):
        return str(error)
    return f"{FORMATS}.{name} raises {type(error).__name__}: {error}"


def _to_shards(reader: Callable[..., Any]) -> Callable[..., None]:
    """The command of a format: it takes what the reader takes, and what `_write` does.

    Raises:
        RecipeError: a parameter of the reader has the name of a common option.
    """
    from mpgi_ray.errors import RecipeError

    own = signature(reader, eval_str=True).parameters
    common = dict(signature(_write, eval_str=True).parameters)
    del common["listing"]
    if taken := own.keys() & common.keys():
        raise RecipeError(
            f"its parameter {min(taken)!r} has the name of an option of every format "
            f"({', '.join(common)}): rename it"
        )

    def run(**given: Any) -> None:
        shared = {name: given.pop(name) for name in common}
        _write(reader(**given), **shared)

    parameters = (p.replace(kind=Parameter.KEYWORD_ONLY) for p in (*own.values(), *common.values()))
    run.__signature__ = Signature([*parameters])  # type: ignore[attr-defined]
    return run


def _write(
    listing: Any,
    out: Annotated[str, typer.Option(help="Folder of the shards, local or s3://…")],
    source: Annotated[
        str | None, typer.Option(help="A source preset (ucm, dota …) or the path of a YAML file.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="The split of pictures whose annotation names none, such as train.")
    ] = None,
    share: Annotated[
        float,
        typer.Option(min=0.000001, max=1, help="Take this share of the entries, by a hash of their names."),
    ] = 1.0,
    shard_size: Annotated[int, typer.Option(min=1, max=1_000_000, help="Samples in a shard.")] = 1000,
    tile: Annotated[
        int | None, typer.Option(min=32, max=16_384, help="Cut larger pictures into windows of this side.")
    ] = None,
    overlap: Annotated[int, typer.Option(min=0, help="Pixels that neighbouring windows share.")] = 0,
    cut_above: Annotated[
        int | None, typer.Option(min=1, help="Keep pictures of at most so many pixels whole, as 4000000.")
    ] = None,
    join: Annotated[
        str | None, typer.Option(help="A release, as `mpgi release` wrote it: take only what it names.")
    ] = None,
    max_reject_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of entries that may be rejected; more is a failure.")
    ] = 0.1,
    takeover: Takeover = False,
    grace: Grace = GRACE,
) -> None:
    from mpgi_ray.config import parse
    from mpgi_ray.errors import RecipeError
    from mpgi_ray.ingest.job import IngestConfig
    from mpgi_ray.ingest.job import ingest as run
    from mpgi_ray.ingest.judge import first_rejected, judge
    from mpgi_ray.ingest.source import load_source
    from mpgi_ray.ingest.windows import Tiling
    from mpgi_ray.rules.labels import unknown_in_words

    values = {"tile": tile, "overlap": overlap, "above": cut_above}
    if tile is None and (overlap or cut_above):
        raise RecipeError("--overlap and --cut-above are of windows: give their side with --tile")
    tiling = None if tile is None else parse(Tiling, values, "--tile")
    if listing.classes:
        typer.echo(f"{len(listing.classes)} classes: {', '.join(listing.classes)}")
    known = load_source(source)
    known = known if split is None else known.model_copy(update={"splits": {split: 1.0}})
    if join is not None and share < 1:
        raise RecipeError("--share takes a part by chance, --join what a release names: give one of them")
    settings = {"shard_size": shard_size, "tiling": tiling, "share": share, "join": join}
    config = IngestConfig(output=out, source=known, **settings)
    summary = run(listing, config, takeover=takeover, grace=grace)
    typer.echo(f"{out}: {summary}")
    if summary.missing:
        typer.echo(f"{summary.missing}; {out}/missing.parquet lists them")
    if labels := unknown_in_words(summary.unknown):
        typer.echo(labels)
    judge(out, summary, max_reject_rate)
    if summary.rejected:
        typer.echo(f"first rejected: {first_rejected(out, summary)}")
