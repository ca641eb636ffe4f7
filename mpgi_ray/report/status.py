"""How far a caption run is, what it rejected, and what to do next: plain data, and its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from mpgi_ray.data.caption_folder import RUN, CaptionFolder
from mpgi_ray.data.parts import complete_shards
from mpgi_ray.data.storage import Storage
from mpgi_ray.report.gather import Figures

ONLY_A_PILOT = "Only a pilot is there: look at it, then run the same command without --limit or --sample."
_SHARDS = 40  # listed in the terminal


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """The chunks of one shard.

    Attributes:
        chunks: how many there are; None before the first one is published.
        described: chunks whose stage 1 is published.
        done: chunks whose texts are all published.
        pilot: chunks of which a pilot captioned some samples and the full run none yet.
    """

    shard: str
    chunks: int | None
    described: int
    done: int
    pilot: int

    @property
    def left(self) -> int | None:
        return None if self.chunks is None else self.chunks - self.done


@dataclass(frozen=True, slots=True)
class TextStatus:
    """Rows of one text by one model, by status."""

    text: str
    stage: str
    model: str
    ok: int
    rejected: int
    failed: int


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The state of a caption folder; counts cover what is published, pilots included.

    Attributes:
        refused: samples that could not be used.
        complete: every chunk of every shard of the run is done.
        advice: what to do next, one line each.
    """

    captions: str
    shards: tuple[ShardStatus, ...]
    samples: int
    captioned: int
    refused: int
    texts: tuple[TextStatus, ...]
    complete: bool
    advice: tuple[str, ...]


def status(captions: str) -> RunStatus:
    """Read the state of a caption folder.

    Raises:
        InputError: this is not a caption folder.
    """
    folder = CaptionFolder(captions)
    names = set(folder.run_record()["shards"])
    described, done = folder.described(), folder.integrated.done()
    pilots = folder.pilot_integrated.done() - done
    totals = {chunk.shard: chunk.total for chunk in described | done | pilots}
    names |= set(totals)
    counts = [Counter(chunk.shard for chunk in chunks) for chunks in (described, done, pilots)]
    shards = tuple(
        ShardStatus(name, totals.get(name), *(count[name] for count in counts)) for name in sorted(names)
    )
    figures = Figures()
    for table in folder.tables():
        figures.add(table)
    complete = bool(names) and names <= complete_shards(done)
    return RunStatus(
        captions,
        shards,
        figures.samples,
        figures.captioned,
        figures.refused,
        tuple(
            TextStatus(t.name, t.stage, t.model, t.ok, t.rejected, t.failed) for t in figures.texts.values()
        ),
        complete,
        tuple(_advice(captions, shards, figures, complete)),
    )


def is_caption_folder(path: str) -> bool:
    """Whether a folder holds a caption run, begun or finished."""
    return Storage(path).exists(RUN)


def print_status(run: RunStatus, console: Console) -> None:
    """Shards (unfinished ones first), texts and advice as tables."""
    table = Table("shard", *(_right(name) for name in ("chunks", "described", "done", "left", "pilot")))
    order = sorted(run.shards, key=lambda shard: shard.left == 0)
    for shard in order[:_SHARDS]:
        numbers = (shard.chunks, shard.described, shard.done, shard.left, shard.pilot)
        table.add_row(Text(shard.shard), *("?" if n is None else f"{n:,}" for n in numbers))
    if len(order) > _SHARDS:
        table.add_row(f"… and {len(order) - _SHARDS:,} more shards")
    console.print(table)
    texts = Table("text", "stage", "model", *(_right(name) for name in ("ok", "rejected", "failed")))
    for text in run.texts:
        counts = (f"{count:,}" for count in (text.ok, text.rejected, text.failed))
        texts.add_row(Text(text.text), text.stage, Text(text.model), *counts)
    console.print(texts)
    console.print(f"{run.samples:,} samples: {run.captioned:,} captioned, {run.refused:,} refused as input")
    for line in run.advice:
        console.print(Text(line))


def _advice(captions: str, shards: Sequence[ShardStatus], figures: Figures, complete: bool) -> list[str]:
    advice = []
    left = sum(shard.left or 0 for shard in shards)
    unread = sum(shard.chunks is None for shard in shards)
    if complete:
        advice.append("Every chunk is done: go on with `mpgi curate`.")
    elif any(shard.done for shard in shards) or not any(shard.pilot for shard in shards):
        advice.append(
            f"Chunks left: {left:,}; shards not begun: {unread:,}. "
            "Run the same `mpgi caption` command again; it goes on from here."
        )
    else:
        advice.append(ONLY_A_PILOT)
    waiting = sum(shard.described - shard.done for shard in shards)
    if waiting > 0:
        advice.append(f"Described chunks that wait for their integrated texts: {waiting:,}.")
    bad = sum(reason.rows for reason in figures.reasons.values())
    if bad:
        advice.append(
            f"Rows rejected or failed: {bad:,}. `mpgi inspect {captions} --rejects 50` shows them, and the "
            "same `mpgi caption` command with --retry rejected or --retry failed asks for them again."
        )
    return advice


def _right(name: str) -> Column:
    return Column(name, justify="right")
