"""The caption job in this process: for tests that begin with captions, or hold a run on Ray against it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import pytest

from mpgi_ray.caption import job
from mpgi_ray.caption.chunks import Row, ShardTask, read_chunks
from mpgi_ray.caption.outcome import Outcome
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.replicas import BothReplica, Connect, DescribeReplica, MergeReplica
from mpgi_ray.caption.templates import Templates
from mpgi_ray.caption.todo import Phase, Pilot


def caption_here(recipe: Recipe, pilot: Pilot | None = None) -> Outcome:
    """`caption`, all of it but Ray: its replicas take chunk after chunk, and no process is started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "run_graph", _graph)
        patch.setattr(job, "ray_session", lambda *room: nullcontext())
        patch.setattr(job, "loading", lambda recipe, phase: lambda: "an engine")  # asks Ray for actors
        return job.caption(recipe, pilot=pilot)


def _graph(
    recipe: Recipe, templates: Templates, tasks: Sequence[ShardTask], connect: Connect, phase: Phase
) -> Iterator[Row]:
    assert phase is Phase.BOTH, "the phases of a run are tested on Ray"
    made = recipe, templates, connect
    replicas = (
        [BothReplica(*made)]
        if recipe.merger is None
        else [
            *(DescribeReplica(*made, place, ends=False) for place in range(len(recipe.generate))),
            MergeReplica(*made),
        ]
    )

    async def through(row: Row) -> Row:
        for replica in replicas:
            row = await replica(row)
        return row

    with asyncio.Runner() as runner:
        for task in tasks:
            for row in read_chunks(task):
                yield runner.run(through(row))
