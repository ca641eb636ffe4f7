"""The three losses of CMID (Muhtar et al. 2023, arXiv 2304.09670), and how its teacher changes.

Each loss is a number for each picture, so that their mean does not depend on how a batch is shared.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

ALPHA = 0.2  # of the focal L1 loss: how fast errors gain weight
SEEN = 0.001  # weight of what is not hidden, in the spectrum
QUEUE_TEMPERATURE, STUDENT_TEMPERATURE = 0.2, 0.1
COOL, WARM, WARMING = 0.04, 0.07, 0.25  # the teacher's temperature: at the start, later, from which share on
STAYS = 0.9  # of the centre
BASE = 0.996  # of the teacher's momentum, at the start


def focal_l1(errors: Tensor, alpha: float = ALPHA, gamma: float = 1.0) -> Tensor:
    """|e| (2 σ(α |e|) − 1)^γ, of each number: small errors weigh less."""
    size = errors.abs()
    return size * (2 * torch.sigmoid(alpha * size) - 1) ** gamma


def hidden_errors(made: Tensor, true: Tensor, hidden: Tensor) -> Tensor:
    """The mean focal L1 loss over what is hidden, (pictures).

    Args:
        made, true: (pictures, channels, height, width).
        hidden: 1 where it is, (pictures, 1, height, width).
    """
    errors = (focal_l1(made - true) * hidden).mean(dim=1).sum(dim=(1, 2))
    return errors / (hidden.sum(dim=(1, 2, 3)) + 1e-5)


def focal_frequency(made: Tensor, true: Tensor, *, log: bool = True) -> Tensor:
    """The focal frequency loss (Jiang et al. 2021, arXiv 2012.12821), (pictures).

    The authors of CMID take it of the mean of a batch's spectra, in which pictures cancel each other out.

    Args:
        made, true: (pictures, channels, height, width).
        log: weigh frequencies by the logarithm of their error, not by the error.
    """
    apart = torch.fft.fft2(made, norm="ortho") - torch.fft.fft2(true, norm="ortho")
    squared = apart.real**2 + apart.imag**2
    weight = squared.detach().sqrt()
    weight = (weight + 1).log() if log else weight
    largest = weight.amax(dim=(1, 2, 3), keepdim=True)
    loss: Tensor = (squared * (weight / largest).nan_to_num(0).clamp(0, 1)).mean(dim=(1, 2, 3))
    return loss


def filled(made: Tensor, true: Tensor, hidden: Tensor) -> Tensor:
    """What was made where it is hidden, and nearly the mean of it and of what is true where it is not."""
    weight = hidden + SEEN * (1 - hidden)
    return made * weight + (made.detach() + true) / 2 * (1 - weight)


def against_queue(
    queries: Tensor, keys: Tensor, queue: Tensor, temperature: float = QUEUE_TEMPERATURE
) -> Tensor:
    """Cross-entropy of each query's own key against those of a queue (MoCo), (pictures).

    Args:
        queries, keys: unit rows, (pictures, dim).
        queue: unit rows of earlier keys, (length, dim).
    """
    own = (queries * keys).sum(dim=1, keepdim=True)
    logits = torch.cat([own, queries @ queue.T], dim=1) / temperature
    return logits.logsumexp(dim=1) - logits[:, 0]


def apart(predicted: Tensor, keys: Tensor) -> Tensor:
    """2 − 2 cosine (BYOL), (pictures)."""
    return 2 - 2 * functional.cosine_similarity(predicted, keys, dim=1)


def cells_agree(student: Tensor, teacher: Tensor, centre: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of what a student says of cells against what a teacher says of them, (pictures).

    Args:
        student, teacher: scores of prototypes, (pictures, prototypes, cells).
        centre: the teacher's usual scores, (prototypes).
        temperature: the teacher's.
    """
    wanted = ((teacher - centre[:, None]) / temperature).softmax(dim=1)
    said = (student / STUDENT_TEMPERATURE).log_softmax(dim=1)
    return -(wanted * said).sum(dim=1).mean(dim=1)


def moved(centre: Tensor, scores: Tensor) -> Tensor:
    """The centre after a call: the mean of the teacher's scores, (prototypes), moves it a little."""
    return STAYS * centre + (1 - STAYS) * scores


def teacher_temperature(done: float, warming: float = WARMING) -> float:
    """From `COOL` to `WARM` in a first share of the run, and then that.

    Args:
        done: the share of the steps that are over.
    """
    return COOL + (WARM - COOL) * min(1.0, done / warming)


def momentum(done: float, base: float = BASE) -> float:
    """The teacher's own share in a move: from a base up to 1, along half a cosine."""
    return 1 - (1 - base) * (math.cos(math.pi * done) + 1) / 2
