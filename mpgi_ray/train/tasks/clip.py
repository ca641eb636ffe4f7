"""The CLIP task: pictures and texts that belong together get similar features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class ClipTask:
    """Contrastive training alone.

    Attributes:
        contrastive: weight of the contrastive loss.
    """

    contrastive: float = 1.0

    def prepare(self, model: torch.nn.Module) -> None:
        """A fresh model needs nothing more than open_clip gave it."""

    def predicted(self, tokens: Tensor) -> int:
        """Tokens of these texts that the task predicts: none."""
        return 0

    def own_losses(self, out: Mapping[str, Tensor], tokens: Tensor, share: float) -> dict[str, Tensor]:
        """The losses beside the contrastive one, weighted: none."""
        return {}
