"""A caption folder: its state, its report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console

from mpgi_ray.cli.looking.asked import Asked, Look
from mpgi_ray.report import status, write_report
from mpgi_ray.report.page import Panels
from mpgi_ray.report.viewer import SAMPLES, is_folder, write_viewer


def _text(asked: Asked, console: Console) -> None:
    status.print_status(status.status(asked.path), console)


def _record(asked: Asked) -> dict[str, Any]:
    return asdict(status.status(asked.path))


def _html(asked: Asked, output: str) -> str:
    beside = asked.beside
    panels = Panels(
        curated=beside.get("final"),
        metrics=beside.get("metrics"),
        model=beside.get("model"),
        rejects=asked.rejects,
        duplicates=beside.get("duplicates"),
        leaks=beside.get("leaks"),
        scores=beside.get("scores"),
    )
    if not is_folder(output):
        return write_report(asked.path, output, cards=asked.cards, **panels)
    count = SAMPLES if asked.samples is None else asked.samples
    with Console().status("Writing the viewer: pictures are read, and texts are checked"):
        return write_viewer(
            asked.path, output, samples=count, against=asked.against, cards=asked.cards, **panels
        )


LOOK = Look(_text, _record, _html, rejects=True)
