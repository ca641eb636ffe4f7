"""``mpgi inspect``: what a path holds is recognised first, then shown in the form that was asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpgi_ray.errors import RecipeError

if TYPE_CHECKING:
    from mpgi_ray.cli.looking.asked import Asked
    from mpgi_ray.report.kinds import Kind


_OF_QUESTIONS = ("answers", "final")  # that tell more of a folder of questions


def inspect(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH[#KEY]",
            help="The output folder of any command, a shard, or a folder or glob of shards; with #KEY, a "
            "sample in it: its key, or the beginning of its sample_id.",
        ),
    ],
    html: Annotated[
        str | None,
        typer.Option(
            help="Write a report of a caption folder or of what was found, a contact sheet of shards, or the "
            "rows of --rejects. A path that ends in / becomes a folder: the report of a caption run or of "
            "questions, with a page to filter and search them, and to compare and rate texts."
        ),
    ] = None,
    rejects: Annotated[
        int | None, typer.Option(min=1, help="Show up to N rows that were rejected, dropped or failed.")
    ] = None,
    state: Annotated[
        bool,
        typer.Option(
            "--status", help="Tell how far the job is, how fast it goes, and whether it runs, by its output."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, for other programs.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all shards of a folder and compare with its index.")
    ] = False,
    cards: Annotated[int, typer.Option(min=0, help="Number of sampled pictures in the report.")] = 24,
    samples: Annotated[
        int | None, typer.Option(min=0, help="Number of samples in a folder of --html; 1,000 by default.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Another caption folder of the same pictures, beside this one in a folder of --html."
        ),
    ] = None,
    final: Annotated[
        str | None,
        typer.Option(
            help="Folder of final shards: what was kept and dropped, in a report or of a sample; for "
            "questions, where their pictures lie now."
        ),
    ] = None,
    duplicates: Annotated[
        str | None,
        typer.Option(help="Output of `mpgi duplicates`: its groups, in a report or of a sample."),
    ] = None,
    leaks: Annotated[
        str | None, typer.Option(help="Output of `mpgi leaks`: its pairs, in a report or of a sample.")
    ] = None,
    scores: Annotated[
        str | None, typer.Option(help="Output of `mpgi score`: its scores, in a report or of a sample.")
    ] = None,
    answers: Annotated[
        str | None,
        typer.Option(
            help="Output of `mpgi evaluate --engine`: how right it answered the questions of a folder."
        ),
    ] = None,
    metrics: Annotated[str | None, typer.Option(help="A metrics.json to show in the report.")] = None,
    model: Annotated[str | None, typer.Option(help="A training run to show in the report.")] = None,
) -> None:
    """Look into what any command wrote, or any shards; with a key, tell all that is known of a sample."""
    from mpgi_ray.cli.looking.asked import Asked
    from mpgi_ray.report.one.place import split_key

    given = {"final": final, "metrics": metrics, "model": model}
    given |= {"duplicates": duplicates, "leaks": leaks, "scores": scores, "answers": answers}
    path, key = split_key(path)
    beside = {name: value for name, value in given.items() if value is not None}
    asked = Asked(path, rejects, cards, samples, against, beside)
    forms = {"--html": html is not None, "--rejects": rejects is not None, "--status": state}
    if verify:
        _verify(path if key is None else f"{path}#{key}", [form for form, wanted in forms.items() if wanted])
    elif key is not None:
        _one(asked, key, as_json, [form for form, wanted in forms.items() if wanted])
    elif state:
        _status(asked, as_json, [form for form in ("--html", "--rejects") if forms[form]])
    else:
        _all(asked, html, as_json)


def _verify(path: str, forms: list[str]) -> None:
    from mpgi_ray.report.verified import require_verified

    if forms:
        raise RecipeError(f"--verify and {forms[0]}: give one of them")
    typer.echo(require_verified(path))


def _one(asked: Asked, key: str, as_json: bool, forms: list[str]) -> None:
    """All that is known of a sample."""
    from mpgi_ray.report.one import known_of, lines_of

    if forms:
        raise RecipeError(f"{forms[0]} is of a whole folder: leave it out, or #{key}")
    if others := [name for name in ("metrics", "model", "answers") if name in asked.beside]:
        raise RecipeError(f"--{others[0]} knows nothing of a sample: leave it out, or #{key}")
    told = known_of(asked.path, key, asked.beside)
    if as_json:
        _print_json(told)
        return
    _print(lines_of(told))


def _status(asked: Asked, as_json: bool, forms: list[str]) -> None:
    from mpgi_ray.report.kinds import recognise
    from mpgi_ray.report.watch import watch

    if forms or asked.beside:
        other = forms[0] if forms else f"--{next(iter(asked.beside))}"
        raise RecipeError(f"--status and {other}: give one of them")
    told = watch(asked.path, recognise(asked.path))
    if as_json:
        _print_json(told.record())
        return
    _print(told.lines())


def _all(asked: Asked, html: str | None, as_json: bool) -> None:
    """A whole folder, as text, as a page or as JSON."""
    from mpgi_ray.cli.looking.kinds import look_of
    from mpgi_ray.report.kinds import QUESTIONS, Kind
    from mpgi_ray.report.viewer import is_folder

    kind = _with_beside(asked, html)
    look = look_of(kind)
    folder = kind in (Kind.CAPTIONS, *QUESTIONS) and html is not None and is_folder(html)
    if asked.samples is not None and not folder:
        raise RecipeError(
            "--samples belongs to the folder of a report of captions or of questions: give --html FOLDER/"
        )
    if asked.against is not None and not (folder and kind is Kind.CAPTIONS):
        raise RecipeError("--against belongs to the folder of a caption run's report: give --html FOLDER/")
    if html is not None and as_json:
        raise RecipeError("--html and --json: give one of them")
    if html is not None and look.html is None:
        raise _not_offered("--html", asked.path, kind)
    if asked.rejects is not None and not look.rejects:
        raise _not_offered("--rejects", asked.path, kind)
    if html is not None and look.html is not None:
        typer.echo(look.html(asked, html))
    elif asked.rejects is not None:
        _rejects(asked, kind, as_json)
    elif as_json:
        _print_json({"path": asked.path, "kind": kind.name.lower(), **look.record(asked)})
    else:
        from rich.console import Console

        look.text(asked, Console())


def _with_beside(asked: Asked, html: str | None) -> Kind:
    """What a path holds, if all that was given beside it adds to what is shown of that."""
    from mpgi_ray.report.kinds import QUESTIONS, Kind, is_one_of, recognise

    if not asked.beside:
        return recognise(asked.path)
    asks = is_one_of(asked.path, *QUESTIONS)
    report = html is not None and is_one_of(asked.path, Kind.CAPTIONS)
    fits = _OF_QUESTIONS if asks else asked.beside.keys() - {"answers"} if report else ()
    wrong = [name for name in asked.beside if name not in fits]
    if "answers" in wrong:
        raise RecipeError(
            "--answers adds to what is shown of instructions or of a benchmark: give the folder of the "
            "questions, or leave it out"
        )
    if wrong:
        raise RecipeError(
            f"--{wrong[0]} adds to the report of a caption folder, or to what is known of a sample: give one "
            "with --html FILE or a #KEY, or leave it out"
        )
    return recognise(asked.path)


def _rejects(asked: Asked, kind: Kind, as_json: bool) -> None:
    from rich.console import Console

    from mpgi_ray.report.rejects import print_rejects, rejects

    assert asked.rejects is not None
    rows = rejects(asked.path, asked.rejects)
    if as_json:
        named = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
        _print_json({"path": asked.path, "kind": kind.name.lower(), "rejects": named})
        return
    print_rejects(rows, Console())


def _not_offered(form: str, path: str, kind: Kind) -> RecipeError:
    return RecipeError(f"{path} is {kind.value}, for which there is no {form}: leave it out, or use --json")


def _print(lines: list[str]) -> None:
    from mpgi_ray.data.text import clean_name

    for line in lines:
        typer.echo(clean_name(line))  # names in it are of any characters


def _print_json(told: dict[str, Any]) -> None:
    typer.echo(json.dumps(told, indent=1))  # ASCII alone: texts in it are of any characters
