"""The gradients of one step: in one pass, or in parts that share the negatives of the whole batch.

Losses of several parts cannot simply be added up: a contrastive loss needs every other sample as a negative.
So the features of all parts are computed first, without graphs; the loss of the whole batch gives their
gradients; then each part is computed again, and its share of those gradients goes back through the towers
(gradient caching, Gao et al. 2021). Only features are kept, (batch, dim) of the pictures and of each of their
texts; a loss that needs no other sample is taken on the part at hand, so the logits of all parts are never
held together.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from mpgi_ray.errors import RecipeError
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.losses import workers
from mpgi_ray.train.tasks.base import Task, Tensors


class Learned(torch.nn.Module):
    """A model and its task as one module, so that workers exchange the gradients of all that it computes.

    Args:
        model: an open_clip CLIP or CoCa with ``output_dict``, or what else the task knows.
        bf16: compute the task's features and outputs in bfloat16 where autocast says so; losses in float32.
    """

    def __init__(self, model: Any, task: Task, *, bf16: bool = False) -> None:
        super().__init__()
        self.model, self.task, self.bf16 = model, task, bf16

    def forward(self, batch: Batch, shares: Mapping[str, float]) -> tuple[Tensors, Tensors]:
        """The features of the samples at hand, and the losses that need no other sample."""
        with self._autocast(batch):
            out = self.task.outputs(self.model, batch)
        return out, self.task.own_losses(self.model, batch, out, shares)

    def features(self, batch: Batch) -> Tensors:
        """The features alone, without a graph."""
        with torch.no_grad(), self._autocast(batch):
            return self.task.features(self.model, batch)

    def _autocast(self, batch: Batch) -> torch.autocast:
        return torch.autocast(batch.images.device.type, torch.bfloat16, enabled=self.bf16)


def backward(module: Any, batch: Batch, accumulate: int = 1) -> Tensors:
    """Add the gradients of a step to the parameters; averaged over workers they are the whole batch's.

    In several parts the towers must give the same features for the same input twice: see `check_parts`.

    Args:
        module: a `Learned`, or one wrapped for distributed training.
        batch: this worker's samples of the step.
        accumulate: parts to compute them in.

    Returns:
        The weighted losses of this worker, without graphs; their sum over workers, divided by the number of
        workers, is the loss of the whole batch.
    """
    learned: Learned = getattr(module, "module", module)
    shares = _shares(learned.task.begin(learned.model, batch), batch)
    if accumulate == 1:
        return _one_pass(module, learned, batch, shares)
    return _in_parts(module, learned, batch, batch.parts(accumulate), shares)


def check_parts(model: torch.nn.Module, accumulate: int) -> None:
    """Whether a model, as it is in training, can be computed in parts: towers that drop at random cannot.

    Each part is computed twice, and with another mask in the second pass the gradients would be of neither.

    Raises:
        RecipeError: several parts, and a module that drops; the message names it.
    """
    if accumulate == 1:
        return
    for name, module in model.named_modules():
        if module.training and _drops(module):
            told = f"{name.removeprefix('model.')} ({type(module).__name__})"
            raise RecipeError(
                f"accumulate {accumulate}: the model's {told} drops at random, so its features differ "
                "between two passes: expected accumulate 1, or a model without dropout"
            )


def _drops(module: torch.nn.Module) -> bool:
    if isinstance(module, torch.nn.modules.dropout._DropoutNd):
        return module.p > 0
    # attention of torch, PatchDropout of open_clip and timm, DropPath and DropBlock2d of timm
    rates = [getattr(module, name, None) for name in ("dropout", "prob", "drop_prob")]
    return any(isinstance(rate, float) and rate > 0 for rate in rates)


def _one_pass(module: Any, learned: Learned, batch: Batch, shares: Mapping[str, float]) -> Tensors:
    out, own = module(batch, shares)
    losses = learned.task.contrast(out, batch) | own
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    return {name: loss.detach() for name, loss in losses.items()}


def _in_parts(
    module: Any, learned: Learned, batch: Batch, parts: list[Batch], shares: Mapping[str, float]
) -> Tensors:
    cached = [learned.features(part) for part in parts]
    features = {name: _joined([features[name] for features in cached]) for name in cached[0]}
    losses, gradients, weights = _contrasted(learned, features, batch)
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        # workers exchange gradients once, with the last part
        with nullcontext() if last or module is learned else module.no_sync():
            out, own = module(part, shares)
            carried = [
                (out[name].float() * _part(gradient, number, len(parts))).sum()
                for name, gradient in gradients.items()
            ]
            carried += [(weight * gradient).sum() for weight, gradient in weights] if last else []
            torch.stack([*carried, *own.values()]).sum().backward()  # type: ignore[no-untyped-call]
        for name, loss in own.items():
            losses[name] = losses.get(name, torch.zeros_like(loss)) + loss.detach()
    return losses


def _contrasted(
    learned: Learned, features: Tensors, batch: Batch
) -> tuple[Tensors, Tensors, list[tuple[Tensor, Tensor]]]:
    """The losses of the features, the gradients of these, and weights that the losses use, with theirs.

    No gradient is left in the weights: one that arrived before a pass through the model would not be
    exchanged between workers.
    """
    losses = learned.task.contrast(features, batch)
    if not losses:
        return {}, {}, []
    weights = [weight for weight in learned.parameters() if weight.requires_grad]
    total = torch.stack(list(losses.values())).sum()
    found = torch.autograd.grad(total, [*features.values(), *weights], allow_unused=True)
    of_features = zip(features, found, strict=False)
    of_weights = zip(weights, found[len(features) :], strict=True)
    return (
        {name: loss.detach() for name, loss in losses.items()},
        {name: gradient for name, gradient in of_features if gradient is not None},
        [(weight, gradient) for weight, gradient in of_weights if gradient is not None],
    )


def _joined(parts: list[Tensor]) -> Tensor:
    """A feature of all parts, as a leaf: rows one after another, or the number that all parts share."""
    whole = torch.cat(parts) if parts[0].ndim else parts[0]
    return whole.detach().float().requires_grad_()


def _part(gradient: Tensor, number: int, count: int) -> Tensor:
    """The gradient of one part's rows; of a number that all parts share, an equal share."""
    return gradient.chunk(count)[number] if gradient.ndim else gradient / count


def check_used(module: torch.nn.Module) -> None:
    """Check that a step gave a gradient to every weight that is not frozen: several workers need that.

    Raises:
        RecipeError: a weight took no part; the message names it.
    """
    learnt = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
    unused = [name.removeprefix("model.") for name, weight in learnt if weight.grad is None]
    if unused:
        raise RecipeError(
            f"the task does not use {len(unused)} weights of the model ({unused[0]} …), and several workers "
            "cannot train around them: expected one worker, or a task that uses or freezes them"
        )


def _shares(counts: Mapping[str, int], batch: Batch) -> dict[str, float]:
    """The weight of one item in the mean over all items of the step, as workers' losses are averaged."""
    if not counts:
        return {}
    totals = torch.tensor(list(counts.values()), device=batch.images.device)
    if workers() > 1:
        dist.all_reduce(totals)
    return {name: workers() / max(1, total) for name, total in zip(counts, totals.tolist(), strict=True)}
