"""What several texts of a picture cost in a training step: time and memory, as a ratio to one text.

Both sides train the same model from the same weights on the same pictures with `train.loop`, without Ray and
without reading: they differ in how many texts come with a picture. Each side of a pair runs in a process of
its own, one after the other; who is first changes each time. The time of a side is the median of its steps,
the first left out. Memory is what the steps added to the peak of the process (on a GPU: the peak of what
torch allocated), the model and its optimiser's state included.

The last line is one JSON object: medians over the pairs of the ratios of step time and of memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import torch

from mpgi_ray.models import SMALL, SMALL_COCA, checkpoint
from mpgi_ray.models.architecture import Architecture, small, small_coca, stock
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.tasks import task_settings

WORDS = ("two", "large", "grey", "white", "ships", "roads", "houses", "trees", "beside", "near")


def architecture(name: str) -> Architecture:
    if name in (SMALL, SMALL_COCA):
        return (small if name == SMALL else small_coca)(TextTokenizer.train(WORDS, 77))
    return stock(name)


def batches(made: Architecture, options: argparse.Namespace, device: torch.device) -> Iterator[Batch]:
    """Noise, and tokens that fill the context."""
    size = made.inputs().preprocess_cfg["size"]
    height, width = (size, size) if isinstance(size, int) else size
    vocabulary, context = made.model_cfg["text_cfg"]["vocab_size"], made.inputs().context_length
    shape = (options.batch, options.texts, context)
    for _ in range(options.steps):
        pictures = torch.randint(256, (options.batch, 3, height, width), dtype=torch.uint8)
        keys = tuple(map(str, range(options.batch)))
        yield Batch(pictures, torch.randint(1, vocabulary, shape), keys).to(device, made.normalise())


def side(options: argparse.Namespace) -> dict[str, float]:
    """Median seconds of a step, and the MiB that the steps needed."""
    device = torch.device("cuda" if options.gpu else "cpu")
    made = architecture(options.model)
    torch.manual_seed(0)
    model, _, _ = checkpoint.build(made)
    task = task_settings("coca" if made.writes else "clip", {}).task(model)
    task.prepare(model)
    schedule = Schedule(options.steps, 1e-4, accumulate=options.accumulate, bf16=options.gpu)
    learner, before, seconds = Learner(model.to(device), task, schedule), _peak(device), []
    started = time.perf_counter()
    for _ in learner.fit(batches(made, options, device)):  # a step reads numbers back, so it has ended
        ended = time.perf_counter()
        seconds.append(ended - started)
        started = ended
    return {"seconds": statistics.median(seconds[1:]), "mib": _peak(device) - before}


def _peak(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def measured(options: argparse.Namespace, texts: int) -> dict[str, float]:
    """A side in a process of its own."""
    names = ("model", "batch", "steps", "accumulate")
    given = [f"--{name}={getattr(options, name)}" for name in names] + ["--gpu"] * options.gpu
    command = [sys.executable, __file__, "--side", f"--texts={texts}", *given]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def arguments() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--texts", type=int, default=3, help="texts of a picture, against one")
    parser.add_argument("--model", default=SMALL, help="small, small-coca or a model of open_clip")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps < 2:
        parser.error("--steps: expected 2 or more, the first is left out")
    return options


def main() -> None:
    options = arguments()
    if options.side:
        print(json.dumps(side(options)))
        return
    print(f"{'pair':>4} {'texts':>5} {'s/step':>8} {'MiB':>8}")
    pairs = []
    for pair in range(options.pairs):
        order = (1, options.texts) if pair % 2 == 0 else (options.texts, 1)
        found = {texts: measured(options, texts) for texts in order}
        for texts, figures in found.items():
            print(f"{pair:>4} {texts:>5} {figures['seconds']:>8.3f} {figures['mib']:>8.0f}", flush=True)
        pairs.append((found[1], found[options.texts]))
    ratios = {
        name: statistics.median(several[name] / one[name] for one, several in pairs)
        for name in ("seconds", "mib")
    }
    given = {name: getattr(options, name) for name in ("texts", "model", "batch", "accumulate", "gpu")}
    print(json.dumps({"time_ratio": ratios["seconds"], "memory_ratio": ratios["mib"], **given}))


if __name__ == "__main__":
    main()
