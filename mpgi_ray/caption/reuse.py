"""Answers of an earlier run, taken over where the same question would be asked again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from mpgi_ray.asking.answer_rows import is_answered_by
from mpgi_ray.asking.answers import Question
from mpgi_ray.asking.attempts import Attempt
from mpgi_ray.caption.published import question
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.config import parse
from mpgi_ray.data.caption import Caption, Stage, Status, from_table
from mpgi_ray.data.caption_folder import RUN, CaptionFolder, StageParts
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.engines.base import Engine

Answers = Sequence[Sequence[Caption]]  # about one sample: for each question, the rows of all attempts


class Earlier:
    """Answers of an earlier run by the place of their sample, whatever the chunks were then.

    Args:
        chunk_size: of that run.
    """

    def __init__(self, stages: Sequence[StageParts] = (), chunk_size: int = 1) -> None:
        self._stages, self._size = stages, chunk_size

    def of(self, shard: str, indices: Collection[int]) -> dict[int, Answers]:
        """What is known of some samples of a shard; failed answers are not among it."""
        found: dict[int, list[list[Caption]]] = defaultdict(list)
        for stage, chunks in zip(self._stages, self._chunks, strict=True):
            groups: dict[tuple[int, str], list[Caption]] = defaultdict(list)
            for chunk in chunks.get(shard, ()):
                first = chunk.index * self._size
                if any(first <= index < first + self._size for index in indices):
                    part = stage.read(chunk)
                    for row in [] if part is None else from_table(part.rows):
                        groups[question(row)].append(row)
            for (index, _), rows in groups.items():
                if not any(row.stage == Stage.INPUT or row.status == Status.FAILED for row in rows):
                    found[index].append(rows)
        return dict(found)

    @cached_property
    def _chunks(self) -> list[dict[str, list[ChunkId]]]:
        """For each stage, what there is of each shard: one listing."""
        listed = []
        for stage in self._stages:
            by_shard: dict[str, list[ChunkId]] = defaultdict(list)
            for chunk in sorted(stage.full.done() | stage.pilot.done()):
                by_shard[chunk.shard].append(chunk)
            listed.append(by_shard)
        return listed


def earlier_stage1(recipe: Recipe, place: int) -> Earlier:
    """Answers of the same model, with the same settings, to the same pictures.

    Args:
        place: of the model in the recipe, from 0.

    Raises:
        InputError, RecipeError: ``reuse`` is not a caption folder that this version can read.
    """
    if recipe.reuse is None:
        return Earlier()
    folder, before = _opened(recipe.reuse)
    settings, told = recipe.generate[place].identity(), folder.run_record()["identity"]
    same = [
        stage
        for number, (stage, block) in enumerate(zip(folder.stage1, before.generate, strict=True))
        if block.engine.identity() == settings["engine"]
        and before.max_pixels() == recipe.max_pixels()
        and _scorer(told, number) == settings.get("scorer")  # as it was then
    ]
    return Earlier(same, before.chunk_size)


def earlier_stage2(recipe: Recipe) -> Earlier:
    """As `earlier_stage1`, of stage 2."""
    if recipe.reuse is None:
        return Earlier()
    folder, before = _opened(recipe.reuse)
    own, other = ((r.merger or r.generate[0].engine).identity() for r in (recipe, before))
    return Earlier((folder.stage2,) if own == other else (), before.chunk_size)


def _scorer(identity: Mapping[str, object], place: int) -> object:
    """The scorer of a model of stage 1, in what identifies a run."""
    return identity.get("generate.scorer", identity.get(f"generate.{place}.scorer"))


def _opened(url: str) -> tuple[CaptionFolder, Recipe]:
    folder = CaptionFolder(url)
    return folder, parse(Recipe, folder.run_record()["recipe"], folder.storage.path(RUN))


def taken_over(
    known: Answers,
    sample_id: str,
    engine: Engine,
    asked: Question,
    ladder: Sequence[Attempt],
    best_of: int = 1,
) -> Sequence[Caption]:
    """The rows that answer a question; none if it has to be asked."""
    for rows in known:
        if rows[0].engine == engine.kind and is_answered_by(rows, sample_id, engine, asked, ladder, best_of):
            return rows
    return ()
