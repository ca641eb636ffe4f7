"""One worker's part of a training step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from mpgi_ray.models.normalise import Normalise


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

    def to(self, device: torch.device, normalise: Normalise) -> Batch:
        """The batch on a device, its pictures as a model takes them; bytes cross over, not floats."""
        images = normalise(self.images.to(device, non_blocking=True))
        return replace(self, images=images, tokens=self.tokens.to(device, non_blocking=True))
