"""Brings pixels to the mean and spread that a model was trained on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Normalise:
    """(x / 255 - mean) / std by channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pixels: Tensor) -> Tensor:
        """Float32 (batch, 3, height, width) from uint8 of the same shape, on the same device."""
        mean, std = (
            torch.tensor(values, device=pixels.device)[:, None, None] * 255
            for values in (self.mean, self.std)
        )
        return (pixels.float() - mean) / std
