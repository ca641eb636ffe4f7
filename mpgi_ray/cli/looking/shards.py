"""Shards, one or many: their samples; final ones with what their curation kept and dropped."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mpgi_ray.cli.looking.asked import Asked, Look
from mpgi_ray.data.storage import Storage
from mpgi_ray.report import shard_view, write_rejects, write_sheet

if TYPE_CHECKING:
    from rich.console import Console

_SUMMARY, _CARD = "summary.json", "README.md"


def _sheet(asked: Asked, output: str) -> str:
    if asked.rejects is not None:
        return write_rejects(asked.path, output, asked.rejects)
    return write_sheet(asked.path, output, cards=asked.cards)


def _show_one(asked: Asked, console: Console) -> None:
    shard_view.print_shard(shard_view.show_shard(asked.path), console)


def _record_of_one(asked: Asked) -> dict[str, Any]:
    return {"samples": [asdict(row) for row in shard_view.show_shard(asked.path)]}


def _count(asked: Asked, console: Console) -> None:
    shard_view.print_counts(shard_view.count_samples(asked.path), console)


def _counted(asked: Asked) -> dict[str, Any]:
    samples = shard_view.count_samples(asked.path)
    return {"shards": samples, "samples": sum(samples.values())}


def _show_final(asked: Asked, console: Console) -> None:
    _count(asked, console)
    told = _summary(asked)
    if told:
        dropped = ", ".join(f"{number:,} {reason}" for reason, number in told["dropped"].items()) or "none"
        line = f"{told['samples_in']:,} samples in, {told['kept']:,} kept with {told['texts']:,} texts; "
        console.print(Text(f"{line}dropped: {dropped}"))
    if Storage(asked.path).exists(_CARD):
        console.print(Text(f"card: {Storage(asked.path).path(_CARD)}"))


def _record_of_final(asked: Asked) -> dict[str, Any]:
    return _counted(asked) | {"summary": _summary(asked)}


def _summary(asked: Asked) -> dict[str, Any]:
    storage = Storage(asked.path)
    return storage.read_json(_SUMMARY) if storage.exists(_SUMMARY) else {}


ONE = Look(_show_one, _record_of_one, _sheet)
MANY = Look(_count, _counted, _sheet, rejects=True)
FINAL = Look(_show_final, _record_of_final, _sheet, rejects=True)
