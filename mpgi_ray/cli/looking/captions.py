"""A caption folder: its state, its report."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mpgi_ray.cli.looking.asked import Asked, Look
from mpgi_ray.report import status, write_report

if TYPE_CHECKING:
    from rich.console import Console


def _text(asked: Asked, console: Console) -> None:
    status.print_status(status.status(asked.path), console)


def _record(asked: Asked) -> dict[str, Any]:
    return asdict(status.status(asked.path))


def _html(asked: Asked, output: str) -> str:
    beside = asked.beside
    return write_report(
        asked.path,
        output,
        cards=asked.cards,
        curated=beside.get("final"),
        metrics=beside.get("metrics"),
        model=beside.get("model"),
        rejects=asked.rejects,
        duplicates=beside.get("duplicates"),
        leaks=beside.get("leaks"),
        scores=beside.get("scores"),
    )


LOOK = Look(_text, _record, _html, rejects=True)
