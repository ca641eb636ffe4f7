"""The contrastive loss over the batches of all workers.

Images and texts of all workers form one batch. A text that occurs twice in it is not a negative of its other
image, since it is as true of that one: such pairs are left out of the softmax.

Where images have several texts, the first of each form one batch with the images, the second of each another
one, and so on; the loss is the mean of theirs. Texts of one image are never each other's negatives.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional


def contrastive_loss(images: Tensor, texts: Tensor, logit_scale: Tensor, tokens: Tensor) -> Tensor:
    """Symmetric InfoNCE (Radford et al. 2021, figure 3) over the batches of all workers.

    Each worker scores its own rows against the gathered others. The gather passes gradients back, so
    that the mean over workers, which distributed data parallel takes, is the gradient of one
    process with the whole batch.

    Args:
        images: unit features of this worker, (batch, dim).
        texts: unit features of their texts, (batch, texts of an image, dim).
        logit_scale: factor of the cosines, already exponentiated.
        tokens: token ids of the texts, (batch, texts of an image, context); equal rows are equal texts.
    """
    count = texts.shape[1]
    all_images, *all_texts = gather(torch.cat([images, texts.flatten(1)], dim=1)).chunk(1 + count, dim=1)
    all_tokens, first = gather(tokens), _rank() * len(images)
    own = torch.arange(first, first + len(images), device=images.device)
    total = images.new_zeros(())
    for number, others in enumerate(all_texts):
        repeated = _repeated(all_tokens[:, number], own)
        to_texts = (logit_scale * images @ others.T).masked_fill(repeated, -torch.inf)
        to_images = (logit_scale * texts[:, number] @ all_images.T).masked_fill(repeated, -torch.inf)
        total = total + functional.cross_entropy(to_texts, own) + functional.cross_entropy(to_images, own)
    return total / (2 * count)


def _repeated(tokens: Tensor, own: Tensor) -> Tensor:
    """Which texts of the whole batch equal an own one without being it: bool (own, batch)."""
    ids: Tensor = torch.unique(tokens, dim=0, return_inverse=True)[1]
    same = ids[own, None] == ids[None, :]
    same[torch.arange(len(own), device=own.device), own] = False
    return same


def gather(rows: Tensor) -> Tensor:
    """The rows of all workers, in the order of their ranks; each has equally many.

    Gradients pass back, so that the mean over workers of what each computes from its own rows against the
    gathered ones has the gradient of one process with the whole batch.
    """
    if workers() == 1:
        return rows
    gathered: Tensor = _AllGather.apply(rows)  # type: ignore[no-untyped-call]
    return gathered


class _AllGather(torch.autograd.Function):
    """Rows of all workers; backwards each worker gets the sum of all workers' gradients of its rows."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.rows = len(features)
        return _gather_rows(features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total[_rank() * ctx.rows :][: ctx.rows]


def _gather_rows(rows: Tensor) -> Tensor:
    parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, rows.contiguous())
    return torch.cat(parts)


def workers() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def _rank() -> int:
    return dist.get_rank() if workers() > 1 else 0
