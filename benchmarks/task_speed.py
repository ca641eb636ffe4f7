"""What a training step of another task costs against one of CLIP, same model and batch: a ratio of CPU time.

Pictures are noise and nothing is read: all sides run `train.loop` in this process, in turn, without Ray. A
region and a part of a picture go through the image tower as a picture does, so a step with two regions a
picture is to cost about as much as one of three times the pictures. A step on pictures alone (`cmid`) shows
two windows of each to the tower and, without gradients, to its teacher. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import torch

from mpgi_ray.models import SMALL_VIT, checkpoint
from mpgi_ray.models.architecture import Architecture, small_vit, stock
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.tasks import task_settings

WORDS = ("two", "large", "grey", "white", "ships", "roads", "houses", "trees", "beside", "near")
SIDES: dict[str, tuple[str, dict[str, Any]]] = {
    "clip": ("clip", {}),
    "regions": ("regions", {}),
    "parts": ("regions", {"regions": 0, "distill": 0.1}),
    "regions and parts": ("regions", {"distill": 0.1}),
    "cmid": ("cmid", {"queue": 4096, "hidden_width": 256, "prototypes": 256}),
}


def batches(made: Architecture, options: argparse.Namespace, device: torch.device) -> Iterator[Batch]:
    """Noise; tokens that fill half of the context; regions of five classes."""
    size = made.inputs().preprocess_cfg["size"]
    vocabulary, context = made.model_cfg["text_cfg"]["vocab_size"], made.inputs().context_length
    number, keys = options.number, tuple(map(str, range(options.batch)))

    def pictures(*shape: int) -> torch.Tensor:
        return torch.randint(256, (*shape, 3, size, size), dtype=torch.uint8)

    for _ in range(options.steps):
        tokens = torch.randint(3, vocabulary - 1, (options.batch, 1, context))
        tokens[..., context // 2 :] = 0
        classes = torch.randint(5, (options.batch, number))
        names = torch.zeros(options.batch, number, context, dtype=torch.int64)
        names[..., 0] = classes + 3
        corners = torch.rand(options.batch, number, 2) / 2
        arrays = {
            "crops": pictures(options.batch, number),
            "names": names,
            "classes": classes,
            "parts": pictures(options.batch, number),
            "places": torch.cat([corners, corners + 0.4], dim=2),
            "others": pictures(options.batch),
            "hidden": torch.rand(options.batch, 2, options.cells, options.cells) < 0.6,
            "matches": torch.randint(options.cells**2, (options.batch, 2, 2, 20)),
        }
        yield Batch(pictures(options.batch), tokens, keys, arrays).to(device, made.normalise())


def learner(made: Architecture, side: str, options: argparse.Namespace, device: torch.device) -> Learner:
    torch.manual_seed(0)
    model, _, _ = checkpoint.build(made)
    name, settings = SIDES[side]
    if name == "regions":
        settings = {"number": options.number, **settings}
    if name == "cmid":
        settings = {"cells": options.cells, **settings}
    task = task_settings(name, settings).task(model.to(device))
    if isinstance(task, torch.nn.Module):
        task.to(device)
    return Learner(model, task, Schedule(options.steps * options.rounds, 1e-4, bf16=options.gpu))


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--model", default=SMALL_VIT, help="small-vit or a model of open_clip")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--number", type=int, default=2, help="regions, and parts, of a picture")
    parser.add_argument("--cells", type=int, default=6, help="of a window's side; 7 for towers of 224 pixels")
    parser.add_argument("--steps", type=int, default=2, help="of a side in a round")
    parser.add_argument("--rounds", type=int, default=3, help="the first is left out")
    parser.add_argument("--gpu", action="store_true", help="measures the wall clock there")
    options = parser.parse_args()
    device = torch.device("cuda" if options.gpu else "cpu")
    clock = time.perf_counter if options.gpu else time.process_time
    made = small_vit(TextTokenizer.train(WORDS, 77)) if options.model == SMALL_VIT else stock(options.model)
    learners = {side: learner(made, side, options, device) for side in SIDES}
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side, one in learners.items():
            shown = list(batches(made, options, device))
            started = clock()
            for _ in zip(
                shown, one.fit(iter(shown)), strict=False
            ):  # a step reads numbers back, so it has ended
                pass
            seconds[side].append((clock() - started) / options.steps)
    found = {side: statistics.median(times[1:]) for side, times in seconds.items()}
    for side, time_of_step in found.items():
        print(f"{side:<18} {time_of_step:8.3f} s a step, {time_of_step / found['clip']:.2f} of clip's")
    ratios = {side: round(time_of_step / found["clip"], 3) for side, time_of_step in found.items()}
    print(
        json.dumps(
            {"ratios": ratios, "model": options.model, "batch": options.batch, "number": options.number}
        )
    )


if __name__ == "__main__":
    main()
