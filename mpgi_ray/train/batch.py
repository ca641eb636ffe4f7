"""One worker's part of a training step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from mpgi_ray.models.normalise import Normalise


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures with equally many texts each.

    Attributes:
        images: (batch, 3, height, width), uint8 until `to` makes them float32, as a model takes them.
        tokens: int64 (batch, texts of a picture, context length).
        keys: ``shard/key`` of the samples, for messages.
        arrays: what the task makes of each sample, (batch, …) by name.
    """

    images: torch.Tensor
    tokens: torch.Tensor
    keys: tuple[str, ...]
    arrays: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Batch:
        """The batch that one row of Ray Data holds."""
        row = {name: values[0] for name, values in arrays.items()}
        keys = tuple(json.loads(bytes(row.pop("keys"))))
        tensors = {name: torch.tensor(values) for name, values in row.items()}
        return cls(tensors.pop("images"), tensors.pop("tokens"), keys, tensors)

    def parts(self, count: int) -> list[Batch]:
        """The same samples in ``count`` batches of equal size."""
        size = len(self.tokens) // count
        return [
            Batch(
                self.images[rows],
                self.tokens[rows],
                self.keys[rows],
                {name: values[rows] for name, values in self.arrays.items()},
            )
            for rows in (slice(start, start + size) for start in range(0, size * count, size))
        ]

    def to(self, device: torch.device, normalise: Normalise) -> Batch:
        """The batch on a device, its pictures as a model takes them; they are copied as bytes, not floats.

        Arrays of uint8 are pictures too, (batch, …, 3, height, width).
        """
        there = {name: values.to(device, non_blocking=True) for name, values in self.arrays.items()}
        return replace(
            self,
            images=normalise(self.images.to(device, non_blocking=True)),
            tokens=self.tokens.to(device, non_blocking=True),
            arrays={n: normalise(v) if v.dtype == torch.uint8 else v for n, v in there.items()},
        )
