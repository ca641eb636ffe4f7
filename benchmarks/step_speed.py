"""How fast a training step of ours is against open_clip's own loop; it needs neither Ray nor files.

Both sides train the same model from the same weights on the same batches, which lie on the device: random
pictures, texts of 70 words, AdamW, gradients clipped to 1, on a GPU in bfloat16. Theirs is the step of
`open_clip_train` written out: the model's forward pass, `ClipLoss` or `CoCaLoss`, backward, clip, step. In
each pair one runs after the other; who is first changes each time. The first steps warm up and are not
counted. Reading is left out: `data_plane` and `train_speed` measure it.

The last line is one JSON object: the model, images a second of both sides, the ratio (medians over the
pairs), and the peak of memory on a GPU.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import open_clip
import torch

from mpgi_ray.train.batch import Batch
from mpgi_ray.train.loop import Learner, Schedule
from mpgi_ray.train.tasks.clip import ClipTask
from mpgi_ray.train.tasks.coca import CocaTask

TOWER = {"layers": 2, "width": 64}
TEXT = {"context_length": 77, "vocab_size": 49408, "heads": 2, **TOWER}
VISION = {"image_size": 32, "patch_size": 16, "head_width": 32, **TOWER}
SMALL = {"embed_dim": 32, "vision_cfg": VISION, "text_cfg": TEXT}
SMALL_COCA = {
    "embed_dim": 64,
    "vision_cfg": {**VISION, "attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
    "text_cfg": {**TEXT, "context_length": 76, "embed_cls": True, "output_tokens": True},
    "multimodal_cfg": {"context_length": 76, "vocab_size": 49408, "heads": 2, **TOWER},
}
LR, KEPT = 1e-4, 4  # batches that are made
WORDS = ("two", "large", "grey", "white", "ships", "roads", "houses", "trees", "beside", "near")


def model_of(options: argparse.Namespace) -> Any:
    """The model with fresh weights, the same at every call."""
    torch.manual_seed(0)
    if options.name == "small":
        model = open_clip.CoCa(**SMALL_COCA) if options.coca else open_clip.CLIP(**SMALL, output_dict=True)
    else:
        model = open_clip.create_model(options.name, output_dict=True)
    if options.coca:
        CocaTask().prepare(model)
    return model.to(options.device)


def batches_of(options: argparse.Namespace, model: Any) -> list[Batch]:
    size = model.visual.image_size
    words, made = random.Random(0), []
    for _ in range(KEPT):
        texts = [" ".join(words.choices(WORDS, k=70)) for _ in range(options.batch)]
        tokens = open_clip.tokenize(texts, context_length=model.context_length)[:, None]
        images = torch.randn(options.batch, 3, *(size if isinstance(size, tuple) else (size, size)))
        keys = tuple(map(str, range(options.batch)))
        made.append(Batch(images.to(options.device), tokens.to(options.device), keys))
    return made


def ours(options: argparse.Namespace, model: Any, batches: list[Batch]) -> Iterator[None]:
    schedule = Schedule(options.warm_up + options.steps, LR, bf16=options.device == "cuda")
    task = CocaTask() if options.coca else ClipTask()
    for _ in Learner(model, task, schedule).fit(cycle(batches)):
        yield


def theirs(options: argparse.Namespace, model: Any, batches: list[Batch]) -> Iterator[None]:
    loss = open_clip.CoCaLoss(2.0, 1.0) if options.coca else open_clip.ClipLoss()
    gains = [weight for weight in model.parameters() if weight.ndim < 2]
    others = [weight for weight in model.parameters() if weight.ndim >= 2]
    groups = [{"params": gains, "weight_decay": 0.0}, {"params": others, "weight_decay": 0.2}]
    optimizer = torch.optim.AdamW(groups, lr=LR, betas=(0.9, 0.98), eps=1e-6)
    model.train()
    for batch in cycle(batches):
        optimizer.zero_grad()
        with torch.autocast(options.device, torch.bfloat16, enabled=options.device == "cuda"):
            out = model(batch.images, batch.tokens[:, 0])
            losses = loss(**out, output_dict=True)
            total = sum(losses.values())
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, 4.6052)
        total.item()  # logged
        yield


def speed(side: Any, options: argparse.Namespace) -> float:
    """Images a second of one side, without its first steps."""
    model = model_of(options)
    steps = side(options, model, batches_of(options, model))
    for _ in islice(steps, options.warm_up):
        pass
    _wait(options)
    started = time.perf_counter()
    for _ in islice(steps, options.steps):
        pass
    _wait(options)
    return options.steps * options.batch / (time.perf_counter() - started)


def _wait(options: argparse.Namespace) -> None:
    if options.device == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--coca", action="store_true", help="CoCa in place of CLIP")
    parser.add_argument("--model", help="an open_clip name; by default ViT-B-32 or coca_ViT-B-32")
    parser.add_argument("--small", action="store_true", help="a tiny model in its place")
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--warm-up", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    options.device = "cuda" if options.gpu else "cpu"
    full = options.model or ("coca_ViT-B-32" if options.coca else "ViT-B-32")
    options.name = "small" if options.small else full
    found: dict[str, list[float]] = {"ours": [], "theirs": []}
    print(f"{'pair':>4} {'ours/s':>9} {'theirs/s':>9} {'ratio':>6}")
    for pair in range(options.pairs):
        sides = {"ours": ours, "theirs": theirs}
        for name in sides if pair % 2 == 0 else reversed(sides):
            found[name].append(speed(sides[name], options))
        one, other = found["ours"][-1], found["theirs"][-1]
        print(f"{pair:>4} {one:>9.1f} {other:>9.1f} {one / other:>6.3f}", flush=True)
    ratios = [one / other for one, other in zip(found["ours"], found["theirs"], strict=True)]
    figures = {
        "model": options.name,
        "batch": options.batch,
        "images_per_second": round(statistics.median(found["ours"]), 1),
        "open_clip_images_per_second": round(statistics.median(found["theirs"]), 1),
        "ratio": round(statistics.median(ratios), 3),
        "gpu": torch.cuda.get_device_name() if options.gpu else None,
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if options.gpu else None,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
