"""A release: what it holds and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from mpgi_ray.cli.looking.asked import Asked, Look
from mpgi_ray.curate.release.summary import read_summary
from mpgi_ray.data.release import Release

if TYPE_CHECKING:
    from rich.console import Console


def _record(asked: Asked) -> dict[str, Any]:
    release = Release(asked.path)
    return {"made": release.made.model_dump(mode="json"), "summary": read_summary(release.storage).record()}


def _text(asked: Asked, console: Console) -> None:
    release = Release(asked.path)
    summary = read_summary(release.storage)
    console.print(Text(str(summary)))
    console.print(Text(f"of {release.made.shards:,} final shards; texts: {', '.join(release.made.names)}"))
    for one in summary.left_out:
        console.print(Text(f"left out: {one}"))
    for one in summary.kept_back:
        console.print(Text(f"not unpacked: {one}"))


LOOK = Look(_text, _record)
