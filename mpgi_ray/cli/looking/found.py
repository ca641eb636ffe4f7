"""The output of ``mpgi duplicates``, ``leaks`` and ``score``: the counts that they printed, and a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mpgi_ray.cli.looking.asked import Asked, Look
from mpgi_ray.curate.duplicates import summary as duplicates
from mpgi_ray.curate.leaks import found as leaks
from mpgi_ray.curate.scores import summary as scores
from mpgi_ray.report import write_panel
from mpgi_ray.report.finished import finished

if TYPE_CHECKING:
    from rich.console import Console


def _look(job: str, show: Callable[[Any, Console], None]) -> Look:
    def text(asked: Asked, console: Console) -> None:
        show(finished(asked.path, job).storage, console)

    def record(asked: Asked) -> dict[str, Any]:
        found = finished(asked.path, job)
        return {"settings": dict(found.identity), "summary": dict(found.summary)}

    return Look(text, record, lambda asked, output: write_panel(asked.path, output, asked.cards))


def _show_duplicates(storage: Any, console: Console) -> None:
    duplicates.print_summary(replace(duplicates.read_summary(storage), nothing_to_do=False), console)


def _show_leaks(storage: Any, console: Console) -> None:
    leaks.print_summary(replace(leaks.read_summary(storage), nothing_to_do=False), console)


def _show_scores(storage: Any, console: Console) -> None:
    scores.print_summary(replace(scores.read_summary(storage), nothing_to_do=False), console)


DUPLICATES = _look("duplicates", _show_duplicates)
LEAKS = _look("leaks", _show_leaks)
SCORES = _look("score", _show_scores)
