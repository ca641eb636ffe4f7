"""Recipes of caption jobs over a test's own shards, and what such jobs published."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path

from mpgi_ray.caption.chunks import read_chunks
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.stages import Describe, Merge
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.caption.todo import left_to_do
from mpgi_ray.data.caption import Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.engines.base import Engine


def recipe(folder: Path, output: str, **settings: object) -> Recipe:
    values = {"input": {"shards": str(folder / "shards")}, "output": str(folder / output), "chunk_size": 4}
    return Recipe.model_validate(values | settings)


def rows(run: Recipe) -> list[Caption]:
    return [row for table in CaptionFolder(run.output).tables() for row in from_table(table)]


def run_stages(run: Recipe, engine: Engine, *, merge: bool = True, at_once: int = 2) -> None:
    """Stage 1 of what is left to do, then stage 2, in this process and without Ray."""
    shards, folder = find_shards(run.input.shards), CaptionFolder(run.output)
    templates = read_templates(run)

    async def stages() -> None:
        for task in left_to_do(run, shards, folder, None):
            for row in read_chunks(task):
                describe = Describe(run, templates, 0, engine, at_once, lambda _: None)
                chunk = await describe.chunk(pickle.loads(row["work"]))
                if merge:
                    await Merge(run, templates, engine, at_once, lambda _: None).chunk(chunk)

    asyncio.run(stages())
