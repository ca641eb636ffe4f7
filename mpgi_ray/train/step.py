"""The gradients of one step: in one pass, or in parts that share the negatives of the whole batch.

Losses of several parts cannot simply be added up: a contrastive loss needs every other sample as a negative.
So the features of all parts are computed first, without graphs; the loss of the whole batch gives their
gradients; then each part is computed again, and its share of those gradients goes back through the towers
(gradient caching, Gao et al. 2021). Only features are kept, (batch, dim) twice; a captioning loss needs no
other sample and is taken on the part at hand, so its logits never pile up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor

from mpgi_ray.errors import RecipeError
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.losses import contrastive_loss, workers

Losses = dict[str, Tensor]


class Task(Protocol):
    """What a model learns.

    Attributes:
        contrastive: weight of the contrastive loss.
    """

    @property
    def contrastive(self) -> float: ...

    def prepare(self, model: Any) -> None:
        """Give a model with fresh weights what open_clip leaves undone."""
        ...

    def predicted(self, tokens: Tensor) -> int:
        """How many tokens of these texts the task's own losses predict."""
        ...

    def own_losses(self, out: Mapping[str, Tensor], tokens: Tensor, share: float) -> Losses:
        """The weighted losses beside the contrastive one, of the samples at hand; see `CocaTask`."""
        ...


def backward(model: Any, task: Task, parts: Sequence[Batch], *, bf16: bool = False) -> Losses:
    """Add the gradients of a step to the parameters; averaged over workers they are the whole batch's.

    With several parts the towers must give the same features for the same input twice: see `check_parts`.

    Args:
        model: an open_clip CLIP or CoCa with ``output_dict``, or one wrapped for distributed training.
        parts: this worker's samples of the step.
        bf16: towers and decoder compute in bfloat16 where autocast says so; losses in float32.

    Returns:
        The weighted losses of this worker, without graphs; their sum over workers, divided by the number of
        workers, is the loss of the whole batch.
    """
    share = workers() / max(1, _over_workers(sum(task.predicted(part.tokens) for part in parts), parts[0]))
    if len(parts) == 1:
        return _one_pass(model, task, parts[0], share, bf16)
    return _in_parts(model, task, parts, share, bf16)


def check_parts(model: torch.nn.Module, accumulate: int) -> None:
    """Whether a model, as it is in training, can be computed in parts: towers that drop at random cannot.

    Each part is computed twice, and another mask in the second pass gives gradients of neither.

    Raises:
        RecipeError: several parts, and a module that drops; the message names it.
    """
    if accumulate == 1:
        return
    for name, module in model.named_modules():
        if module.training and _drops(module):
            raise RecipeError(
                f"accumulate {accumulate}: the model's {name} ({type(module).__name__}) drops at random, so "
                "its features are not the same twice: expected accumulate 1, or a model without dropout"
            )


def _drops(module: torch.nn.Module) -> bool:
    if isinstance(module, torch.nn.modules.dropout._DropoutNd):
        return module.p > 0
    # attention of torch, PatchDropout of open_clip and timm, DropPath and DropBlock2d of timm
    rates = [getattr(module, name, None) for name in ("dropout", "prob", "drop_prob")]
    return any(isinstance(rate, float) and rate > 0 for rate in rates)


def _one_pass(model: Any, task: Task, batch: Batch, share: float, bf16: bool) -> Losses:
    out = _forward(model, batch, bf16)
    images, texts = out["image_features"].float(), out["text_features"].float()
    contrastive = contrastive_loss(images, texts, out["logit_scale"], batch.tokens)
    losses = {"contrastive": task.contrastive * contrastive}
    losses |= task.own_losses(out, batch.tokens, share)
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    return {name: loss.detach() for name, loss in losses.items()}


def _in_parts(model: Any, task: Task, parts: Sequence[Batch], share: float, bf16: bool) -> Losses:
    plain = getattr(model, "module", model)
    with torch.no_grad(), _autocast(parts[0], bf16):
        pairs = [
            (plain.encode_image(part.images, normalize=True), plain.encode_text(part.tokens, normalize=True))
            for part in parts
        ]
    images, texts = (
        torch.cat([feature.float() for feature in column]).requires_grad_()
        for column in zip(*pairs, strict=True)
    )
    scale = plain.logit_scale.detach().exp().requires_grad_()
    contrastive = task.contrastive * contrastive_loss(
        images, texts, scale, torch.cat([part.tokens for part in parts])
    )
    contrastive.backward()  # type: ignore[no-untyped-call]
    assert images.grad is not None
    assert texts.grad is not None
    assert scale.grad is not None
    losses: Losses = {"contrastive": contrastive.detach()}
    start = 0
    for number, part in enumerate(parts):
        rows = slice(start, start + len(part.tokens))
        start = rows.stop
        last = number == len(parts) - 1
        # workers exchange gradients once, with the last part
        with nullcontext() if last or plain is model else model.no_sync():
            out = _forward(model, part, bf16)
            carried = (out["image_features"].float() * images.grad[rows]).sum()
            carried = carried + (out["text_features"].float() * texts.grad[rows]).sum()
            carried = carried + out["logit_scale"] * scale.grad / len(parts)
            own = task.own_losses(out, part.tokens, share)
            torch.stack([carried, *own.values()]).sum().backward()  # type: ignore[no-untyped-call]
        for name, loss in own.items():
            losses[name] = losses.get(name, torch.zeros_like(loss)) + loss.detach()
    return losses


def _forward(model: Any, batch: Batch, bf16: bool) -> Mapping[str, Tensor]:
    with _autocast(batch, bf16):
        out: Mapping[str, Tensor] = model(batch.images, batch.tokens)
    return out


def _autocast(batch: Batch, bf16: bool) -> torch.autocast:
    return torch.autocast(batch.images.device.type, torch.bfloat16, enabled=bf16)


def _over_workers(count: int, batch: Batch) -> int:
    if workers() == 1 or not count:
        return count
    total = torch.tensor(count, device=batch.images.device)
    dist.all_reduce(total)
    return int(total)
