"""The training loop: steps over batches, on one worker. It knows neither Ray nor the task."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.distributed as dist

from mpgi_ray.errors import MpgiError
from mpgi_ray.train.clip import clamp_logit_scale
from mpgi_ray.train.data import Batch
from mpgi_ray.train.tokenizer import PAD

# AdamW as in CLIP (Radford et al. 2021, table 18), clipped gradients as in open_clip's recipes
BETAS, EPS, WEIGHT_DECAY, MAX_GRADIENT = (0.9, 0.98), 1e-6, 0.2, 1.0
WARMUP = 0.1  # share of the steps

Loss = Callable[[torch.nn.Module, Batch], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Step:
    """What is logged of a step.

    Attributes:
        step: from 1.
        loss: mean over all workers.
        logit_scale: after the step.
        cut: share of this worker's texts that fill the context, hence are probably cut.
        samples_per_second: over all workers.
    """

    step: int
    loss: float
    lr: float
    logit_scale: float
    cut: float
    samples_per_second: float


def fit(
    model: torch.nn.Module, loss: Loss, batches: Iterable[Batch], *, steps: int, lr: float
) -> Iterator[Step]:
    """Train ``model`` in place, a step at a time.

    Args:
        model: as it is called in a step: wrapped for distributed training, or plain.
        loss: task loss of this worker's batch; the mean over workers is minimised.
        batches: at least ``steps``, on every worker equally many.
        lr: the peak of the schedule.

    Raises:
        MpgiError: the loss is not finite; names the step and the samples.
    """
    plain = getattr(model, "module", model)
    device = next(model.parameters()).device
    optimizer = torch.optim.AdamW(parameter_groups(plain), lr=lr, betas=BETAS, eps=EPS)
    model.train()
    before = time.perf_counter()
    for step, batch in zip(range(1, steps + 1), batches, strict=False):
        rate = learning_rate(step, steps, lr)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        value = loss(model, batch.to(device))
        mean = _mean_over_workers(value.detach())
        if not math.isfinite(mean):
            raise MpgiError(_not_finite(mean, step, batch))
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(plain.parameters(), MAX_GRADIENT)
        optimizer.step()
        scale = clamp_logit_scale(plain)
        now = time.perf_counter()
        speed = len(batch.keys) * _workers() / (now - before)
        before = now
        yield Step(step, mean, rate, scale, float((batch.tokens[:, -1] != PAD).float().mean()), speed)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over a tenth of the steps, then half a cosine down to zero.

    Args:
        step: from 1 to ``steps``.
    """
    warmup = max(1, round(WARMUP * steps))
    if step <= warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def parameter_groups(model: torch.nn.Module) -> list[dict[str, object]]:
    """Matrices with weight decay; gains, biases and the logit scale (fewer than two dimensions) without."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def _not_finite(loss: float, step: int, batch: Batch) -> str:
    keys = ", ".join(batch.keys[:16]) + (f" and {len(batch.keys) - 16} more" if len(batch.keys) > 16 else "")
    return f"loss is {loss} at step {step}: lower lr, or look at the samples of this worker: {keys}"


def _mean_over_workers(value: torch.Tensor) -> float:
    total = value.clone()
    if _workers() > 1:
        dist.all_reduce(total)
    return float(total) / _workers()


def _workers() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1
