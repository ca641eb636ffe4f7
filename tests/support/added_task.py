"""Training with the task that a page adds, on one and two workers, in one and several parts.

``python -m support.added_task FOLDER`` writes final shards, trains, and leaves parameters to compare.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from mpgi_ray.data.final import list_shards
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.models.inputs import Inputs
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.data import Arrays, Reading
from mpgi_ray.train.order import windows
from mpgi_ray.train.scan import scan

RUNS = [(1, 1), (1, 4), (2, 1), (2, 2)]  # workers, parts
STEPS, BATCH = 6, 8
COLOURS = {"harbour": "blue", "beach": "yellow", "forest": "green"}


def write_scenes(folder: Path, count: int = 16) -> None:
    """Final shards of pictures of three classes, one in four without one."""
    rng, members = random.Random(0), []
    for index in range(count):
        label = rng.choice(list(COLOURS))
        picture = Image.new("RGB", (48, 40), COLOURS[label])
        ImageDraw.Draw(picture).rectangle([index, index, index + 9, index + 9], "red")
        sink = io.BytesIO()
        picture.save(sink, "PNG")
        note = {
            "sample_id": str(index),
            "texts": {"objects": f"picture {index} shows a {label}"},
            "annotation": {"scene": [label]} if index % 4 else {},
        }
        members.append((f"{index:03d}", {"png": sink.getvalue(), "json": json.dumps(note).encode()}))
    (folder / "shard-000000.tar").write_bytes(write_members(members))


def shares(folder: Path, workers: int) -> tuple[TextTokenizer, Any, Iterator[Arrays]]:
    """A tokenizer, the run's settings, and the workers' shares of all steps one after another."""
    settings = {"steps": STEPS, "batch": BATCH, "workers": workers, "augment": {"turning": "all"}}
    config = TrainConfig.model_validate(
        {"shards": str(folder), "output": str(folder / "out"), "task": "scenes", **settings}
    )
    source, _ = scan(list_shards(folder), None, {})
    assert source.classes == ("beach", "forest", "harbour")
    config.learns(writes=False).check(source)
    tokenizer = TextTokenizer.train(source.all_texts(), 16)
    inputs = Inputs({"size": 32, "resize_mode": "squash"}, 16, tokenizer.to_json())
    parts = config.augment, config.share, workers, config.seed, config.texts_per_step
    reading = Reading(source, inputs, config.learns(writes=False), *parts)
    order = windows(source.counts, BATCH, STEPS, config.seed)
    return tokenizer, config, (row for window in order for row in reading.window(window, 1))


def padding_decides_nothing() -> None:
    """A padded row is neither anchor nor positive nor negative."""
    import torch
    from mpgi_ray.train.tasks.scenes import scene_loss

    pictures, texts = torch.nn.functional.normalize(torch.randn(2, 6, 8), dim=2)
    scenes, scale = torch.tensor([0, 1, 0, 2, -1, -1]), torch.tensor(10.0)
    whole = scene_loss(pictures, texts, scale, scenes)
    torch.testing.assert_close(scene_loss(pictures[:4], texts[:4], scale, scenes[:4]), whole)


def learn(rank: int, folder: str) -> None:
    """Train as worker ``rank`` of two, and the first also alone."""
    import torch
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    from mpgi_ray.models import checkpoint
    from mpgi_ray.models.architecture import small
    from mpgi_ray.models.normalise import Normalise
    from mpgi_ray.train.batch import Batch
    from mpgi_ray.train.loop import Learner, Schedule
    from support.worker import leave

    torch.set_num_threads(1)
    padding_decides_nothing()
    for workers, parts in RUNS:
        if rank >= workers:
            continue
        if workers == 2 and not dist.is_initialized():
            dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
        tokenizer, config, rows = shares(Path(folder), workers)
        batches = [
            Batch.of({name: values[None] for name, values in row.items()}).to(
                torch.device("cpu"), Normalise((0.5,) * 3, (0.5,) * 3)
            )
            for place, row in enumerate(rows)
            if place % workers == rank
        ]
        base, layers = small(tokenizer), {"width": 32, "heads": 2, "layers": 1}
        tower = {"image_size": 32, "patch_size": 16, "layers": 1, "width": 32, "head_width": 16}
        model_cfg = {"embed_dim": 32, "vision_cfg": tower, "text_cfg": base.model_cfg["text_cfg"] | layers}
        torch.manual_seed(0)
        model, _, _ = checkpoint.build(replace(base, model_cfg=model_cfg))
        first = {name: value.clone() for name, value in model.state_dict().items()}
        task = config.learns(writes=False).task(model)
        wrap = {"wrap": DistributedDataParallel} if workers > 1 else {}
        learner = Learner(model, task, Schedule(STEPS + 1, 1e-3, accumulate=parts), **wrap)
        empty = {**batches[0].arrays, "scene": torch.full_like(batches[0].arrays["scene"], -1)}
        losses = [step.losses for step in learner.fit([*batches, replace(batches[0], arrays=empty)])]
        if rank == 0:
            torch.save((losses, first, model.state_dict()), f"{folder}/{workers}-{parts}.pt")
    leave()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write_scenes(folder)
    found = {int(row["scene"][0]) for row in shares(folder, BATCH)[2]}
    assert found == {-1, 0, 1, 2}, found  # here a worker has one sample
    assert "torch" not in sys.modules, "reading processes are to do without it"
    spawn = multiprocessing.get_context("spawn")
    learners = [spawn.Process(target=learn, args=(rank, str(folder))) for rank in range(2)]
    for learner in learners:
        learner.start()
    for learner in learners:
        learner.join()
    sys.exit(any(learner.exitcode for learner in learners))
