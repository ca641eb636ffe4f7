"""``mpgi sources``: the data sets that presets are shipped for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from mpgi_ray.ingest.source import SourceConfig


def sources(
    name: Annotated[str | None, typer.Argument(help="A preset, to show all that is known of it.")] = None,
) -> None:
    """List the source presets, or show one: its files, the commands that read them, classes, terms of use."""
    from rich.console import Console

    from mpgi_ray.ingest.source import load_source, presets

    if name is None:
        Console().print(_table(presets()))
        typer.echo("\n`mpgi sources NAME` shows one: its files, the commands that read them, its classes.")
        return
    for line in _lines(name, load_source(name)):
        typer.echo(line)


def _table(known: dict[str, SourceConfig]) -> Table:
    from rich.table import Column, Table

    columns = (Column("source", no_wrap=True), "made for", "reader", "classes", "licence", "layout")
    table = Table(*columns, box=None, pad_edge=False)
    for name, source in known.items():
        about = source.about
        table.add_row(
            name,
            about.kind or "",
            about.reader or "",
            " + ".join(str(len(classes)) for classes in (about.scenes, source.vocabulary) if classes),
            (source.licence or "").partition(";")[0].partition(",")[0],
            "seen" if about.verified else about.seen,
        )
    return table


def _lines(name: str, source: SourceConfig) -> Iterator[str]:
    about = source.about
    told = {
        "source": source.name,
        "made for": about.kind,
        "licence": source.licence,
        "cite": about.citation,
        "lineage": about.lineage,
        "sensor": source.sensor,
        "metres a pixel": source.gsd and f"{source.gsd:g}",
        "colours": "false ones, which no text tells" if source.false_colour else None,
        "layout": f"seen in {about.seen}" if about.verified else f"{about.seen}, so compare it with yours",
        "reader": about.reader and f"{about.reader} (mpgi ingest {about.reader} --help)",
    }
    yield name
    yield from (f"  {what}: {' '.join(said.split())}" for what, said in told.items() if said)
    for what, lines in (("files", (about.layout or "").rstrip().split("\n")), ("run", about.commands)):
        if any(lines):
            yield f"\n{what}:"
            yield from (f"  {line}" for line in lines)
    for what, lines in (("scene classes", _scenes(source)), ("classes", _classes(source))):
        if lines:
            yield f"\n{what}:"
            yield from (f"  {line}" for line in lines)


def _scenes(source: SourceConfig) -> list[str]:
    """A line a scene class: what texts say of it."""
    from mpgi_ray.rules.lexicon import scene_phrase

    return [f"{scene}: {scene_phrase(scene) or 'quoted as it is spelled'}" for scene in source.about.scenes]


def _classes(source: SourceConfig) -> list[str]:
    """A line a class: what texts call it, and what may be said of it."""
    from mpgi_ray.rules.lexicon import class_name, several, surface_name

    told = []
    for label, kind in source.vocabulary.items():
        called = (class_name if kind.countable else surface_name)(label, kind.name)
        words = [
            called or "left unsaid",
            *([several(called, kind.plural)] if called and kind.countable else []),
        ]
        if kind.exhaustive:
            words.append("every one is labelled" if kind.countable else "all of it is labelled")
        told.append(f"{label}: {', '.join(dict.fromkeys(words))}")
    return told
