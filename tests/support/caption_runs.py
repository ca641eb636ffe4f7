"""Recipes of caption jobs over a test's own shards, and what such jobs published."""

from __future__ import annotations

from pathlib import Path

from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.data.caption import Caption, from_table
from mpgi_ray.data.caption_folder import CaptionFolder


def recipe(folder: Path, output: str, **settings: object) -> Recipe:
    values = {"input": {"shards": str(folder / "shards")}, "output": str(folder / output), "chunk_size": 4}
    return Recipe.model_validate(values | settings)


def rows(run: Recipe) -> list[Caption]:
    return [row for table in CaptionFolder(run.output).tables() for row in from_table(table)]
