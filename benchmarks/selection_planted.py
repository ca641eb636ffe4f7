"""A caption run of generated scenes of which a share of the texts holds one false fact.

The embedded engine writes six true texts of each scene. Then texts of the run are changed in place, each with
one error of `planted_errors` that the oracle calls false; of every scene one text at least stays true, so no
choice among texts has to lose a picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import planted_sources
from caption_arms import SHARD, SIDE, SIX
from planted_errors import KINDS
from planted_known import Known
from planted_oracle import false_claims

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.data.caption import Caption, digests_of, from_table, to_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import Part
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo.scenes.scene import scene

_TRIES = 6  # changes of a kind that are held against the oracle
False_ = frozenset[tuple[str, str]]  # sample id and name of the texts that hold a false fact


def captioned(folder: Path, scenes: Sequence[int], share: float, seed: int) -> False_:
    """Scenes as shards in ``folder/shards``, their changed texts in ``folder/captions``, in a Ray session.

    Args:
        scenes: their numbers.
    """
    known = _draw(folder / "shards", scenes)
    where = {"input.shards": str(folder / "shards"), "output": str(folder / "captions")}
    caption(load_recipe("template", where, []))
    run = CaptionFolder(str(folder / "captions"))
    chosen = _chosen(known, share, seed)
    planted: set[tuple[str, str]] = set()

    def changed(row: Caption) -> Caption:
        told = row.sample_id, row.perspective
        text = _false(row.text, known[row.sample_id], Random(f"{seed}/{told}")) if told in chosen else ""
        planted.update([told] if text else [])
        return replace(row, text=text) if text else row

    for chunk in run.chunks():
        digests: Mapping[int, str] = {}
        for stage in (*run.stage1, run.stage2):
            part = stage.full.read(chunk)
            assert part is not None
            rows = [changed(row) for row in from_table(part.rows)]
            told = digests_of(rows) if part.digests else part.digests
            stage.full.rewrite(chunk, lambda _, new=(rows, part, told, digests): _part(*new))
            digests = told or digests
    return frozenset(planted)


def _part(rows: list[Caption], part: Part, digests: Mapping[int, str], before: Mapping[int, str]) -> Part:
    return replace(
        part, rows=to_table(rows), digests=digests, sources=before if part.sources else part.sources
    )


def _draw(shards: Path, scenes: Sequence[int]) -> dict[str, Known]:
    """Write the scenes; what is known of each, by sample id."""
    shards.mkdir(parents=True, exist_ok=True)
    planted_sources.scene = partial(scene, size=SIDE)
    known: dict[str, Known] = {}
    for start in range(0, len(scenes), SHARD):
        told = list(planted_sources.scenes(scenes[start : start + SHARD], 0))
        known |= {sample.sample_id: one for sample, one in told}
        data = write_members(sample_members(sample) for sample, _ in told)
        (shards / f"shard-{start // SHARD:06d}.tar").write_bytes(data)
    return known


def _chosen(samples: Iterable[str], share: float, seed: int) -> set[tuple[str, str]]:
    """The texts to be changed: this share of all, one of a sample at least stays."""
    chosen: set[tuple[str, str]] = set()
    for sample in samples:
        rng = Random(f"{seed}/{sample}")
        own = [name for name in SIX if rng.random() < share]
        chosen.update((sample, name) for name in (own[1:] if len(own) == len(SIX) else own))
    return chosen


def _false(text: str, known: Known, rng: Random) -> str:
    """The text with one false fact; empty if no change is surely false."""
    for kind in rng.sample(sorted(KINDS), len(KINDS)):
        changes = list(KINDS[kind](text, known, rng))
        for start, end, words in rng.sample(changes, min(_TRIES, len(changes))):
            after = f"{text[:start]}{words}{text[end:]}"
            if false_claims(after, known):
                return after
    return ""
