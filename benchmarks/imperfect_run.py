"""Generated scenes captioned by the imperfect writer, each answer with what the writer's log says of it.

The log tells of every text which false claims it holds, its own or taken over from a description, so that
nothing of the truth check is used to judge the truth check.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import FactsConfig, load_recipe
from mpgi_ray.data.caption import Caption, Stage, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import decode
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.demo.writer import FORM, MODEL, Faults, ImperfectWriter
from mpgi_ray.demo.writer.known import identity
from mpgi_ray.demo.writer.words import sentences
from mpgi_ray.rules import measured_text, rule_text

SHARD_SIZE = 250
# the share of requests that can have each kind of fault, as counted on 120 scenes
POSSIBLE = {
    "dropped": 0.80, "count": 0.79, "bound": 0.67, "swapped": 0.79, "exchanged": 0.25, "mirrored": 0.40,
    "part": 0.30, "share": 0.37, "colour": 0.37, "invented": 1.0, "added": 0.80, "denied": 0.40,
}  # fmt: skip

Image = tuple[str, dict[str, int]]  # what its prompts are known by in the log, and its annotated numbers
Line = dict[str, Any]  # of the log


def content_faults(rate: float, believes: float) -> Faults:
    """Faults of content alone, all kinds alike, in this share of the answers."""
    rates = {kind: rate / len(POSSIBLE) / possible for kind, possible in POSSIBLE.items()}
    return Faults(**dict.fromkeys(FORM, 0.0), **rates, believes=believes)


def draw(start: int, end: int, seed: int, size: int) -> tuple[bytes, dict[str, Image]]:
    """A shard of scenes, and by sample id what is known of each."""
    samples = [scene(number, seed, size) for number in range(start, end)]
    images: dict[str, Image] = {}
    for sample in samples:
        facts = facts_of(sample.annotation, decode(sample.image), FactsConfig())
        lines = (*rule_text(facts, sample.sample_id), *measured_text(facts, sample.sample_id))
        about = identity([sentence for line in lines for sentence in sentences(line)], "")
        images[sample.sample_id] = about, Counter(thing.label for thing in sample.annotation.objects)
    return write_members(map(sample_members, samples)), images


def draw_all(shards: Path, count: int, seed: int, size: int) -> dict[str, Image]:
    """The first scenes of a seed, as shards in a new folder; by sample id what is known of each."""
    shards.mkdir()
    starts = range(0, count, SHARD_SIZE)
    ends = [min(start + SHARD_SIZE, count) for start in starts]
    images: dict[str, Image] = {}
    with ProcessPoolExecutor(2) as pool:
        drawn = pool.map(partial(draw, seed=seed, size=size), starts, ends)
        for start, (data, known) in zip(starts, drawn, strict=True):
            (shards / f"{start:06d}.tar").write_bytes(data)
            images |= known
    return images


def run(
    shards: Path, output: Path, faults: Faults, seed: int, *, held: bool, settings: Sequence[str] = ()
) -> Path:
    """One run of the caption job; returns the writer's log.

    Args:
        settings: further ones of the recipe, as ``--set`` takes them.
    """
    log = output.with_suffix(".jsonl")
    with ImperfectWriter(log, seed, faults) as writer:
        where = {"input.shards": str(shards), "output": str(output)}
        where |= {"generate.engine.url": writer.url, "generate.engine.model": MODEL}
        own = ["max_reject_rate=1", f"facts.held={str(held).lower()}"]
        caption(load_recipe("endpoint", where, [*own, *settings]))
    return log


def answers(output: Path, log: Path, images: dict[str, Image]) -> Iterator[tuple[str, list[Caption], Line]]:
    """Every answer of a run: its sample, its records, and what the log says of it."""
    lines: dict[tuple[str, str, bool, str, str], Line] = {}
    for text in log.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        key = line["stage"], line["perspective"], line["attempt"] > 1, line["about"], line["text"]
        lines[key] = line
    replies: dict[tuple[str, str, str, int, int], list[Caption]] = {}
    for table in CaptionFolder(str(output)).tables():
        for row in from_table(table):
            name = row.perspective if row.stage == Stage.PERSPECTIVE else ""
            replies.setdefault((row.sample_id, row.stage, name, row.attempt, row.draw), []).append(row)
    nothing = identity((), "")
    for (sample, stage, name, attempt, _), rows in replies.items():
        about, _ = images[sample]
        found = [lines.get((stage, name, attempt > 1, a, rows[0].raw)) for a in (about, nothing)]
        # of a free perspective the prompt says nothing of the image
        yield sample, rows, next(filter(None, found))
