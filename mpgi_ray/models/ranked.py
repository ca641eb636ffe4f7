"""What a scorer learns from answers in order of worth, and which token of an answer speaks for it."""

from __future__ import annotations

import torch
from torch import Tensor


def plackett_luce(scores: Tensor) -> Tensor:
    """−Σᵢ log(exp rᵢ / Σ_{j ≥ i} exp rⱼ) of each list, (lists); of two, softplus(r₂ − r₁) (Bradley-Terry).

    It is computed by logarithms of sums, so that scores of any size have a loss (the authors of ScoreRS,
    arXiv 2503.00743, take sums of exponentials, which overflow).

    Args:
        scores: (lists, answers), the best answer first; −inf behind the last one of a shorter list.
    """
    there = scores > -torch.inf
    scores = scores.masked_fill(~there, torch.finfo(scores.dtype).min)  # whose gradient is 0, not NaN
    rest = scores.flip(1).logcumsumexp(dim=1).flip(1)
    return torch.where(there, rest - scores, 0).sum(dim=1)


def last_tokens(attended: Tensor) -> Tensor:
    """The place of the last token of each row, (rows), by what is attended to, (rows, tokens).

    Not by the first padding token, which some tokenizers also use to end each turn.
    """
    places = torch.arange(attended.shape[1], device=attended.device)
    return (attended.bool() * places).argmax(dim=1)
