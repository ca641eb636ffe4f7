"""One worker's part of a training step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures with a text each.

    Attributes:
        images: (batch, 3, height, width), uint8 as they travel, float32 as a model takes them.
        tokens: int64 (batch, context length).
        keys: ``shard/key`` of the samples, for messages.
    """

    images: torch.Tensor
    tokens: torch.Tensor
    keys: tuple[str, ...]

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Batch:
        """A batch out of Ray Data, where it was one row."""
        images, tokens, keys = (arrays[name][0] for name in ("images", "tokens", "keys"))
        return cls(torch.tensor(images), torch.tensor(tokens), tuple(json.loads(bytes(keys))))

    def parts(self, count: int) -> list[Batch]:
        """The same samples in ``count`` batches of equal size."""
        size = len(self.tokens) // count
        return [
            Batch(
                self.images[start : start + size],
                self.tokens[start : start + size],
                self.keys[start : start + size],
            )
            for start in range(0, size * count, size)
        ]


@dataclass(frozen=True, slots=True)
class Normalise:
    """From uint8 pixels to what a model was trained on: (x / 255 - mean) / std by channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, batch: Batch, device: torch.device) -> Batch:
        """The batch on a device, its pictures as float32; bytes cross to the device, not floats."""
        mean, std = (
            torch.tensor(values, device=device)[:, None, None] * 255 for values in (self.mean, self.std)
        )
        images = batch.images.to(device, non_blocking=True).float()
        tokens = batch.tokens.to(device, non_blocking=True)
        return replace(batch, images=(images - mean) / std, tokens=tokens)
