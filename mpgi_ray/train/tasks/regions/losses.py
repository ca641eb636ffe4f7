"""The losses of parts of pictures, over the samples of all workers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mpgi_ray.train.losses import gather, workers
from mpgi_ray.train.tasks.regions.settings import NONE


def region_loss(regions: Tensor, names: Tensor, scale: Tensor, classes: Tensor) -> Tensor:
    """Cross-entropy between regions and the names of their classes, in both directions.

    All rows of the same class are positives of each other, in equal shares. The mean over workers is the mean
    over the regions of all workers; without any region it is 0, with a gradient of 0.

    Args:
        regions, names: unit features of this worker, (rows, dim).
        scale: factor of the cosines.
        classes: int (rows,); rows of class `NONE` are neither anchors nor positives nor negatives.
    """
    every = gather(classes)
    there = (every != NONE).sum().clamp(min=1)
    positives = (classes[:, None] == every) & (classes != NONE)[:, None]
    target = positives / positives.sum(1, keepdim=True).clamp(min=1)
    loss = scale.new_zeros(())
    for own, others in ((regions, gather(names)), (names, gather(regions))):
        logits = (scale * own @ others.T).masked_fill(every == NONE, torch.finfo(own.dtype).min)
        loss = loss - (target * logits.log_softmax(dim=1)).sum()
    return loss / (2 * there) * workers()


def distances(student: Tensor, *teachers: Tensor) -> Tensor:
    """How far features are from those of teachers, (rows): 1 − cosine, the mean over the teachers.

    Args:
        student: unit features, (rows, dim).
        teachers: features of the same rows; they are normalised.
    """
    cosines = [(student * functional.normalize(teacher, dim=-1)).sum(dim=-1) for teacher in teachers]
    return 1 - torch.stack(cosines).mean(dim=0)
